"""The same nodes for real: real time, real sockets, real files. Nothing here is needed to simulate, and `import labkit`
does not import it.

- `TcpCluster(Player, size=3)`: a whole cluster in this process, over TCP on loopback.
- `connect("127.0.0.1:7001")`: a client of a node that runs in a process of its own (`labkit node`).
"""

from labkit.transport.client import Remote, connect
from labkit.transport.cluster import TcpCluster

__all__ = ["Remote", "TcpCluster", "connect"]
