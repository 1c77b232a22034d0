"""The exercise failure-detector: what heartbeats to all are worth, and a failure can be had again."""

import pytest

from tests.course.answered import answers

DETECTOR = answers("failure-detector")

HEARTBEATS = '''
class Detector(Node):
    """Chandra and Toueg's: everybody sends to everybody, and waits longer after a mistake."""

    TIMEOUT, GROWTH = 0.7, 2.0

    def start(self):
        self.suspects = set()
        self._timeouts = dict.fromkeys(self.peers, self.TIMEOUT)
        self._timers = {peer: self.after(self.TIMEOUT, self.late, peer) for peer in self.peers}
        self.say()
        self.every(0.5, self.say)

    def say(self):
        self.broadcast(Heartbeat())

    def late(self, peer):
        self.suspects = self.suspects | {peer}

    @on(Heartbeat)
    def heard(self, msg, peer):
        if peer in self.suspects:
            self.suspects = self.suspects - {peer}
            self._timeouts[peer] *= self.GROWTH
        self._timers[peer].reset(self._timeouts[peer])
'''


def judged(source, part, seeds=3, shrinking=1):
    (result,) = DETECTOR.judge(source, range(seeds), {part}, shrinking=shrinking).parts
    return result


def test_heartbeats_to_all_that_adapt_are_quick_and_dear():
    assert judged(HEARTBEATS, "dead").passed and judged(HEARTBEATS, "slow").passed
    few, link = judged(HEARTBEATS, "few", seeds=1), judged(HEARTBEATS, "link", seeds=1)
    assert few.points == 0 and "times the reference's" in few.message
    assert link.points == 0 and "whom others hear from is alive" in link.message


def test_heartbeats_with_a_fixed_timeout_are_told_to_wait_longer():
    result = judged(HEARTBEATS.replace("0.7, 2.0", "0.7, 1.0"), "slow", seeds=1)
    assert result.points == 0 and "wait longer the next time" in result.message


def test_long_timeouts_save_mistakes_and_cost_time():
    slow_and_sure = HEARTBEATS.replace("0.7, 2.0", "3.5, 1.0")
    assert judged(slow_and_sure, "slow").passed
    assert 0 <= judged(slow_and_sure, "dead").points < 1


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("pass", "has no attribute suspects"),
        ("self.suspects = set()", "silence is the only sign"),
        ("self.suspects = set(self.peers)", "for not having spoken yet"),
        ("self.suspects = {self.id}", "suspects itself"),
        ("self.suspects = 'n2'", "make it a set of ids"),
    ],
)
def test_nothing_is_won_by_doing_nothing(start, told):
    source = f"class Detector(Node):\n    def start(self):\n        {start}\n"
    result = DETECTOR.judge(source, range(1), shrinking=1)
    assert result.score == 0
    assert told in result.parts[0].message


def test_a_failure_is_a_test_that_gives_the_same_violation_again():
    alone = DETECTOR.mutant("asks nobody else")
    failure = judged(alone, "link", seeds=1, shrinking=20).failure
    with pytest.raises(AssertionError) as raised:
        exec(failure.test, DETECTOR.namespace(alone))
    assert failure.message in str(raised.value)
    exec(failure.test, DETECTOR.namespace(DETECTOR.solution))  # without the bug it passes
