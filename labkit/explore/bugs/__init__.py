"""Seeded bugs: mistakes that students, papers and real systems have made, each put into a reference protocol.

`BUGS` lists them all; each is data (`Bug`): the protocol, the class with the mistake, the properties that it violates,
and a setting in which it shows. For teaching, and for measuring what a search finds.
"""

from labkit.explore.bugs import abd, causal_broadcast, lease_lock, paxos, primary_backup, raft, two_phase_commit
from labkit.explore.bugs.catalogue import Bug, Setting

BUGS: tuple[Bug, ...] = (
    *raft.BUGS,
    *paxos.BUGS,
    *abd.BUGS,
    *two_phase_commit.BUGS,
    *primary_backup.BUGS,
    *lease_lock.BUGS,
    *causal_broadcast.BUGS,
)

__all__ = ["BUGS", "Bug", "Setting"]
