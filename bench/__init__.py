"""Benchmarks: what a message costs in labkit and in its peers, and how long whole runs take. `make bench` runs them."""
