"""The exercises of the course, one file each: the parts, what they are worth, the runs and the properties that judge
them."""

NAMES = (
    "rpc",
    "failure-detector",
    "vector-clocks",
    "snapshot",
    "mutual-exclusion",
    "load-balancer",
    "bully",
    "fenced-lock",
    "raft-election",
)
