"""A process that tests one share, and is gone once all is said."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

FAILING = """
import atexit
from pathlib import Path

atexit.register(Path(__file__).with_suffix(".left").write_text, "tidied up")


def test_that_fails():
    assert not "a whole word"
"""


def test_how_it_ended_is_told_and_what_was_to_be_tidied_up_is(tmp_path: Path) -> None:
    """The exit status and the summary are those of pytest, and nothing that libraries do when a
    process ends is left out."""
    file = tmp_path / "test_of_a_share.py"
    file.write_text(FAILING)
    command = [sys.executable, "-m", "tests.share", f"--rootdir={tmp_path}", "-q", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a whole word" in done.stdout
    assert "1 failed" in done.stdout
    assert file.with_suffix(".left").read_text() == "tidied up"
