"""The page about faults shows code that runs."""

import re
from pathlib import Path

from labkit import Cluster, Fault, Faults, latency, nemesis
from labkit.engine.faults import ACTIONS
from labkit.engine.flights import under_way
from labkit.protocols.raft import Raft

PAGE = (Path(__file__).parents[3] / "docs" / "faults.md").read_text(encoding="utf-8")
NAMES = {"Cluster": Cluster, "Fault": Fault, "Faults": Faults, "latency": latency, "nemesis": nemesis, "Raft": Raft}


def n1_sends_to_n2(cluster):
    return any(one[:3] == ("n1", "n2", "AppendEntries") for one in under_way(cluster._network))


def test_every_line_of_code_on_the_page_runs():
    done = set()
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|", PAGE, flags=re.MULTILINE)
    lines = [code for row in rows for code in re.findall(r"`((?:cluster\.|Fault\(|Cluster\()[^`]*)`", row)]
    for code in lines:
        cluster = Cluster(Raft, size=5, seed=7)
        cluster.run(0.1)
        if re.match(r"cluster\.(drop|deliver|delay|duplicate)\(", code):
            cluster.run(until=n1_sends_to_n2, limit=5)
        result = eval(code, NAMES | {"cluster": cluster})
        if isinstance(result, Fault):
            Cluster(Raft, size=5, faults=[result]).run(1.0)
        cluster.run(0.5)
        done |= {fault.action for fault in cluster.faults}
    assert len(lines) > 30
    assert done == set(ACTIONS)


def test_the_program_on_the_page_runs():
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(program, dict(NAMES))
