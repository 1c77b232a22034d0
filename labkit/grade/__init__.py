"""Grading: run what students hand in where it can do no harm, and believe only what the referee saw.

The referee (`labkit.grade.referee`) owns the clock, the network, the randomness, the clients and the checks. The
submission runs in a sandbox (`labkit.grade.sandbox`, `labkit.grade.confine`) and only maps an event of a node to its
effects (`labkit.grade.child`, `labkit.grade.wire`). Nothing is imported here: the sandboxed child imports this package.
"""
