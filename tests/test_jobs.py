"""Background work: outcomes arrive once, cancelling works, closing joins."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from fieldapp.cores import BEHIND
from fieldapp.errors import DiskFull
from fieldapp.jobs import Jobs, Progress


class Outcomes:
    """What a listener was told."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.failed: list[Exception] = []
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1

    @property
    def count(self) -> int:
        return len(self.done) + len(self.failed) + self.stopped


@pytest.fixture
def told() -> Outcomes:
    return Outcomes()


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    pool = Jobs()
    yield pool
    pool.close()


def until_cancelled(progress: Progress) -> str:
    while not progress.cancelled:
        threading.Event().wait(0.002)
    progress(0.5, "one more step")
    return "never"


def test_the_result_arrives(jobs: Jobs, told: Outcomes) -> None:
    assert jobs.run(lambda _: 42, told.done.append, told.failed.append).wait(10)
    assert (told.done, told.failed) == ([42], [])


def test_progress_can_be_looked_at(jobs: Jobs, told: Outcomes) -> None:
    seen, go = threading.Event(), threading.Event()

    def work(progress: Progress) -> None:
        progress(0.25, "first quarter")
        seen.set()
        go.wait(10)

    job = jobs.run(work, told.done.append, told.failed.append)
    assert seen.wait(10)
    assert job.progress == (0.25, "first quarter")
    assert not job.over
    go.set()
    assert job.wait(10)
    assert job.over


def test_the_worlds_fault_arrives_as_it_is(jobs: Jobs, told: Outcomes, caplog: pytest.LogCaptureFixture) -> None:
    trouble = DiskFull("The disk is full.")

    def work(_: Progress) -> None:
        raise trouble

    jobs.run(work, told.done.append, told.failed.append).wait(10)
    assert told.failed == [trouble]
    assert not caplog.records


def test_a_bug_arrives_and_leaves_its_traceback_in_the_log(jobs: Jobs, told: Outcomes, caplog: pytest.LogCaptureFixture) -> None:
    jobs.run(lambda _: 1 // 0, told.done.append, told.failed.append).wait(10)
    assert isinstance(told.failed[0], ZeroDivisionError)
    assert "ZeroDivisionError" in caplog.text


def test_a_cancelled_job_ends_as_stopped(jobs: Jobs, told: Outcomes) -> None:
    job = jobs.run(until_cancelled, told.done.append, told.failed.append, told.stop)
    assert not job.wait(0.01)
    job.cancel()
    assert job.wait(10)
    assert (told.stopped, told.count) == (1, 1)


def test_a_job_cancelled_while_it_waits_never_starts(told: Outcomes) -> None:
    jobs, go, started = Jobs(threads=1), threading.Event(), threading.Event()
    jobs.run(lambda _: go.wait(10), told.done.append, told.failed.append)
    waiting = jobs.run(lambda _: started.set(), told.done.append, told.failed.append, told.stop)
    waiting.cancel()
    go.set()
    assert waiting.wait(10)
    jobs.close()
    assert not started.is_set()
    assert (told.stopped, told.count) == (1, 2)


def test_closing_stops_and_tells_everybody(told: Outcomes) -> None:
    jobs = Jobs(threads=2)
    for _ in range(7):
        jobs.run(until_cancelled, told.done.append, told.failed.append, told.stop)
    jobs.close()
    assert (told.stopped, told.count) == (7, 7)
    jobs.close()


def test_a_closed_pool_takes_no_work(told: Outcomes) -> None:
    jobs = Jobs()
    jobs.close()
    with pytest.raises(RuntimeError):
        jobs.run(lambda _: 1, told.done.append, told.failed.append)


def test_outcomes_go_through_the_post_that_was_given(told: Outcomes) -> None:
    posted: list[Callable[[], None]] = []
    jobs = Jobs(post=posted.append)
    jobs.run(lambda _: 1, told.done.append, told.failed.append).wait(10)
    assert told.count == 0
    posted[0]()
    assert told.done == [1]
    jobs.close()


def test_a_listener_that_fails_does_not_hurt_the_next_job(jobs: Jobs, told: Outcomes, caplog: pytest.LogCaptureFixture) -> None:
    def bad(_: object) -> None:
        raise RuntimeError("the listener's bug")

    for _ in range(5):
        assert jobs.run(lambda _: 1, bad, told.failed.append).wait(10)
    assert jobs.run(lambda _: 2, told.done.append, told.failed.append).wait(10)
    assert told.done == [2]
    assert caplog.text.count("RuntimeError: the listener's bug") == 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives threads priorities of their own")
def test_a_pool_that_steps_back_lets_every_other_thread_go_first() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, 0)

    mine = niceness()
    told = list[int]()
    pool = Jobs(behind=True)
    job = pool.run(lambda _: niceness(), told.append, lambda trouble: pytest.fail(str(trouble)))
    assert job.wait(10)
    pool.close()
    assert told == [max(BEHIND, mine)]
    assert niceness() == mine
