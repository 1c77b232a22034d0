"""Two-phase commit at the grain of the TLA+ module TwoPhase (Gray and Lamport, "Consensus on Transaction Commit", TODS
2006, section 3; the module of Lamport's examples and video course).

A state is (the state of each resource manager, the state of the transaction manager, the resource managers that it
knows to be prepared, the set of messages ever sent). Resource managers prepare of their own accord, or abort; messages
are never taken away.
"""

from typing import NamedTuple

from labkit.explore.model import Model


class State(NamedTuple):
    rm: tuple[str, ...]
    tm: str
    prepared: frozenset[int]
    messages: frozenset[str]


class TwoPhase(Model):
    def __init__(self, size):
        self.size = size

    def initial(self):
        yield State(("working",) * self.size, "init", frozenset(), frozenset())

    def actions(self, state):
        if state.tm == "init":
            yield ("TMAbort", None)
            if len(state.prepared) == self.size:
                yield ("TMCommit", None)
        for rm in range(self.size):
            if state.tm == "init" and f"prepared {rm}" in state.messages:
                yield ("TMRcvPrepared", rm)
            if state.rm[rm] == "working":
                yield ("RMPrepare", rm)
                yield ("RMChooseToAbort", rm)
            if "commit" in state.messages:
                yield ("RMRcvCommitMsg", rm)
            if "abort" in state.messages:
                yield ("RMRcvAbortMsg", rm)

    def next(self, state, action):
        name, rm = action
        match name:
            case "TMAbort":
                return state._replace(tm="aborted", messages=state.messages | {"abort"})
            case "TMCommit":
                return state._replace(tm="committed", messages=state.messages | {"commit"})
            case "TMRcvPrepared":
                return state._replace(prepared=state.prepared | {rm})
            case "RMPrepare":
                return state._replace(rm=self.set(state, rm, "prepared"), messages=state.messages | {f"prepared {rm}"})
            case "RMChooseToAbort" | "RMRcvAbortMsg":
                return state._replace(rm=self.set(state, rm, "aborted"))
            case "RMRcvCommitMsg":
                return state._replace(rm=self.set(state, rm, "committed"))

    def set(self, state, rm, value):
        return (*state.rm[:rm], value, *state.rm[rm + 1 :])


def consistent(state):
    """TCConsistent: no resource manager has aborted where another has committed."""
    return not {"aborted", "committed"} <= set(state.rm)
