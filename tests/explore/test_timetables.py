from itertools import pairwise

import pytest

from labkit import Cluster, Fault, LabkitError
from labkit.engine import timetable
from labkit.engine.timetable import Priorities, Timetable
from tests.explore.samples import Door, Forgetful


def run(schedule, seconds=2.0, **options):
    cluster = Cluster(Door, 3, **options)
    cluster.follow(schedule)
    cluster.run(seconds)
    return cluster.trace


def arrivals(trace):
    return [(event.time, event.node, type(trace.message(event)).__name__) for event in trace.select("deliver")]


def test_a_message_arrives_when_the_timetable_says_and_the_rest_never():
    trace = run(Timetable([("n1", "n3", "Open", 1, 0.25), ("n3", "n1", "Open", 1, 0.5)], rest=None))
    assert arrivals(trace) == [(0.25, "n3", "Open"), (0.75, "n1", "Open")]
    assert [event.due for event in trace.select("send", node="n1")] == [0.25, None, None]


def test_a_message_with_two_entries_arrives_twice():
    trace = run(Timetable([("n1", "n3", "Open", 1, 0.1), ("n1", "n3", "Open", 1, 0.3)], rest=None))
    assert arrivals(trace) == [(0.1, "n3", "Open"), (0.3, "n3", "Open")]
    assert [event.kind for event in trace.select("duplicate")] == ["duplicate"]


def test_all_others_take_as_long_as_the_rest():
    trace = run(Timetable(rest=0.01))
    latencies = {event.due - event.time for event in trace.select("send")}
    assert latencies and all(abs(latency - 0.01) < 1e-9 for latency in latencies)


def test_a_partition_stops_what_a_timetable_lets_pass():
    trace = run(Timetable(rest=0.01), faults=[Fault(0.0, "partition", ["n1"], ["n2", "n3"])])
    assert not arrivals(trace)
    assert [event.data for event in trace.select("drop")] == ["partition"]


@pytest.mark.parametrize(
    "schedule",
    [Timetable([("n1", "n3", "Open", 1, 0.25)], rest=0.02), Timetable(rest=None), Priorities(7, (2, 9), 0.005)],
)
def test_a_schedule_prints_as_python_keeps_as_json_and_gives_the_same_run(schedule):
    names = {"Timetable": Timetable, "Priorities": Priorities}
    again = [eval(repr(schedule), names), timetable.from_json(schedule.to_json())]
    assert again == [schedule, schedule]
    assert {run(other).digest() for other in [schedule, *again]} == {run(schedule).digest()}


def test_priorities_keep_channels_in_order_and_deliver_one_message_a_step():
    cluster = Cluster(Forgetful, 3)
    cluster.follow(Priorities(3, (5,), 0.004))
    cluster.run(1.0)
    times = [event.time for event in cluster.trace.select("deliver")]
    assert len(times) > 20
    assert all(later - earlier > 0.0039 for earlier, later in pairwise(times))


def test_the_highest_channel_comes_first_until_it_falls():
    """With all messages there at once, the order of arrival is that of the channels' priorities."""
    from labkit import Message, Node, on

    class Note(Message):
        n: int

    class Many(Node):
        def start(self):
            if self.id != "n3":
                for n in range(4):
                    self.send("n3", Note(n=n))

        @on(Note)
        def note_down(self, msg, sender):
            pass

    def order(changes):
        cluster = Cluster(Many, 3, latency=0.0)
        cluster.follow(Priorities(1, changes, 0.001))
        cluster.run(1.0)
        return [event.peer for event in cluster.trace.select("deliver")]

    first, second = order(())[0], order(())[-1]
    assert order(()) == [first] * 4 + [second] * 4
    assert order((3,)) == [first] * 2 + [second] * 4 + [first] * 2


def test_what_is_no_timetable_is_refused():
    with pytest.raises(LabkitError, match="is no delivery"):
        Timetable([("n1", "n2", "Vote", 0, 0.1)])
    with pytest.raises(LabkitError, match="is no delivery"):
        Timetable([("n1", "n2")])
    with pytest.raises(LabkitError, match="no timetable in JSON"):
        timetable.from_json("[]")
    with pytest.raises(LabkitError, match="numbers of deliveries"):
        Priorities(1, (0,))
    cluster = Cluster(Door, 3)
    cluster.run(0.1)
    with pytest.raises(LabkitError, match="whole run"):
        cluster.follow(Timetable())
