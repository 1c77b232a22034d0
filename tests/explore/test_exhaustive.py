"""Bounded exhaustive search: it counts what others count, finds what is there, and says what it did."""

from functools import partial

import pytest

from labkit import Cluster, LabkitError, Message, Node, on
from labkit.check.election import election_safety
from labkit.explore.exhaustive import exhaustive
from labkit.explore.memoised import Explorer
from labkit.explore.model import Model, check
from labkit.explore.schedule import Choice, Schedule
from tests.explore.models import paxos_register as paxos
from tests.explore.models.elections import Election, Forgetful, RequestVote, Vote, Waiting, led, one_leader
from tests.explore.models.random_protocol import protocol
from tests.explore.models.two_phase import TwoPhase, consistent


@pytest.mark.parametrize(("managers", "states"), [(3, 288), (5, 8_832)])
def test_two_phase_commit_has_as_many_states_as_in_tla(managers, states):
    checked = check(TwoPhase(managers), [consistent])
    assert (checked.states, checked.complete, checked.violated) == (states, True, None)


def test_paxos_with_two_clients_has_as_many_states_as_in_stateright():
    result = Explorer(paxos.make(2), paxos.history(2)).search(sometimes=[paxos.got_something])
    assert (result.states, result.holds) == (16_668, True)


@pytest.mark.parametrize("options", [{"reduce": True}, {"order": "depth"}], ids=str)
def test_other_orders_visit_the_same_states_of_paxos(options):
    result = Explorer(paxos.make(2), paxos.history(2)).search(sometimes=[paxos.got_something], **options)
    assert (result.states, result.holds) == (16_668, True)


class Hasty(paxos.Server):
    """Adopts any accepted value, not that of the highest ballot: its own."""

    @on(paxos.Prepared)
    def prepared(self, msg, sender):
        if not self.decided and msg.ballot == self.ballot:
            self.prepares[sender] = msg.accepted
            if len(self.prepares) == self.majority():
                self.accepted = (self.ballot, self.proposal)
                self.accepts.add(self.id)
                self.tell(paxos.Accept(ballot=self.ballot, proposal=self.proposal))


def test_paxos_that_adopts_no_accepted_value_is_not_linearizable():
    result = exhaustive(paxos.make(2, Hasty), observer=paxos.history(2))
    assert result.holds is False
    assert "linearizable" in result.finding.violation.message
    values = {event.data["got"] for event in result.finding.cluster.trace.select("state") if event.data.get("got")}
    assert values


# --- verdicts agree


def visited(explorer, allowed, **options):
    """The states that a search visits, as their nodes' attributes with the messages under way, and its verdict."""
    seen = set()
    system = explorer.system
    verdict = explorer.search([allowed], **options).finding is None
    if verdict:  # all were visited: look at them again
        seen = {
            tuple(system.components[place][part] for place, part in enumerate(system.parts(state)[: system.size]))
            for state in explorer.last.seen
        }
        letters, local = system.bench.envelopes, system.bench.locals
        seen = {
            tuple(
                (repr(local[state].view), local[state].up, tuple(sorted(map(repr, (letters[n] for n in box)))))
                for state, box in parts
            )
            for parts in seen
        }
    return verdict, seen


@pytest.mark.parametrize("seeds", [range(first, first + 25) for first in range(0, 200, 25)], ids=lambda s: s[0])
def test_all_ways_of_searching_agree_on_random_protocols(seeds):
    for seed in seeds:
        program, allowed = protocol(seed)
        make = partial(Cluster, program, 3)
        explorer = Explorer(make)
        bounds = {"depth": 4, "timers": 2, "crashes": seed % 2}
        full = visited(explorer, allowed, **bounds)
        assert visited(explorer, allowed, reduce=True, **bounds) == full
        assert visited(explorer, allowed, order="depth", **bounds) == full
        if not seed % 2:  # by replay, nodes crash only between steps
            short = {"depth": 3, "timers": 2}
            wanted = visited(explorer, allowed, **short)[0]
            for reduce in (True, False):
                assert (exhaustive(make, [allowed], way="replay", reduce=reduce, **short).finding is None) == wanted


def test_the_random_protocols_are_both_right_and_wrong():
    found = []
    for seed in range(40):
        program, allowed = protocol(seed)
        found.append(exhaustive(partial(Cluster, program, 3), [allowed], depth=5, timers=2).finding is not None)
    assert 5 < sum(found) < 35


# --- elections


def test_an_election_is_safe_within_bounds():
    result = exhaustive(partial(Cluster, Election, 3), [one_leader], sometimes=[led], timers=2, crashes=1)
    assert result.holds is True
    assert result.way.startswith("states")
    assert result.progress.handlers["Election", "stand"] > 0


def test_a_vote_forgotten_in_a_crash_is_found_and_replayed_on_a_cluster():
    make = partial(Cluster, Forgetful, 3)
    result = exhaustive(make, [one_leader], properties=[election_safety], timers=2, crashes=1)
    finding = result.finding
    assert finding.violation.property == "Election Safety"
    assert len(finding.schedule) == 7  # as short as it can be
    again = Schedule.from_json(finding.schedule.to_json()).follow(make(seed=0))
    assert again.digest() == finding.cluster.trace.digest()
    assert eval(repr(finding.schedule)) == finding.schedule
    assert "n2 restarts" in finding.schedule.explain()


def test_without_a_crash_nothing_is_forgotten():
    assert exhaustive(partial(Cluster, Forgetful, 3), [one_leader], sometimes=[led], timers=2).holds is True


def test_what_never_happens_is_no_proof():
    result = exhaustive(partial(Cluster, Election, 3), [one_leader], sometimes=[led], timers=0)
    assert result.holds is None
    assert "never true" in str(result)


def test_a_search_goes_on_from_a_goal():
    result = exhaustive(
        partial(Cluster, Forgetful, 3), [one_leader], properties=[election_safety],
        goals=[(led, {"timers": 1})], timers=1, crashes=1, depth=6,
    )  # fmt: skip
    finding = result.finding
    assert finding.violation.property == "Election Safety"
    assert [choice.do for choice in finding.schedule].count("timer") == 2


def test_a_goal_out_of_reach_is_told():
    result = exhaustive(partial(Cluster, Election, 3), goals=[lambda moment: len(moment.state) > 3], timers=1)
    assert "never reached" in result.stopped


# --- coroutines


def test_coroutines_are_searched_by_replay_and_it_says_why():
    result = exhaustive(partial(Cluster, Waiting, 3), [one_leader], sometimes=[led], depth=12, timers=2)
    assert result.holds is True
    assert "replay" in result.way and "Waiting.stand is a coroutine" in result.way


class Generous(Waiting):
    """Grants every vote."""

    @on(RequestVote)
    def request(self, msg, sender):
        self.observe(msg.term)
        return Vote(term=self.term, granted=True)


def test_a_wrong_coroutine_is_found_by_replay_and_replayed_on_a_cluster():
    result = exhaustive(partial(Cluster, Generous, 3), properties=[election_safety], depth=10, timers=4)
    assert result.finding.violation.property == "Election Safety"


def test_reduction_leaves_fewer_schedules():
    make = partial(Cluster, Waiting, 3)
    few = exhaustive(make, [one_leader], depth=12, timers=2)
    many = exhaustive(make, [one_leader], depth=12, timers=2, reduce=False)
    assert few.states < many.states and few.holds and many.holds


# --- what nodes do that is hard to search


class Ask(Message):
    pass


def one(body, size=2):
    """A cluster of nodes whose start does something."""
    return partial(Cluster, type("Odd", (Node,), {"start": body}), size)


def test_draws_from_a_few_values_are_all_searched():
    def start(self):
        self.x = self.random.randrange(3)

    result = exhaustive(one(start), [lambda moment: [node["x"] for node in moment.state.values()] != [2, 1]])
    assert result.finding.schedule == [Choice("start", "n1", draws=(2,)), Choice("start", "n2", draws=(1,))]
    assert result.finding.cluster.nodes["n1"].x == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (lambda self: setattr(self, "x", self.now), "it reads its clock"),
        (lambda self: setattr(self, "x", self.random.random() < 0.5), "it decides by a random number"),
        (lambda self: setattr(self, "x", lambda: self), "a function made inside another"),
    ],
)
def test_a_node_that_is_no_plain_step_is_searched_by_replay(body, why):
    assert why in exhaustive(one(body), depth=2).way
    with pytest.raises(LabkitError, match=why):
        exhaustive(one(body), depth=2, way="states")


def test_an_error_of_a_node_is_found():
    class Fragile(Node):
        def start(self):
            self.got = 0
            if self.id == "n1":
                self.send("n2", Ask())
                self.send("n2", Ask())

        @on(Ask)
        def ask(self, msg, sender):
            self.got += 1
            assert self.got < 2

    result = exhaustive(partial(Cluster, Fragile, 2))
    assert "AssertionError" in result.finding.violation.message
    assert len(result.finding.schedule) == 2


def test_a_lost_and_a_doubled_message_are_found_within_their_budgets():
    class Counter(Node):
        def start(self):
            self.got = 0
            if self.id == "n1":
                self.send("n2", Ask())

        @on(Ask)
        def ask(self, msg, sender):
            self.got += 1

    make = partial(Cluster, Counter, 2)

    def once(moment):
        return moment.state["n2"]["got"] < 2

    assert exhaustive(make, [once]).holds is True
    twice = exhaustive(make, [once], duplicates=1).finding
    assert [choice.do for choice in twice.schedule] == ["duplicate", "deliver"]
    assert exhaustive(make, losses=1).states == 3


def test_writes_that_were_not_synced_survive_in_every_way():
    class Lazy(Node):
        def start(self):
            self.found = sorted(self.disk)
            self.disk.autosync = False
            self.disk["a"] = self.disk["b"] = 1

    found = set()
    exhaustive(
        partial(Cluster, Lazy, 1), [lambda moment: found.update(str(n["found"]) for n in moment.state.values())],
        crashes=1, restarts=1,
    )  # fmt: skip
    assert found == {"[]", "['a']", "['a', 'b']"}


# --- bounds and bad input


def test_bounds_are_told():
    make = partial(Cluster, Election, 3)
    assert "depth 3" in exhaustive(make, depth=3).stopped
    assert "states" in exhaustive(make, states=2_000).stopped
    assert "MB" in exhaustive(make, memory=1.0).stopped
    said = []
    exhaustive(make, states=5_000, progress=said.append)
    assert said[-1].states >= 2_000 and "states/s" in str(said[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"crashes": -1}, "crashes=-1"),
        ({"losses": None}, "losses=None"),
        ({"order": "best"}, "order='best'"),
        ({"way": "fast"}, "way='fast'"),
        ({"goals": [(led, {"crash": 1})]}, "no budget crash"),
        ({"invariants": [lambda moment: moment.state["n9"]]}, "KeyError"),
    ],
)
def test_bad_input_is_told(options, words):
    with pytest.raises(LabkitError, match=words):
        exhaustive(partial(Cluster, Election, 3), **({"timers": 1} | options))


def test_a_replay_needs_a_depth():
    with pytest.raises(LabkitError, match="how deep"):
        exhaustive(partial(Cluster, Waiting, 3))


def test_a_schedule_that_does_not_fit_is_told():
    with pytest.raises(LabkitError, match=r"choice 1 .*no such message"):
        Schedule([Choice("deliver", "n1", "n2", {"$": "Ask"})]).follow(Cluster(Election, 3))
    with pytest.raises(LabkitError, match="no schedule"):
        Schedule.from_json("[{}]")


def test_a_node_with_a_hidden_state_is_told():
    class Sneaky(Node):
        shared = []

        def start(self):
            self.shared.append(self.id)
            self.x = len(self.shared)

    with pytest.raises(LabkitError, match="behaves differently"):
        exhaustive(partial(Cluster, Sneaky, 2), [lambda moment: False])


def test_a_model_that_cannot_be_hashed_is_told():
    class Bad(Model):
        def initial(self):
            yield []

    with pytest.raises(LabkitError, match="hashed"):
        check(Bad())


def test_a_model_that_is_wrong_shows_the_way():
    class Counting(Model):
        def initial(self):
            yield 0

        def actions(self, state):
            yield "up"

        def next(self, state, action):
            return state + 1

    checked = check(Counting(), [lambda state: state < 3])
    assert checked.path == ((None, 0), ("up", 1), ("up", 2), ("up", 3))
