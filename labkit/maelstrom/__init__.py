"""Maelstrom both ways: a host for node programs in any language, and labkit nodes as such programs.

`labkit maelstrom test` runs programs that speak Maelstrom's protocol on their stdin and stdout, with a simulated
network between them, drives a workload against them, and judges what came of it. `labkit maelstrom serve` runs a `Node`
class as such a program. Maelstrom is Kyle Kingsbury's workbench for learning distributed systems
(https://github.com/jepsen-io/maelstrom); its protocol, workloads and services are followed as published there.

program.py, network.py, services.py, client.py and cluster.py make the system; workloads/ drive it; runner.py leads
through a test; checks/ judge; store.py and report.py keep and tell.
"""
