"""Programs that nobody wrote: tasks, events, queues, locks, timeouts and cancellations at random, on both loops."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.asyncio_side_by_side.loops import in_a_node, on_asyncio

TASKS = 4
thing = st.integers(0, 1)  # which event, queue, lock, ...
someone = st.integers(0, TASKS - 1)
simple = st.one_of(
    st.tuples(st.just("sleep"), st.integers(1, 20)),
    st.tuples(st.just("turns"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["set", "clear", "event", "put", "get", "notify", "release"]), thing),
    st.tuples(st.sampled_from(["cancel", "join", "shielded join"]), someone),
    st.tuples(st.just("raise"), thing),
    st.tuples(st.just("wait"), st.sampled_from([asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION])),
)
block = st.recursive(
    st.lists(simple, max_size=4),
    lambda inner: st.lists(
        st.one_of(
            simple,
            st.tuples(st.just("timeout"), st.integers(0, 20), inner),
            st.tuples(st.just("wait_for"), st.integers(0, 20), inner),
            st.tuples(st.sampled_from(["lock", "condition", "semaphore"]), thing, inner),
            st.tuples(st.sampled_from(["catch", "finally", "group", "gather"]), thing, inner),
        ),
        max_size=5,
    ),
    max_leaves=10,
)


class InOrder(dict):
    """A set in order of insertion: asyncio's own order of a group's tasks is that of their addresses."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


class OrderedGroup(asyncio.TaskGroup):
    def __init__(self):
        super().__init__()
        self._tasks = InOrder()


class World:
    """What the tasks of a program share."""

    def __init__(self, say):
        self.say, self.naps = say, 0
        self.events = [asyncio.Event() for _ in range(2)]
        self.queues = [asyncio.Queue(1), asyncio.LifoQueue()]
        self.locks = [asyncio.Lock() for _ in range(2)]
        self.conditions = [asyncio.Condition() for _ in range(2)]
        self.semaphores = [asyncio.Semaphore(n + 1) for n in range(2)]
        self.tasks = []

    def length(self, units):
        """A length of time like no other, so that nothing is due at the same moment by accident."""
        self.naps += 1
        return units + self.naps * 0.0137 + self.naps**2 * 0.000211

    async def run(self, name, steps):
        for number, step in enumerate(steps):
            self.say(name, number, step[0])
            await self.step(f"{name}.{number}", *step)

    async def step(self, name, kind, argument, inner=()):
        match kind:
            case "sleep":
                await asyncio.sleep(self.length(argument))
            case "turns":
                for _ in range(argument):
                    await asyncio.sleep(0)
            case "set":
                self.events[argument].set()
            case "clear":
                self.events[argument].clear()
            case "event":
                await self.events[argument].wait()
            case "put":
                await self.queues[argument].put(name)
            case "get":
                self.say(name, "got", await self.queues[argument].get())
            case "notify":
                async with self.conditions[argument]:
                    self.conditions[argument].notify_all()
            case "release":
                self.semaphores[argument].release()
            case "cancel":
                self.say(name, self.tasks[argument].cancel(name))
            case "join":
                await asyncio.wait([self.tasks[argument]], timeout=self.length(5))
            case "shielded join":
                if self.tasks[argument] is not asyncio.current_task():
                    await asyncio.wait_for(asyncio.shield(self.tasks[argument]), self.length(2))
            case "raise":
                raise (ValueError, KeyError)[argument](name)
            case "wait":
                others = [task for task in self.tasks if task is not asyncio.current_task()]
                done, _ = await asyncio.wait(others, timeout=self.length(6), return_when=argument)
                self.say(name, sorted(task.get_name() for task in done))
            case "timeout":
                async with asyncio.timeout(self.length(argument) if argument else 0):
                    await self.run(name, inner)
            case "wait_for":
                await asyncio.wait_for(self.run(name, inner), self.length(argument) if argument else 0)
            case "lock":
                async with self.locks[argument]:
                    await self.run(name, inner)
            case "condition":
                async with self.conditions[argument]:
                    await self.conditions[argument].wait()
                    await self.run(name, inner)
            case "semaphore":
                async with self.semaphores[argument]:
                    await self.run(name, inner)
            case "catch":
                try:
                    await self.run(name, inner)
                except (Exception, asyncio.CancelledError) as error:
                    self.say(name, "caught", type(error).__name__, asyncio.current_task().cancelling())
            case "finally":
                try:
                    await self.run(name, inner)
                finally:
                    self.say(name, "finally")
                    await asyncio.sleep(self.length(1))
                    self.say(name, "finished")
            case "group":
                async with OrderedGroup() as group:
                    group.create_task(self.run(f"{name}a", inner))
                    group.create_task(self.run(f"{name}b", inner[::-1]))
            case "gather":
                both = self.run(f"{name}a", inner), self.run(f"{name}b", inner[::-1])
                await asyncio.gather(*both, return_exceptions=bool(argument))

    async def guarded(self, name, steps):
        """A task of the program. It keeps its failure to itself, as what nobody awaits is an error of the node."""
        try:
            await self.run(name, steps)
            self.say(name, "ends")
        except asyncio.CancelledError as error:
            self.say(name, "cancelled", error.args)
            raise
        except BaseExceptionGroup as group:
            self.say(name, "fails with a group", [type(error).__name__ for error in group.exceptions])
        except Exception as error:
            self.say(name, "fails", repr(error))


def program_of(blocks):
    async def program(say):
        world = World(say)
        for number, steps in enumerate(blocks):
            task = asyncio.create_task(world.guarded(f"t{number}", steps), name=f"t{number}")
            world.tasks.append(task)
        _, pending = await asyncio.wait(world.tasks, timeout=300)
        for task in world.tasks:
            if task in pending:
                task.cancel("over")
        await asyncio.sleep(300)
        say("cancelled", [task.cancelled() if task.done() else None for task in world.tasks])

    return program


@settings(max_examples=150)
@given(st.lists(block, min_size=TASKS, max_size=TASKS))
def test_a_random_program_says_the_same_on_both_loops(blocks):
    program = program_of(blocks)
    assert in_a_node(program) == on_asyncio(program)
