"""The simulator: virtual time, the network, disks, faults and the trace. It knows nothing of widgets, courses or
grades."""
