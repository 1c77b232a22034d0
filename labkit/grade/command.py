"""`labkit grade`: a folder of notebooks in, a gradebook and a page of feedback for each out."""

import concurrent.futures
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labkit.errors import LabkitError
from labkit.grade import confine, sandbox, submission
from labkit.grade.gradebook import STATUSES, Grade, Gradebook
from labkit.grade.grader import Course, Outcome, Task, fingerprint
from labkit.grade.grader import grade as grade_one

INTERRUPTED = 130  # the shell's own status for Ctrl-C


@dataclass(frozen=True)
class Work:
    """What a worker needs to know once."""

    course: Course
    where: sandbox.Sandbox
    seeds: int
    out: Path


@click.command("grade")
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the grades and the feedback go.")
@click.option("--exercise", help="The exercise that all of them are for; else each notebook says so itself.")
@click.option("--exercises", default="exercises", type=click.Path(path_type=Path), help="The exercises as handed out.")
@click.option(
    "--jobs", type=click.IntRange(1), help="How many to grade at once; as many as there are cores, if not given."
)
@click.option(
    "--seeds", default=20, show_default=True, type=click.IntRange(1), help="Runs for each part of an exercise."
)
@click.option(
    "--sandbox",
    "only",
    type=click.Choice([sandbox.BUBBLEWRAP, sandbox.LANDLOCK]),
    help="Use this sandbox and no other.",
)
@click.option("--unsafe", is_flag=True, help="Grade even where no sandbox works: submissions can then read your files.")
def grade(
    submissions: Path,
    out: Path,
    exercise: str | None,
    exercises: Path,
    jobs: int | None,
    seeds: int,
    only: str | None,
    unsafe: bool,
) -> None:
    """Grade a folder of notebooks.

    SUBMISSIONS holds alice.ipynb, bob.ipynb, ..., or a folder for each student. Interrupt it as you like: run again,
    it goes on where it stopped, and grades anew only what changed.
    """
    try:
        status = _grade(submissions, out, exercise, exercises, jobs or _cores(), seeds, only, unsafe)
    except LabkitError as error:
        click.echo(f"labkit grade: {error}", err=True)
        status = 2
    sys.exit(status)


def _grade(
    folder: Path,
    out: Path,
    exercise: str | None,
    exercises: Path,
    jobs: int,
    seeds: int,
    only: str | None,
    unsafe: bool,
) -> int:
    entries = submission.entries(folder)
    if not entries:
        raise LabkitError(f"{folder} holds no notebooks: give the folder that they were collected in")
    course = _course(exercises, exercise)
    book = Gradebook(out)
    work = Work(course, _sandbox(only, unsafe), seeds, out)
    console = Console(stderr=True)
    console.print(f"sandbox: {work.where.name} ({work.where.detail})", highlight=False)
    grades: list[Grade] = []
    todo: list[Task] = []
    for entry in entries:
        task = Task(entry, exercise)
        known = book.known(entry.place, fingerprint(task, course, seeds))
        if known is not None:
            grades.append(known)
        else:
            todo.append(task)
    kept = len(grades)
    try:
        with _bar(console) as bar:
            row = bar.add_task("grading", total=len(entries), completed=kept)
            for made in _all(todo, work, jobs):
                grades.append(made)
                bar.advance(row)
    except KeyboardInterrupt:
        book.tables(grades)
        console.print(f"interrupted: {len(grades)} of {len(entries)} are graded; run the same command to go on")
        return INTERRUPTED
    book.tables(grades)
    _say(console, grades, kept, out)
    return 0


def _course(folder: Path, exercise: str | None) -> Course:
    """The exercises' own notebooks: what the given cells are taken from."""
    from labkit.course import exercises

    if exercise is not None and exercise not in exercises.NAMES:
        raise LabkitError(f"there is no exercise {exercise!r}; there are: {', '.join(exercises.NAMES)}")
    names = [exercise] if exercise is not None else list(exercises.NAMES)
    found = {name: folder / f"{name}.ipynb" for name in names if (folder / f"{name}.ipynb").is_file()}
    if not found:
        raise LabkitError(f"{folder} does not hold {names[0]}.ipynb: run this where the course is, or give --exercises")
    return Course({name: path.read_bytes() for name, path in found.items()})


def _sandbox(only: str | None, unsafe: bool) -> sandbox.Sandbox:
    where = sandbox.probe(only)
    if not where.confined and not unsafe:
        raise LabkitError(
            "no sandbox works on this machine, so a submission could read your files and the other submissions. "
            "Install bubblewrap, or use Linux 5.13 or later; or accept that with --unsafe"
        )
    return where


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


# -- many at once


def _all(todo: list[Task], work: Work, jobs: int) -> Iterator[Grade]:
    """Grade all of them, several at once. One that ends its worker is tried once more, alone, and then given up."""
    left = list(todo)
    for attempt in range(2):
        done: set[int] = set()
        try:
            for index, made in _in_parallel(left, work, jobs if attempt == 0 else 1):
                done.add(index)
                yield made
            return
        except BrokenProcessPool:
            left = [task for index, task in enumerate(left) if index not in done]
    for task in left:
        yield from _alone(task, work)


def _alone(task: Task, work: Work) -> Iterator[Grade]:
    try:
        yield from (made for _, made in _in_parallel([task], work, 1))
    except BrokenProcessPool:
        outcome = Outcome("crashed", "the grader itself ended while it ran this; please look at the notebook by hand")
        made, page = grade_one(task, work.course, work.where, work.seeds, outcome=outcome)
        Gradebook(work.out).keep(task.entry.place, made, page)
        yield made


def _in_parallel(tasks: list[Task], work: Work, jobs: int) -> Iterator[tuple[int, Grade]]:
    if not tasks:
        return
    jobs = min(jobs, len(tasks))
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for core in _cores_for(jobs):
        cores.put(core)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_prepare, initargs=(work, cores))
    try:
        waiting = {pool.submit(_work, task): index for index, task in enumerate(tasks)}
        for future in concurrent.futures.as_completed(waiting):
            yield waiting[future], future.result()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((pool._processes or {}).values()):
            process.kill()  # and with it, by the kernel's hand, its sandbox
        raise
    else:
        pool.shutdown()
    finally:
        cores.close()


def _cores_for(jobs: int) -> list[int | None]:
    """A core for each worker, if there are enough: the referee and its nodes take turns, and are quickest on one."""
    try:
        cores = sorted(os.sched_getaffinity(0))
    except AttributeError:
        return [None] * jobs
    return list(cores[:jobs]) if len(cores) >= jobs else [None] * jobs


_here: Work | None = None


def _prepare(work: Work, cores: "multiprocessing.Queue[int | None]") -> None:
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which then ends its workers
    if sys.platform == "linux":
        confine.die_with_parent()  # also when the command itself is killed
    core = cores.get()
    if core is not None:
        os.sched_setaffinity(0, {core})
    _here = work


def _work(task: Task) -> Grade:
    assert _here is not None
    made, page = grade_one(task, _here.course, _here.where, _here.seeds)
    Gradebook(_here.out).keep(task.entry.place, made, page)
    return made


# -- what is said


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _say(console: Console, grades: list[Grade], kept: int, out: Path) -> None:
    table = Table("status", "submissions", "mean score", box=None, pad_edge=False)
    for status in STATUSES:
        those = [made for made in grades if made.status == status]
        if those:
            most = sum(made.max for made in those)
            share = f"{100 * sum(made.score for made in those) / most:.0f}%" if most else ""
            table.add_row(status, str(len(those)), share)
    console.print(table)
    again = f", {kept} of them unchanged since the last time" if kept else ""
    console.print(f"{len(grades)} graded{again}: {out}/grades.csv, {out}/feedback/", highlight=False, soft_wrap=True)
