"""Random programs have the same trace in processes with different hash seeds and differently filled heaps."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.determinism import first_difference

KINDS = ["send", "broadcast", "call", "race", "stream", "disk", "fail"]
FAULTS = ["crash", "restart", "partition", "heal", "clock"]
moments = st.integers(0, 40).map(lambda n: n / 20)
programs = st.fixed_dictionaries(
    {
        "size": st.integers(2, 5),
        "seed": st.integers(0, 1000),
        "script": st.lists(st.tuples(st.sampled_from(KINDS), moments), min_size=1, max_size=8),
        "link": st.fixed_dictionaries(
            {"loss": st.sampled_from([0, 0.2])},
            optional={"duplicate": st.just(0.2), "reorder": st.just(0.3), "latency": st.just([0.01, 0.2])},
        ),
        "faults": st.lists(st.tuples(moments, st.sampled_from(FAULTS), st.integers(0, 4)), max_size=5),
    }
)


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A process for each hash seed; each lives through all examples."""
    folder = tmp_path_factory.mktemp("workers")
    started = []
    for hash_seed in ("0", "1", "4242"):
        command = [sys.executable, "-m", "tests.engine.determinism.worker", str(folder / hash_seed)]
        started.append(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[3],
                env={**os.environ, "PYTHONHASHSEED": hash_seed},
            )
        )
    yield started
    for worker in started:
        worker.communicate(timeout=30)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(programs)
def test_a_random_program_is_the_same_in_every_process(workers, program):
    for worker in workers:
        worker.stdin.write(json.dumps(program) + "\n")
        worker.stdin.flush()
    answers = [json.loads(worker.stdout.readline()) for worker in workers]
    for answer in answers[1:]:
        assert first_difference(answers[0]["events"], answer["events"]) is None
        assert answer["digest"] == answers[0]["digest"]
