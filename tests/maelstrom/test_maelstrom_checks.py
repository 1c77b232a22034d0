"""The checks of workloads, on histories told by hand and on histories that hypothesis makes up."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from labkit.maelstrom.checks.consistency import check_lin_kv, check_transactions
from labkit.maelstrom.checks.counters import check_counter, possible_sums, ranges
from labkit.maelstrom.checks.logs import check_logs
from labkit.maelstrom.checks.sets import check_set
from labkit.maelstrom.history import Event, Recorder
from labkit.maelstrom.verdict import Verdict


class Story:
    """A history told one operation after the other, on nodes n0, n1, ...; process p is at node p."""

    def __init__(self) -> None:
        self.time = 0.0
        self.recorder = Recorder(lambda: self.time, lambda event: None)

    @property
    def events(self) -> list[Event]:
        return self.recorder.events

    def start(self, process: int, f: str, value: Any = None, **fields: Any) -> None:
        self.time += 0.1
        self.recorder.add(process, "invoke", f, node=f"n{process}", value=value, **fields)

    def end(self, process: int, f: str, value: Any = None, type: str = "ok", **fields: Any) -> None:
        self.time += 0.1
        self.recorder.add(process, type, f, node=f"n{process}", value=value, **fields)

    def do(self, process: int, f: str, asked: Any = None, told: Any = None, type: str = "ok", **fields: Any) -> None:
        self.start(process, f, asked, **fields)
        key = {"key": fields["key"]} if "key" in fields else {}
        self.end(process, f, asked if told is None else told, type, **key)


def judge_set(story: Story) -> Verdict:
    return check_set(story.events, add="add", noun="element")


def test_an_acknowledged_element_that_no_read_returns_is_lost() -> None:
    story = Story()
    story.do(0, "add", 1)
    story.do(0, "add", 2)
    story.do(0, "read", told=[2], final=True)
    verdict = judge_set(story)
    assert verdict.valid is False and verdict.details["lost"] == ["1"]


def test_an_element_may_be_missing_until_its_addition_is_acknowledged() -> None:
    story = Story()
    story.start(0, "add", 1)
    story.do(1, "read", told=[])
    story.end(0, "add", 1)
    story.do(1, "read", told=[1], final=True)
    assert judge_set(story).valid is True


def test_an_element_that_was_seen_and_is_gone_is_lost_even_if_nobody_acknowledged_it() -> None:
    story = Story()
    story.do(0, "add", 1, type="info")
    story.do(1, "read", told=[1])
    story.do(2, "read", told=[])
    assert judge_set(story).valid is False


def test_an_element_that_was_neither_acknowledged_nor_seen_is_not_missed() -> None:
    story = Story()
    story.do(0, "add", 1, type="info")
    story.do(1, "add", 2)
    story.do(2, "read", told=[2], final=True)
    verdict = judge_set(story)
    assert verdict.valid is True and verdict.details["never_read"] == 1


def test_a_node_that_misses_an_element_in_the_end_is_found_whoever_reads_last() -> None:
    for order in ([0, 1], [1, 0]):
        story = Story()
        story.do(0, "add", 1)
        for process in order:
            story.do(process, "read", told=[1] if process == 0 else [], final=True)
        verdict = judge_set(story)
        assert verdict.valid is False
        assert "n1" in verdict.findings[0]


def test_stable_latency_runs_from_the_acknowledgement_to_the_last_read_without() -> None:
    story = Story()
    story.do(0, "add", 1)
    story.do(1, "read", told=[])
    story.do(1, "read", told=[1])
    latency = judge_set(story).details["stable_latency"]["max"]
    assert abs(latency - 0.1) < 1e-6


def test_elements_from_nowhere_and_elements_returned_twice_are_nonsense() -> None:
    story = Story()
    story.do(0, "add", 1)
    story.do(0, "read", told=[1, 1])
    story.do(0, "read", told=[1, 9])
    verdict = judge_set(story)
    assert verdict.valid is False and len(verdict.findings) == 2


def test_without_reads_nobody_can_tell() -> None:
    story = Story()
    story.do(0, "add", 1)
    assert judge_set(story).valid is None


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=30), st.data())
def test_a_set_that_grows_on_every_node_at_once_is_valid_and_one_that_forgets_is_not(
    steps: list[tuple[int, bool]], data: st.DataObject
) -> None:
    story, elements = Story(), []
    for process, adds in steps:
        if adds:
            elements.append(len(elements))
            story.do(process, "add", elements[-1])
        else:
            story.do(process, "read", told=list(elements))
    for process in range(3):
        story.do(process, "read", told=list(elements), final=True)
    verdict = judge_set(story)
    assert verdict.valid is (True if elements else None)
    if elements:
        forgotten = data.draw(st.sampled_from(elements))
        story.do(1, "read", told=[element for element in elements if element != forgotten], final=True)
        assert judge_set(story).details["lost"] == [str(forgotten)]


def test_a_counter_may_count_additions_of_unknown_outcome_or_not() -> None:
    for read, valid in ((3, True), (5, True), (4, False), (8, False)):
        story = Story()
        story.do(0, "add", 3)
        story.do(0, "add", 7, type="fail")
        story.do(0, "add", 2, type="info")
        story.do(1, "read", told=100)
        story.do(1, "read", told=read, final=True)
        assert check_counter(story.events).valid is valid


def test_a_counter_that_one_node_does_not_tell_is_unknown() -> None:
    story = Story()
    story.do(0, "add", 3)
    story.do(0, "read", told=3, final=True)
    story.do(1, "read", type="fail", final=True)
    assert check_counter(story.events).valid is None


@given(st.integers(-5, 5), st.lists(st.integers(-5, 5), max_size=8))
def test_possible_sums_are_those_of_all_subsets(definite: int, doubtful: list[int]) -> None:
    subsets = [
        sum(delta for at, delta in enumerate(doubtful) if choice >> at & 1) for choice in range(1 << len(doubtful))
    ]
    sums = possible_sums(definite, doubtful)
    assert sums == {definite + subset for subset in subsets}
    covered = [number for low, high in ranges(sums) for number in range(low, high + 1)]
    assert covered == sorted(sums)


def log_story(*polls: list[list[int]], sends: tuple[int, ...] = (0, 1, 2)) -> Story:
    """Process 0 sends message 10 + offset at each offset, process 1 polls."""
    story = Story()
    for offset in sends:
        story.do(0, "send", 10 + offset, [offset, 10 + offset], key="k")
    story.do(1, "assign", ["k"])
    for pairs in polls:
        story.do(1, "poll", told={"k": pairs})
    story.do(2, "assign", ["k"])
    story.do(2, "poll", told={"k": [[offset, 10 + offset] for offset in sends]}, final=True)
    return story


def anomalies(story: Story) -> set[str]:
    return set(check_logs(story.events).details["anomalies"])


def test_logs_read_in_order_are_valid_also_with_sparse_offsets() -> None:
    assert check_logs(log_story([[0, 10]], [[1, 11], [2, 12]]).events).valid is True
    assert check_logs(log_story([[0, 10], [5, 15]], [[9, 19]], sends=(0, 5, 9)).events).valid is True


def test_each_anomaly_of_polls_is_told_by_its_name() -> None:
    assert anomalies(log_story([[0, 10], [2, 12]])) == {"internal poll-skip"}
    assert anomalies(log_story([[0, 10]], [[2, 12]])) == {"poll-skip"}
    assert anomalies(log_story([[1, 11], [0, 10]])) == {"internal nonmonotonic-poll"}
    assert anomalies(log_story([[0, 10]], [[0, 10]])) == {"nonmonotonic-poll"}
    assert anomalies(log_story([[0, 10], [1, 99]])) == {"inconsistent-offset"}
    assert anomalies(log_story([[0, 10], [1, 11], [2, 12], [3, 11]])) == {"duplicate"}


def test_an_assign_may_move_a_client() -> None:
    story = log_story([[0, 10], [1, 11], [2, 12]])
    story.do(1, "assign", ["k"])
    story.do(1, "poll", told={"k": [[0, 10]]})
    assert check_logs(story.events).valid is True


def test_lost_unseen_and_aborted_messages_are_told() -> None:
    story = Story()
    for offset in range(4):
        story.do(0, "send", offset, [offset, offset], key="k")
    story.do(0, "send", 9, type="fail", key="k")
    story.do(1, "poll", told={"k": [[0, 0], [2, 2], [8, 9]]}, final=True)
    assert {"lost-write", "aborted-read"} <= anomalies(story)
    story = log_story(sends=(0, 1))
    story.do(0, "send", 12, [2, 12], key="k")
    assert anomalies(story) == {"unseen"}


def test_sends_of_one_client_get_rising_offsets() -> None:
    assert anomalies(log_story(sends=(1, 0))) >= {"nonmonotonic-send"}


def test_a_stale_read_is_not_linearizable_but_a_concurrent_one_is() -> None:
    story = Story()
    story.do(0, "write", 1, key=0)
    story.do(0, "cas", [1, 2], key=0)
    story.start(1, "read", key=0)
    story.do(0, "write", 3, key=0)
    story.end(1, "read", 2, key=0)
    assert check_lin_kv(story.events).valid is True
    story.do(1, "read", told=2, key=0)
    verdict = check_lin_kv(story.events)
    assert verdict.valid is False
    assert "process 1 on n1" in verdict.summary


def test_a_write_of_unknown_outcome_may_take_effect_later() -> None:
    story = Story()
    story.do(0, "write", 1, key=0, type="info")
    story.do(1, "read", told=None, key=0)
    story.do(2, "read", told=1, key=0)
    assert check_lin_kv(story.events).valid is True


def test_write_skew_is_snapshot_isolation_but_not_serializable() -> None:
    def judge(*models: str) -> Verdict:
        story = Story()
        story.start(0, "txn", [["r", 1, None], ["append", 2, 1]])
        story.start(1, "txn", [["r", 2, None], ["append", 1, 1]])
        story.end(0, "txn", [["r", 1, None], ["append", 2, 1]])
        story.end(1, "txn", [["r", 2, None], ["append", 1, 1]])
        story.do(2, "txn", [["r", 1, None], ["r", 2, None]], [["r", 1, [1]], ["r", 2, [1]]])
        return check_transactions(story.events, models, "list-append")

    assert judge("serializable").valid is False
    assert judge("snapshot-isolation", "read-committed").valid is True
    assert judge("read-committed", "strict-serializable").valid is False
