"""Sample nodes for Maelstrom's workloads, as a learner would write them with labkit."""
