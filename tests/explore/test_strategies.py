from functools import partial

import pytest

from labkit import Cluster, LabkitError
from labkit.engine.faults import Faults
from labkit.explore.running import Plan, Stage
from labkit.explore.strategies import Base, choose
from tests.explore.samples import CHAIN, Door, Forgetful, elect, nobody_passes, play

DOORS = Stage(partial(Cluster, Door, 3), play, [nobody_passes])


def base(stage=DOORS):
    return Base.of(stage.run(Plan(0, Faults())))


def runs_until_found(name, seed, most=2000):
    strategy = choose(name, base(), seed, False, 2)
    return next((n for n in range(1, most) if DOORS.run(strategy.plan(n)).violation is not None), most)


def test_priorities_find_an_order_that_random_walks_hardly_meet():
    seeds = range(0, 40_000, 10_000)
    by_priorities = [runs_until_found("pct", seed) for seed in seeds]
    by_chance = [runs_until_found("random", seed, 400) for seed in seeds]
    assert sum(by_priorities) * 4 < sum(by_chance), (by_priorities, by_chance)
    assert max(by_priorities) < 200  # 1 / (channels * deliveries) is the bound, for a single run


def test_the_undisturbed_run_comes_first_and_tells_how_much_there_is():
    shown = base()
    assert shown.deliveries == CHAIN + 5 and shown.timers == 0 and shown.seconds == 2.0
    for name in ("random", "pct", "auto"):
        assert choose(name, shown, 5, True, 3).plan(0) == Plan(5, Faults())


def test_a_plan_depends_on_its_number_alone():
    strategy = choose("auto", base(), 0, True, 3)
    plans = [strategy.plan(n) for n in range(60)]
    assert [strategy.plan(n) for n in reversed(range(60))] == plans[::-1]
    assert len({repr(plan) for plan in plans}) == 60


def test_swarms_turn_on_few_kinds_at_a_time_and_all_of_them_in_the_end():
    strategy = choose("random", base(Stage(partial(Cluster, Forgetful, 3), elect, [])), 0, True, 3)
    kinds = [{fault.action for fault in strategy.plan(n).faults} for n in range(120)]
    assert any(not some for some in kinds)
    assert set.union(*kinds) >= {"crash", "restart", "partition", "heal", "link", "pause", "slow", "clock", "disk"}
    assert all(some != set.union(*kinds) for some in kinds)


def test_only_the_wanted_faults_strike():
    strategy = choose("random", base(), 0, ["crash"], 3)
    for n in range(60):
        actions = {fault.action for fault in strategy.plan(n).faults if fault.time > 0 or fault.action != "link"}
        assert actions <= {"crash", "restart"}


def test_what_fits_is_chosen_and_said():
    assert choose("auto", base(), 0, False, 2).name == "pct"
    assert "1/(" in choose("auto", base(), 0, False, 2).why
    assert choose("auto", base(Stage(partial(Cluster, Forgetful, 3), elect, [])), 0, False, 2).name == "mixed"


@pytest.mark.parametrize(
    ("name", "faults", "depth", "message"),
    [("luck", True, 3, "no strategy 'luck'"), ("pct", ["fire"], 3, "no kind of fault 'fire'"),
     ("pct", "crash", 3, "a list"), ("pct", True, 0, "1 or more")],
)  # fmt: skip
def test_wrong_choices_are_named(name, faults, depth, message):
    with pytest.raises(LabkitError, match=message):
        choose(name, base(), 0, faults, depth)
