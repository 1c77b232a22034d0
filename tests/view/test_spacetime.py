"""Space-time diagrams as figures: what is drawn is what the trace says."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Annotation

from labkit import Cluster, Message, Node, on
from labkit.view.spacetime import spacetime


class Ball(Message):
    n: int


class Player(Node):
    def start(self):
        if self.id == "n1":
            self.send("n2", Ball(n=0))

    @on(Ball)
    def ball(self, msg, sender):
        self.send(sender, Ball(n=msg.n + 1))


@pytest.fixture
def trace():
    cluster = Cluster(Player, size=2, seed=1, latency=0.1)
    cluster.run(0.45)
    yield cluster.trace
    plt.close("all")


def notes(figure):
    return [child for child in figure.axes[0].get_children() if isinstance(child, Annotation)]


def test_every_message_that_arrived_is_an_arrow_and_every_node_has_a_line(trace):
    figure = spacetime(trace)
    arrows = [note for note in notes(figure) if note.arrow_patch is not None]
    assert len(arrows) == len(list(trace.select("deliver"))) == 4
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["n1", "n2"]


def test_labels_stand_at_sends_and_receipts(trace):
    figure = spacetime(trace, label=lambda event: event.data.n if event.kind == "send" else None)
    assert [note.get_text() for note in notes(figure) if note.get_text()] == ["0", "1", "2", "3", "4"]


def test_only_the_part_asked_for_is_drawn_and_a_cut_goes_through_every_line(trace):
    figure = spacetime(trace, since=0.15, until=0.35, cut={"n1": 0.2, "n2": 0.3})
    assert figure.axes[0].get_xlim() == (0.15, 0.35)
    assert "cut" in [note.get_text() for note in notes(figure)]
    arrows = [note for note in notes(figure) if note.arrow_patch is not None]
    assert len(arrows) == 1, "of the messages that were sent before, only the dots of their arrival"


def test_looks_and_arrows_are_told_apart_by_shape_as_well(trace):
    figure = spacetime(trace, look=lambda event: "past" if event.kind == "send" else "neither",
                       arrow=lambda event: "strong" if event.data.n == 1 else "dotted")  # fmt: skip
    markers = {line.get_marker() for line in figure.axes[0].get_lines()}
    assert markers >= {"s", "o"}
    widths = [note.arrow_patch.get_linewidth() for note in notes(figure) if note.arrow_patch is not None]
    assert sorted(widths)[-1] > sorted(widths)[-2]
