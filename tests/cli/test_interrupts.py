"""Ctrl-C ends every command with 130 and one sentence, whenever it comes."""

import os
import subprocess
import sys

import pytest
from tests.cli.phono import Done, call

from phonotheque.__main__ import InterruptedByUserError
from phonotheque.cli import app
from phonotheque.stopping import Stop

STOP = "import os, signal; os.kill(os.getpid(), signal.SIGINT)"
# A shell has what it starts in the background ignore Ctrl-C, these tests' run itself perhaps.
HEARD = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"

WHILE_LOADING = f"""
import builtins
load = builtins.__import__
def loads(name, *rest):
    if name == "typer":
        builtins.__import__ = load
        {STOP}
    return load(name, *rest)
builtins.__import__ = loads
"""
WHILE_TEXT_IS_EXECUTED = f"""
from phonotheque.cli import app
app.run = lambda _: exec("{STOP}")
"""

WHILE_WAITING = """
import random, signal
from phonotheque.stopping import Stop

moments = random.Random(5)
for _ in range(1_000):
    stop = Stop()
    signal.signal(signal.SIGALRM, lambda *_: stop.set())
    signal.setitimer(signal.ITIMER_REAL, moments.uniform(5e-6, 60e-6))
    while not stop.wait({}):
        pass
"""


@pytest.mark.parametrize("when", [WHILE_LOADING, WHILE_TEXT_IS_EXECUTED])
def test_ctrl_c_that_comes_early_ends_with_130(when):
    """No module that is half loaded is shown, and the shell is told a status, not a signal; also
    where it comes in text that Python executes, as the making of a dataclass does."""
    main = "from phonotheque.__main__ import main\nmain()"
    command = [sys.executable, "-c", f"{HEARD}\n{when}\n{main}", "--version"]
    done = subprocess.run(command, capture_output=True, text=True)
    told = "Stopped. Nothing is lost; run the same command again to go on.\n"
    assert (done.returncode, done.stdout, done.stderr) == (130, "", told)


def in_compiled_code(stopped, *, within=False):
    """What Python makes of a signal that was handled while compiled code ran: it takes the result,
    and says that there was an error set, too."""
    try:
        raise SystemError("CPUDispatcher(_meet) returned a result with an exception set") from (
            in_compiled_code(stopped) if within else stopped
        )
    except SystemError as error:
        return error


@pytest.mark.parametrize("within", [False, True])
def test_ctrl_c_in_compiled_code_is_no_fault(monkeypatch, within):
    """Wherever in the chain of what failed it stands."""

    def fails(*_, **__):
        raise in_compiled_code(InterruptedByUserError(), within=within)

    monkeypatch.setattr(app, "_command", lambda: fails)
    told = "Stopped. Nothing is lost; run the same command again to go on.\n"
    assert call("status") == Done(130, "", told)


def test_a_fault_of_compiled_code_stays_one(monkeypatch):
    """What has nothing to do with Ctrl-C is not called an end."""

    def fails(*_, **__):
        raise in_compiled_code(ValueError("negative"))

    monkeypatch.setattr(app, "_command", lambda: fails)
    with pytest.raises(SystemError):
        call("status")


@pytest.mark.parametrize("timeout", ["1e-6", "0.5", ""])
def test_who_waits_to_be_told_to_stop_is_woken(timeout):
    """Whenever in the wait the signal comes. (With `threading.Event`, whose lock the very wait may
    hold that is interrupted, some of so many never end.)"""
    script = WHILE_WAITING.format(timeout)
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_what_a_forked_child_is_told_is_told_to_it_alone():
    """It has the handler of its parent, who sleeps on."""
    stop = Stop()
    child = os.fork()
    if child == 0:
        stop.set()
        os._exit(0 if stop.wait() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not stop.wait(0)
    assert stop._waking.poll(0) == []
    stop.set()
    assert stop.wait()
