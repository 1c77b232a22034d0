"""Small asyncio programs, one idea each. A program's name says what it tries; `PROGRAMS` holds them all."""

import asyncio
import contextlib
import contextvars
import functools

PROGRAMS = {}


def program(function):
    PROGRAMS[function.__name__] = function
    return function


async def work(say, name, seconds, result=None, error=None):
    """Sleep; then return, or raise. Say so when cancelled."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        say(name, "cancelled")
        raise
    say(name, "done")
    if error is not None:
        raise error
    return result


async def outcome(say, awaitable):
    try:
        say("->", await awaitable)
    except asyncio.CancelledError as error:
        say("-> cancelled", error.args)
    except BaseExceptionGroup as group:
        say("-> group", [repr(error) for error in group.exceptions])
    except Exception as error:
        say("->", repr(error))


# --- tasks and cancellation


@program
async def tasks_start_in_the_order_of_their_making(say):
    tasks = [asyncio.create_task(work(say, n, 0)) for n in range(4)]
    say("made")
    await asyncio.gather(*tasks)


@program
async def sleep_zero_takes_turns(say):
    async def count(name):
        for n in range(3):
            say(name, n)
            await asyncio.sleep(0)

    await asyncio.gather(count("a"), count("b"), count("c"))


@program
async def cancelling_a_task_not_started_never_runs_it(say):
    task = asyncio.create_task(work(say, "a", 1))
    task.cancel("early")
    await outcome(say, task)
    say(task.cancelled(), task.done())


@program
async def cancel_during_finally_interrupts_the_cleaning(say):
    async def careful():
        try:
            await asyncio.sleep(5)
        finally:
            say("cleaning")
            try:
                await asyncio.sleep(5)
                say("clean")
            except asyncio.CancelledError:
                say("cleaning interrupted")
                raise

    task = asyncio.create_task(careful())
    await asyncio.sleep(1)
    task.cancel("one")
    await asyncio.sleep(1)
    task.cancel("two")
    await outcome(say, task)


@program
async def a_cancellation_can_be_swallowed(say):
    async def stubborn():
        for n in range(3):
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                say("no", n, asyncio.current_task().cancelling())
        return "mine"

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await outcome(say, task)
    say(task.cancelling(), task.uncancel(), task.cancelled())


@program
async def cancel_twice_before_it_runs_counts_two(say):
    task = asyncio.create_task(work(say, "a", 2))
    await asyncio.sleep(1)
    say(task.cancel("x"), task.cancel("y"), task.cancelling())
    await outcome(say, task)
    say(task.cancel())


@program
async def cancelling_the_awaiter_cancels_the_awaited(say):
    inner = asyncio.create_task(work(say, "inner", 5))

    async def outer():
        await inner

    task = asyncio.create_task(outer())
    await asyncio.sleep(1)
    task.cancel()
    await outcome(say, task)
    say(inner.cancelled())


@program
async def a_task_that_cancels_itself(say):
    async def suicide():
        asyncio.current_task().cancel("self")
        say("still here")
        await asyncio.sleep(0)
        say("never")

    await outcome(say, asyncio.create_task(suicide()))


@program
async def a_task_that_returns_after_its_cancel_was_asked(say):
    async def quick():
        asyncio.current_task().cancel()
        return 7

    await outcome(say, asyncio.create_task(quick()))


@program
async def cancelled_error_raised_by_hand(say):
    async def fake():
        raise asyncio.CancelledError("by hand")

    task = asyncio.create_task(fake())
    await outcome(say, task)
    say(task.cancelled(), task.cancelling())


@program
async def an_exception_in_finally_replaces_the_cancellation(say):
    async def clumsy():
        try:
            await asyncio.sleep(9)
        finally:
            raise KeyError("cleaning")

    task = asyncio.create_task(clumsy())
    await asyncio.sleep(0)
    task.cancel()
    await outcome(say, task)
    say(task.cancelled())


@program
async def names_and_states_of_tasks(say):
    task = asyncio.create_task(work(say, "a", 1, 5), name="adam")
    say(task.get_name(), task.done(), len(asyncio.all_tasks()) >= 2)
    task.set_name("eve")
    try:
        task.result()
    except asyncio.InvalidStateError as error:
        say(error)
    await task
    say(task.get_name(), task.result(), task.exception())


@program
async def done_callbacks_run_later_and_in_order(say):
    task = asyncio.create_task(work(say, "a", 1))
    for n in range(3):
        task.add_done_callback(lambda _, n=n: say("callback", n))
    task.add_done_callback(print)
    say(task.remove_done_callback(print))
    await task
    say("awaited")
    task.add_done_callback(lambda _: say("late"))
    await asyncio.sleep(0)


@program
async def a_future_settled_twice_is_an_error(say):
    future = asyncio.get_running_loop().create_future()
    future.set_result(1)
    try:
        future.set_result(2)
    except asyncio.InvalidStateError as error:
        say(error)
    say(await future, future.cancel())


@program
async def awaiting_a_task_twice(say):
    task = asyncio.create_task(work(say, "a", 1, error=ValueError("v")))
    await outcome(say, task)
    await outcome(say, task)


@program
async def two_tasks_await_a_third(say):
    third = asyncio.create_task(work(say, "third", 2, "x"))

    async def wait(name):
        say(name, await third)

    await asyncio.gather(wait("a"), wait("b"))


@program
async def awaiting_oneself_is_an_error(say):
    async def circular():
        await asyncio.current_task()

    task = asyncio.create_task(circular())
    try:
        await task
    except RuntimeError as error:
        say(str(error).split(":")[0])


# --- gather


@program
async def gather_keeps_the_order_of_its_arguments(say):
    say(await asyncio.gather(work(say, "a", 3, 1), work(say, "b", 1, 2), work(say, "c", 2, 3)))


@program
async def gather_passes_on_the_first_failure_and_lets_the_rest_run(say):
    await outcome(say, asyncio.gather(work(say, "a", 2), work(say, "b", 1, error=ValueError("b"))))
    await asyncio.sleep(3)


@program
async def gather_can_return_exceptions(say):
    cancelled = asyncio.create_task(work(say, "c", 9))
    asyncio.get_running_loop().call_later(0.5, cancelled.cancel)
    both = [work(say, "a", 2, "fine"), work(say, "b", 1, error=ValueError("b")), cancelled]
    say([repr(result) for result in await asyncio.gather(*both, return_exceptions=True)])


@program
async def a_cancelled_gather_cancels_its_children(say):
    gathering = asyncio.gather(work(say, "a", 5), work(say, "b", 6))
    asyncio.get_running_loop().call_later(1, gathering.cancel)
    await outcome(say, gathering)


@program
async def a_cancelled_gather_that_returns_exceptions_is_cancelled_too(say):
    async def all_of_it():
        return await asyncio.gather(work(say, "a", 5), work(say, "b", 6), return_exceptions=True)

    task = asyncio.create_task(all_of_it())
    await asyncio.sleep(1)
    task.cancel()
    await outcome(say, task)


@program
async def gather_of_nothing_and_of_the_same_twice(say):
    say(await asyncio.gather())
    task = asyncio.create_task(work(say, "a", 1, 4))
    say(await asyncio.gather(task, task))


# --- wait, as_completed


@program
async def wait_for_the_first_to_complete(say):
    tasks = [asyncio.create_task(work(say, n, n), name=str(n)) for n in (3, 1, 2)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    say(sorted(t.get_name() for t in done), sorted(t.get_name() for t in pending))
    await asyncio.wait(pending)


@program
async def wait_for_the_first_failure(say):
    tasks = [
        asyncio.create_task(work(say, n, n, error=KeyError(n) if n == 2 else None), name=str(n)) for n in (3, 1, 2)
    ]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    say(sorted(t.get_name() for t in done), sorted(t.get_name() for t in pending))
    done, _ = await asyncio.wait(tasks)
    say([repr(t.exception()) for t in tasks])


@program
async def wait_with_a_timeout_cancels_nothing(say):
    tasks = [asyncio.create_task(work(say, n, n)) for n in (1, 3)]
    done, pending = await asyncio.wait(tasks, timeout=2)
    say(len(done), len(pending))
    await asyncio.wait(pending)


@program
async def wait_with_no_time_at_all(say):
    tasks = [asyncio.create_task(work(say, n, n)) for n in (0, 1)]
    done, pending = await asyncio.wait(tasks, timeout=0)
    say(len(done), len(pending))
    done, pending = await asyncio.wait(tasks, timeout=0)
    say(len(done), len(pending))
    await asyncio.wait(tasks)


@program
async def a_cancelled_wait_cancels_nothing(say):
    task = asyncio.create_task(work(say, "a", 3))

    async def waiting():
        await asyncio.wait([task])

    waiter = asyncio.create_task(waiting())
    await asyncio.sleep(1)
    waiter.cancel()
    await outcome(say, waiter)
    say(task.done())
    await task


@program
async def as_completed_gives_them_as_they_come(say):
    for next_one in asyncio.as_completed([work(say, n, n, n) for n in (3, 1, 2)]):
        say(await next_one)


@program
async def as_completed_with_a_timeout(say):
    try:
        for next_one in asyncio.as_completed([work(say, n, n, n) for n in (3, 1)], timeout=2):
            say(await next_one)
    except TimeoutError:
        say("timeout")
    await asyncio.sleep(3)


@program
async def as_completed_with_a_failure_among_them(say):
    for next_one in asyncio.as_completed([work(say, "a", 2, 1), work(say, "b", 1, error=ValueError(2))]):
        await outcome(say, next_one)


# --- timeouts


@program
async def wait_for_in_time_and_too_late(say):
    say(await asyncio.wait_for(work(say, "a", 1, "in time"), 2))
    await outcome(say, asyncio.wait_for(work(say, "b", 3), 2))


@program
async def wait_for_with_a_shield(say):
    task = asyncio.create_task(work(say, "a", 3, "kept"))
    await outcome(say, asyncio.wait_for(asyncio.shield(task), 1))
    say(task.done())
    say(await task)


@program
async def wait_for_waits_for_the_cleaning(say):
    async def careful():
        try:
            await asyncio.sleep(9)
        finally:
            await asyncio.sleep(2)
            say("clean")

    await outcome(say, asyncio.wait_for(careful(), 1))


@program
async def wait_for_zero_and_none(say):
    await outcome(say, asyncio.wait_for(work(say, "a", 1), 0))
    await outcome(say, asyncio.wait_for(work(say, "b", 1, "b"), None))
    done = asyncio.create_task(work(say, "c", 0, "c"))
    await asyncio.sleep(1)
    await outcome(say, asyncio.wait_for(done, 0))


@program
async def wait_for_cancelled_from_outside(say):
    task = asyncio.create_task(asyncio.wait_for(work(say, "a", 9), 5))
    await asyncio.sleep(1)
    task.cancel("outside")
    await outcome(say, task)


@program
async def the_inner_of_two_timeouts_strikes_first(say):
    try:
        async with asyncio.timeout(3):
            try:
                async with asyncio.timeout(1):
                    await asyncio.sleep(9)
            except TimeoutError:
                say("inner")
            await asyncio.sleep(9)
    except TimeoutError:
        say("outer")


@program
async def the_outer_of_two_timeouts_strikes_first(say):
    try:
        async with asyncio.timeout(1) as outer:
            try:
                async with asyncio.timeout(3) as inner:
                    await asyncio.sleep(9)
            except TimeoutError:
                say("inner?")
            finally:
                say("finally", inner.expired(), outer.expired())
    except TimeoutError:
        say("outer")


@program
async def two_timeouts_at_the_same_moment(say):
    try:
        async with asyncio.timeout(1):
            try:
                async with asyncio.timeout(1):
                    await asyncio.sleep(9)
            except TimeoutError:
                say("inner")
            say("between")
            await asyncio.sleep(9)
    except TimeoutError:
        say("outer")


@program
async def a_timeout_that_is_moved(say):
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as deadline:
            say(deadline.when())
            deadline.reschedule(loop.time() + 2)
            await asyncio.sleep(1)
            deadline.reschedule(loop.time() + 3)
            await asyncio.sleep(9)
    except TimeoutError:
        say(deadline.expired())


@program
async def timeout_at_a_time_that_has_passed(say):
    await asyncio.sleep(2)
    try:
        async with asyncio.timeout_at(1):
            say("inside")
            await asyncio.sleep(0)
            say("after a turn")
            await asyncio.sleep(1)
    except TimeoutError:
        say("timeout")


@program
async def a_timeout_over_code_that_never_waits(say):
    async with asyncio.timeout(0):
        say("no await, no timeout")


@program
async def cancelling_inside_a_timeout_is_no_timeout(say):
    async def limited():
        async with asyncio.timeout(5):
            await asyncio.sleep(9)

    task = asyncio.create_task(limited())
    await asyncio.sleep(1)
    task.cancel("mine")
    await outcome(say, task)


@program
async def shield_protects_the_inside_only(say):
    inner = asyncio.create_task(work(say, "inner", 3, 1))

    async def outer():
        return await asyncio.shield(inner)

    task = asyncio.create_task(outer())
    await asyncio.sleep(1)
    task.cancel()
    await outcome(say, task)
    say(inner.cancelled(), await inner)


@program
async def shield_passes_on_a_cancellation_of_the_inside(say):
    inner = asyncio.create_task(work(say, "inner", 3))
    shielded = asyncio.shield(inner)
    asyncio.get_running_loop().call_later(1, inner.cancel)
    await outcome(say, shielded)


# --- TaskGroup


@program
async def a_group_waits_for_all(say):
    async with asyncio.TaskGroup() as group:
        first = group.create_task(work(say, "a", 2, "A"))
        group.create_task(work(say, "b", 1), name="bob")
        say("inside")
    say(first.result())


@program
async def a_group_with_two_failures(say):
    async def late():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            raise KeyError("in answer") from None

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(say, "a", 1, error=ValueError("a")))
            group.create_task(late())
            group.create_task(work(say, "c", 5))
    except* ValueError as caught:
        say("value", [repr(error) for error in caught.exceptions])
    except* KeyError as caught:
        say("key", [repr(error) for error in caught.exceptions])


@program
async def the_body_of_a_group_fails(say):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(say, "a", 5))
            await asyncio.sleep(1)
            raise ValueError("body")
    except* ValueError as caught:
        say(len(caught.exceptions))


@program
async def a_group_cancelled_from_outside(say):
    async def whole():
        async with asyncio.TaskGroup() as group:
            group.create_task(work(say, "a", 5))
            await asyncio.sleep(9)

    task = asyncio.create_task(whole())
    await asyncio.sleep(1)
    task.cancel("group")
    await outcome(say, task)


@program
async def groups_within_groups(say):
    try:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(work(say, "outer", 5))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(work(say, "inner", 1, error=ValueError("i")))
                inner.create_task(work(say, "other", 4))
    except* ValueError as caught:
        say(repr(caught))


@program
async def a_finished_group_takes_no_more(say):
    async with asyncio.TaskGroup() as group:
        pass
    late = work(say, "late", 1)
    try:
        group.create_task(late)
    except RuntimeError as error:
        say(str(error).split(" <")[0].split(" [")[0])
    late.close()


@program
async def a_group_under_a_timeout(say):
    try:
        async with asyncio.timeout(2), asyncio.TaskGroup() as group:
            group.create_task(work(say, "a", 1))
            group.create_task(work(say, "b", 5))
    except TimeoutError:
        say("timeout")


@program
async def a_task_of_a_group_makes_more_tasks(say):
    async with asyncio.TaskGroup() as group:

        async def spread(depth):
            say("depth", depth)
            await asyncio.sleep(1)
            if depth < 3:
                group.create_task(spread(depth + 1))
                group.create_task(spread(depth + 1))

        group.create_task(spread(1))
    say("joined")


# --- queues


@program
async def a_bounded_queue_makes_the_producer_wait(say):
    queue = asyncio.Queue(2)

    async def produce():
        for n in range(5):
            await queue.put(n)
            say("put", n)

    async def consume():
        for _ in range(5):
            await asyncio.sleep(1)
            say("got", await queue.get(), queue.qsize(), queue.full())

    await asyncio.gather(produce(), consume())


@program
async def join_waits_until_every_item_is_done(say):
    queue = asyncio.Queue()

    async def worker(name):
        while True:
            item = await queue.get()
            await asyncio.sleep(item)
            say(name, item)
            queue.task_done()

    workers = [asyncio.create_task(worker(name)) for name in "ab"]
    for n in (1, 2.5, 3.25, 0.125):
        queue.put_nowait(n)
    await queue.join()
    say("joined")
    for one in workers:
        one.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    try:
        queue.task_done()
    except ValueError as error:
        say(error)


@program
async def priority_and_lifo_queues(say):
    for kind in (asyncio.PriorityQueue, asyncio.LifoQueue):
        queue = kind()
        for n in (3, 1, 2):
            queue.put_nowait(n)
        say([await queue.get() for _ in range(3)])


@program
async def queues_that_are_empty_or_full(say):
    queue = asyncio.Queue(1)
    for attempt in (queue.get_nowait, lambda: queue.put_nowait(1), lambda: queue.put_nowait(2)):
        try:
            say(attempt())
        except (asyncio.QueueEmpty, asyncio.QueueFull) as error:
            say(type(error).__name__)


@program
async def a_cancelled_getter_loses_no_item(say):
    queue = asyncio.Queue()
    first = asyncio.create_task(queue.get())
    second = asyncio.create_task(queue.get())
    await asyncio.sleep(1)
    queue.put_nowait("x")
    first.cancel()
    await outcome(say, first)
    await outcome(say, second)


@program
async def getters_are_served_in_the_order_they_came(say):
    queue = asyncio.Queue()

    async def get(name):
        say(name, await queue.get())

    tasks = [asyncio.create_task(get(name)) for name in "abc"]
    await asyncio.sleep(0)
    for n in range(3):
        queue.put_nowait(n)
    await asyncio.gather(*tasks)


@program
async def a_get_with_a_timeout(say):
    queue = asyncio.Queue()
    asyncio.get_running_loop().call_later(2, queue.put_nowait, "late")
    await outcome(say, asyncio.wait_for(queue.get(), 1))
    await outcome(say, asyncio.wait_for(queue.get(), 2))


# --- locks and the like


@program
async def a_lock_is_fair(say):
    lock = asyncio.Lock()

    async def hold(name):
        async with lock:
            say(name)
            await asyncio.sleep(1)

    await asyncio.gather(*(hold(n) for n in "abcd"))
    say(lock.locked())
    with contextlib.suppress(RuntimeError):
        lock.release()
        say("never")


@program
async def a_cancelled_waiter_leaves_the_lock_to_the_next(say):
    lock = asyncio.Lock()
    await lock.acquire()

    async def hold(name):
        async with lock:
            say(name)

    first, second = asyncio.create_task(hold("first")), asyncio.create_task(hold("second"))
    await asyncio.sleep(1)
    lock.release()
    first.cancel()
    await outcome(say, first)
    await second


@program
async def a_semaphore_bounds_how_many(say):
    semaphore = asyncio.Semaphore(2)

    async def limited(n):
        async with semaphore:
            say("in", n)
            await asyncio.sleep(n)
        say("out", n)

    await asyncio.gather(*(limited(n) for n in (3, 1, 2.25, 1.5)))
    say(semaphore.locked())


@program
async def a_bounded_semaphore_refuses_too_many_releases(say):
    semaphore = asyncio.BoundedSemaphore(1)
    await semaphore.acquire()
    semaphore.release()
    try:
        semaphore.release()
    except ValueError as error:
        say(error)


@program
async def a_cancelled_acquire_of_a_semaphore(say):
    semaphore = asyncio.Semaphore(0)
    waiters = [asyncio.create_task(semaphore.acquire()) for _ in range(3)]
    await asyncio.sleep(1)
    waiters[0].cancel()
    semaphore.release()
    semaphore.release()
    say([repr(result) for result in await asyncio.gather(*waiters, return_exceptions=True)])


@program
async def an_event_wakes_all_and_can_be_cleared(say):
    event = asyncio.Event()

    async def wait(name):
        await event.wait()
        say(name, event.is_set())

    tasks = [asyncio.create_task(wait(n)) for n in "abc"]
    await asyncio.sleep(1)
    event.set()
    event.clear()
    await asyncio.gather(*tasks)
    await outcome(say, asyncio.wait_for(event.wait(), 1))


@program
async def a_condition_notifies_one_and_all(say):
    condition = asyncio.Condition()

    async def wait(name):
        async with condition:
            await condition.wait()
            say(name)

    tasks = [asyncio.create_task(wait(n)) for n in "abcd"]
    await asyncio.sleep(1)
    async with condition:
        condition.notify()
    await asyncio.sleep(1)
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)
    try:
        condition.notify()
    except RuntimeError as error:
        say(error)


@program
async def a_cancelled_wait_on_a_condition_holds_the_lock_when_it_ends(say):
    condition = asyncio.Condition()

    async def wait():
        async with condition:
            try:
                await condition.wait()
            except asyncio.CancelledError:
                say("cancelled", condition.locked())
                raise

    task = asyncio.create_task(wait())
    await asyncio.sleep(1)
    async with condition:
        task.cancel()
        await asyncio.sleep(1)
        say("released")
    await outcome(say, task)
    say(condition.locked())


@program
async def a_condition_with_a_predicate(say):
    condition, items = asyncio.Condition(), []

    async def consumer():
        async with condition:
            await condition.wait_for(lambda: len(items) >= 2)
            say(items)

    task = asyncio.create_task(consumer())
    for n in range(3):
        await asyncio.sleep(1)
        async with condition:
            items.append(n)
            condition.notify()
    await task


@program
async def a_barrier_lets_them_go_together(say):
    barrier = asyncio.Barrier(3)

    async def runner(n):
        await asyncio.sleep(n)
        say("arrives", n, barrier.n_waiting)
        place = await barrier.wait()
        say("goes", n, place)

    await asyncio.gather(*(runner(n) for n in (1, 3, 2)))


@program
async def a_barrier_that_breaks(say):
    barrier = asyncio.Barrier(3)
    tasks = [asyncio.create_task(barrier.wait()) for _ in range(2)]
    await asyncio.sleep(1)
    await barrier.abort()
    say([type(result).__name__ for result in await asyncio.gather(*tasks, return_exceptions=True)], barrier.broken)
    await barrier.reset()
    say(barrier.broken)


# --- contexts, generators, the loop


@program
async def a_context_variable_belongs_to_its_task(say):
    variable = contextvars.ContextVar("variable", default="none")

    async def child(value):
        say("inherited", variable.get())
        variable.set(value)
        await asyncio.sleep(1)
        say("kept", variable.get())

    variable.set("parent")
    await asyncio.gather(child("a"), child("b"))
    say(variable.get())
    context = contextvars.copy_context()
    context.run(variable.set, "given")
    await asyncio.create_task(child("c"), context=context)
    say(variable.get(), context.get(variable))


@program
async def a_callback_runs_in_the_context_it_was_made_in(say):
    variable = contextvars.ContextVar("variable", default=0)
    loop = asyncio.get_running_loop()
    variable.set(1)
    loop.call_soon(lambda: say("soon", variable.get()))
    loop.call_later(1, lambda: say("later", variable.get()))
    variable.set(2)
    await asyncio.sleep(2)


@program
async def an_async_generator_closed_by_hand(say):
    async def numbers():
        try:
            for n in range(9):
                yield n
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(1)
            say("closed")

    async with contextlib.aclosing(numbers()) as generator:
        async for n in generator:
            say(n)
            if n == 2:
                break


@program
async def an_async_generator_left_behind_is_finished_for_its_owner(say):
    async def numbers():
        try:
            for n in range(9):
                yield n
        finally:
            say("cleaning")
            await asyncio.sleep(1)
            say("clean")

    async for n in numbers():
        say(n)
        if n == 1:
            break
    say("left")
    await asyncio.sleep(3)


@program
async def an_async_generator_in_a_cancelled_task(say):
    async def numbers():
        try:
            while True:
                yield 1
                await asyncio.sleep(1)
        finally:
            say("finally")

    async def consume():
        async for _ in numbers():
            await asyncio.sleep(9)

    task = asyncio.create_task(consume())
    await asyncio.sleep(1)
    task.cancel()
    await outcome(say, task)
    await asyncio.sleep(1)


@program
async def async_comprehensions_and_exit_stacks(say):
    async def numbers():
        for n in range(3):
            await asyncio.sleep(1)
            yield n

    say([n async for n in numbers()])

    @contextlib.asynccontextmanager
    async def resource(name):
        say("open", name)
        try:
            yield name
        finally:
            await asyncio.sleep(1)
            say("close", name)

    async with contextlib.AsyncExitStack() as stack:
        for name in "ab":
            await stack.enter_async_context(resource(name))


@program
async def the_loops_calls_and_their_cancellation(say):
    loop = asyncio.get_running_loop()
    loop.call_soon(say, "soon")
    loop.call_at(loop.time() + 2, say, "at")
    later = loop.call_later(1, say, "later")
    dropped = loop.call_later(1.5, say, "never")
    never = loop.call_soon(say, "never")
    never.cancel()
    dropped.cancel()
    say(later.when() - loop.time(), dropped.cancelled(), later.cancelled())
    await asyncio.sleep(3)


@program
async def call_later_with_no_delay_comes_after_what_is_ready(say):
    loop = asyncio.get_running_loop()

    async def turns():
        for n in range(4):
            say("turn", n)
            await asyncio.sleep(0)

    task = asyncio.create_task(turns())
    loop.call_later(0, say, "later")
    loop.call_soon(say, "soon")
    loop.call_at(-1, say, "overdue")
    await task


@program
async def functions_in_threads_and_executors(say):
    loop = asyncio.get_running_loop()
    variable = contextvars.ContextVar("variable")
    variable.set("seen")
    say(await asyncio.to_thread(variable.get))
    say(await loop.run_in_executor(None, functools.partial(int, "ff", base=16)))
    await outcome(say, asyncio.to_thread(int, "x"))


@program
async def exceptions_keep_their_cause_and_context(say):
    async def inner():
        await asyncio.sleep(1)
        raise ValueError("inner")

    async def outer():
        try:
            await inner()
        except ValueError as error:
            raise KeyError("outer") from error

    try:
        await asyncio.create_task(outer())
    except KeyError as error:
        say(repr(error), repr(error.__cause__), repr(error.__context__))


@program
async def a_base_exception_group_splits(say):
    async def fail(error):
        raise error

    try:
        async with asyncio.TaskGroup() as group:
            for error in (ValueError(1), TypeError(2), ValueError(3)):
                group.create_task(fail(error))
    except BaseExceptionGroup as caught:
        match, rest = caught.split(ValueError)
        say(caught.message, [repr(e) for e in match.exceptions], [repr(e) for e in rest.exceptions])


@program
async def a_running_loop_is_the_one_and_only(say):
    loop = asyncio.get_running_loop()
    say(asyncio.get_event_loop() is loop, loop.is_running(), loop.is_closed(), loop.get_debug())
    again = work(say, "again", 1)
    try:
        asyncio.run(again)
    except RuntimeError as error:
        say(error)
    again.close()
    say(asyncio.current_task() in asyncio.all_tasks(), asyncio.iscoroutinefunction(work))


@program
async def sleeping_gives_back_its_result_and_refuses_no_number(say):
    say(await asyncio.sleep(1, "result"), await asyncio.sleep(-1, "past"), await asyncio.sleep(0, "now"))
    say(isinstance(asyncio.get_running_loop().time(), float))


@program
async def ensure_future_and_its_kin(say):
    task = asyncio.ensure_future(work(say, "a", 1, 3))
    say(asyncio.isfuture(task), asyncio.ensure_future(task) is task, await task)
    future = asyncio.Future()
    asyncio.get_running_loop().call_later(1, future.set_exception, KeyError("f"))
    await outcome(say, future)
    try:
        future.set_exception(StopIteration)
    except (asyncio.InvalidStateError, TypeError) as error:
        say(type(error).__name__)
