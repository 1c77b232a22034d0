"""A node class may say how it is drawn; what it says travels with the trace."""

import re

import pytest

from labkit import Cluster, Node
from labkit.engine.trace import Trace
from labkit.errors import LabkitError
from labkit.members import DRAWN
from labkit.view import Replay, assets
from labkit.view.moment import moment


class Keeper(Node):
    drawn = {"label": "epoch", "badge": "waiting", "role": "rank", "log": "journal"}

    def start(self):
        self.rank = "leader" if self.id == "n1" else "follower"
        self.epoch, self.waiting, self.journal = 3, [1, 2], ["a", "b"]


def drawing(value):
    return type("Odd", (Node,), {"drawn": value})


def test_the_signs_are_those_that_the_frontend_knows():
    names = re.search(r"const NAMES = \{(.*?)\};", assets.source("gather.js"), re.DOTALL)
    assert set(DRAWN) == {"label", "badge", *re.findall(r"^  (\w+):", names[1], re.MULTILINE)}


def test_what_a_class_says_travels_with_the_trace(tmp_path):
    cluster = Cluster(nodes={"n1": Keeper, "n2": drawing({})})
    cluster.run(0.1)
    cluster.trace.save(tmp_path / "run.jsonl")
    for trace in (cluster.trace, Trace.from_document(cluster.trace.document()), Trace.open(tmp_path / "run.jsonl")):
        assert trace.header()["drawn"] == {"n1": Keeper.drawn}
    plain = Cluster(Node, size=1)
    assert "drawn" not in plain.trace.header()


def test_how_it_is_drawn_does_not_change_what_happens():
    undrawn = type("Keeper", (Keeper,), {"drawn": {}})
    digests = set()
    for program in (Keeper, undrawn):
        cluster = Cluster(program, size=2, seed=1)
        cluster.run(0.1)
        digests.add(cluster.trace.digest())
    assert len(digests) == 1


def test_the_still_follows_it():
    cluster = Cluster(Keeper, size=2)
    cluster.run(0.1)
    assert [node.look for node in moment(cluster.trace.document(), time=0.1).nodes] == ["leader", "member"]
    assert "leader" in Replay(cluster.trace, at=0.1).poster()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"lable": "x"},
            r"Odd.drawn has 'lable', and there is no such sign. Did you mean 'label'\? There are label, badge",
        ),
        ({"label": "_x"}, "give the name of a public attribute"),
        ({"label": 3}, "give the name of a public attribute"),
        (["label"], "give a dict such as"),
    ],
)
def test_what_cannot_be_drawn_is_refused_when_the_cluster_is_made(value, message):
    with pytest.raises(LabkitError, match=message):
        Cluster(drawing(value), size=2)
