"""The properties of an election hold where they should, and are broken by exactly what they forbid."""

import pytest

from labkit import Trace
from labkit.check import moments, no_errors
from labkit.check.election import (
    elected_by_majority,
    election_safety,
    leader_within,
    one_vote_per_term,
    someone_led,
    terms_only_grow,
)


class Story:
    """A trace told event by event."""

    def __init__(self, *nodes):
        self.trace = Trace(nodes=nodes)
        self.time, self.ids = 0.0, 0
        for node in nodes:
            self.add("start", node, id=1)
            self.state(node, role="follower", term=0)

    def add(self, kind, node=None, peer=None, id=None, data=None):
        self.trace.record((self.time, kind, node, peer, id, None, data))
        self.trace.now = self.time
        return self

    def at(self, time):
        self.time = self.trace.now = time
        return self

    def state(self, node, **data):
        return self.add("state", node, data=data)

    def vote(self, voter, candidate, term, granted=True, delivered=True):
        self.ids += 1
        self.add("send", voter, candidate, self.ids, {"$": "Vote", "term": term, "granted": granted})
        return self.add("deliver", candidate, voter, self.ids) if delivered else self


def three():
    return Story("n1", "n2", "n3")


def test_two_leaders_in_one_term_are_a_violation_and_in_two_terms_are_not():
    story = three().state("n1", role="leader", term=1).state("n2", role="leader", term=2)
    assert election_safety(story.trace) is None
    story.at(2.0).state("n3", role="leader", term=1)
    violation = election_safety(story.trace)
    assert violation.message == "two leaders in term 1: n1 and n3"
    assert (violation.time, violation.seq, violation.nodes) == (2.0, len(story.trace) - 1, ("n1", "n3"))


def test_a_restarted_leader_of_the_same_term_is_still_one_leader():
    story = three().state("n1", role="leader", term=1).add("crash", "n1", data="fault").add("start", "n1", id=2)
    assert election_safety(story.state("n1", role="leader", term=1).trace) is None


def test_a_server_votes_for_one_candidate_in_a_term():
    story = three().vote("n3", "n1", 1).vote("n3", "n1", 1).vote("n3", "n2", 2).vote("n3", "n1", 2, granted=False)
    assert one_vote_per_term(story.trace) is None
    story.add("crash", "n3", data="fault").add("start", "n3", id=2).vote("n3", "n2", 1)
    assert one_vote_per_term(story.trace).message == "n3 voted for both n1 and n2 in term 1"


def test_a_candidate_has_voted_for_itself():
    story = three().state("n2", role="candidate", term=1).vote("n2", "n1", 1)
    assert one_vote_per_term(story.trace).nodes == ("n2", "n2", "n1")


def test_a_leader_needs_votes_that_have_arrived_in_its_own_term():
    story = three().vote("n2", "n1", 1).state("n1", role="leader", term=1)
    assert elected_by_majority(story.trace) is None
    story = three().vote("n2", "n1", 1, delivered=False).state("n1", role="leader", term=1)
    assert "n1 leads term 1 with 1 of 3 votes (n1)" in elected_by_majority(story.trace).message
    story = three().vote("n2", "n1", 1).state("n1", role="leader", term=2)
    assert elected_by_majority(story.trace) is not None
    story = three().vote("n2", "n1", 1, granted=False).state("n1", role="leader", term=1)
    assert elected_by_majority(story.trace) is not None


def test_terms_never_go_back_not_even_over_a_crash():
    story = three().state("n1", term=3).add("crash", "n1", data="fault").add("start", "n1", id=2)
    assert terms_only_grow(story.trace) is None
    assert terms_only_grow(story.state("n1", term=2).trace).message == "n1 went back from term 3 to term 2"


@pytest.mark.parametrize("leaders", [0, 1, 2])
def test_a_calm_majority_has_exactly_one_leader_in_time(leaders):
    story = three()
    for number in range(leaders):
        story.state(f"n{number + 1}", role="leader", term=number + 1)
    violation = leader_within(story.at(1.0).trace, 1.0)
    assert (violation is None) == (leaders == 1)


def test_only_a_calm_that_lasts_is_judged_and_one_that_a_majority_has():
    story = three().at(0.9)
    assert leader_within(story.trace, 1.0) is None  # not long enough
    story.add("crash", "n1", data="fault").at(1.8)
    assert leader_within(story.trace, 1.0) is None  # disturbed
    story.at(1.9).add("crash", "n2", data="fault").at(5.0)
    assert leader_within(story.trace, 1.0) is None  # one of three is no majority


def test_a_leader_of_the_minority_does_not_count_and_lossy_links_are_no_calm():
    story = three().state("n1", role="leader", term=1).add("partition", data=[["n1"], ["n2", "n3"]]).at(1.5)
    assert leader_within(story.trace, 1.0).nodes == ("n2", "n3")
    story = three().add("link", data={"loss": 0.5}).at(3.0)
    assert leader_within(story.trace, 1.0) is None
    story.add("link", data={"loss": 0.0}).at(5.0)
    assert leader_within(story.trace, 1.0) is not None


def test_guards_speak_of_runs_that_say_nothing():
    story = three()
    assert someone_led(story.trace) is not None
    assert someone_led(story.state("n1", role="leader", term=1).trace) is None
    assert no_errors(story.trace) is None
    story.add("error", "n2", data={"error": "ValueError: no", "where": "line 3, in start"})
    assert str(no_errors(story.trace)) == "No errors: n2 raised ValueError: no (line 3, in start) (at 0.000 s, event 7)"


def test_moments_tell_the_cluster_after_each_event():
    story = three().add("partition", data=[["n1"], ["n2", "n3"]]).add("crash", "n2", data="fault")
    last = None
    for _, moment in moments(story.trace):
        last = moment
    assert set(last.state) == {"n1", "n3"}
    assert last.sides == {"n1": 0, "n2": 1, "n3": 1}
    assert last.majority(story.trace.nodes) == ()
