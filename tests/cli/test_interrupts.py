"""Ctrl-C ends every command with 130 and one sentence, whenever it comes."""

import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("when", [WHILE_LOADING, WHILE_TEXT_IS_EXECUTED])
def test_ctrl_c_that_comes_early_ends_with_130(when):
    """No module that is half loaded is shown, and the shell is told a status, not a signal; also
    where it comes in text that Python executes, as the making of a dataclass does."""
    main = "from phonotheque.__main__ import main\nmain()"
    command = [sys.executable, "-c", f"{HEARD}\n{when}\n{main}", "--version"]
    done = subprocess.run(command, capture_output=True, text=True)
    told = "Stopped. Nothing is lost; run the same command again to go on.\n"
    assert (done.returncode, done.stdout, done.stderr) == (130, "", told)
