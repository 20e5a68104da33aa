"""One writer at a time, and the lock dies with its holder."""

import multiprocessing
import os
import signal

import pytest

from phonotheque.errors import ArchiveBusyError
from phonotheque.store.lock import hold_lock

context = multiprocessing.get_context("fork")


def _hold(root, line):
    with hold_lock(root, purpose="add music/"):
        line.send("held")
        line.poll(300)  # until we are told, or the other end is gone


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the archive in `tmp_path`, and the line to tell it to let go."""
    (tmp_path / "register").mkdir()
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(tmp_path, theirs))
    process.start()
    theirs.close()
    assert ours.poll(300)
    ours.recv()
    yield process, ours
    ours.close()
    process.terminate()
    process.join(120)


def test_a_second_writer_is_told_who_holds_it(tmp_path, holder):
    """It is refused with the process, the machine and the purpose of the first."""
    process, _ = holder
    with pytest.raises(ArchiveBusyError) as refused, hold_lock(tmp_path, purpose="verify"):
        pass
    assert str(process.pid) in str(refused.value)
    assert "add music/" in str(refused.value)


def test_a_killed_holder_leaves_no_lock(tmp_path, holder):
    """After kill -9 the next writer begins at once: nothing stale is left to clean."""
    process, _ = holder
    os.kill(process.pid, signal.SIGKILL)
    process.join(120)
    with hold_lock(tmp_path, purpose="verify"):
        pass


def _hold_and_fork(root, line):
    with hold_lock(root, purpose="add music/"):
        child = context.Process(target=_live, args=(line,))
        child.start()
        child.join(120)


def _live(line):
    line.send(os.getpid())  # from the child: only when it runs has it let go of the lock
    line.poll(300)


def test_a_child_does_not_keep_its_killed_parents_lock(tmp_path):
    """Whoever was forked while the lock was held has no share in it, and does not end it either."""
    (tmp_path / "register").mkdir()
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold_and_fork, args=(tmp_path, theirs))
    process.start()
    theirs.close()
    assert ours.poll(300)
    child = ours.recv()
    with pytest.raises(ArchiveBusyError), hold_lock(tmp_path, purpose="verify"):
        pass
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)  # joining would wait for the child, which has its sentinel
    os.kill(child, 0)  # it lives
    with hold_lock(tmp_path, purpose="verify"):
        pass
    os.kill(child, signal.SIGKILL)


def test_a_patient_writer_waits(tmp_path, holder):
    """With patience, the second begins when the first is done."""
    _, line = holder
    line.send("let go")
    with hold_lock(tmp_path, purpose="verify", is_patient=True):
        pass


def test_losing_state_does_not_lose_the_lock(tmp_path, holder):
    """Deleting state/ under a writer does not let a second one in."""
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    (tmp_path / "state").rmdir()
    with pytest.raises(ArchiveBusyError), hold_lock(tmp_path, purpose="verify"):
        pass
