"""How `python -m tests` deals the tests out: all of them, once, in small shares."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.__main__ import JOINED_FILES, MOST_FILES, Ran, Share, main, rooms_in, shares

TESTS = Path(__file__).parents[1]


def test_every_file_of_tests_is_in_one_share() -> None:
    """Nothing is left out and nothing runs twice, wherever a test lies; no share is large."""
    found = shares(rooms_in())
    assert Counter(path for one in found for path in one.paths) == Counter(TESTS.rglob("test_*.py"))
    assert max(len(share.paths) for share in found) <= MOST_FILES


def test_rooms_are_dealt_alike_wherever_they_are(tmp_path: Path) -> None:
    """A large room is cut into even parts of neighbours; a folder without tests is no room."""
    for number in range(MOST_FILES + 1):
        path = tmp_path / "large" / f"{number // 20}" / f"test_{number:02}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "zoo").mkdir()
    first, second = shares(rooms_in(tmp_path))
    assert (first.name, second.name) == ("large 1/2", "large 2/2")
    assert abs(len(first.paths) - len(second.paths)) == 1
    assert [*first.paths, *second.paths] == sorted(tmp_path.rglob("test_*.py"))


def test_small_rooms_share_a_process(tmp_path: Path) -> None:
    """Neighbours in the alphabet, as long as they are small together; long rooms stay alone."""
    for room, count in (("abc", JOINED_FILES - 2), ("cli", 1), ("one", 2), ("two", 1)):
        (tmp_path / room).mkdir()
        for number in range(count):
            (tmp_path / room / f"test_{number}.py").touch()
    dealt = shares(rooms_in(tmp_path))
    assert [(one.name, len(one.paths)) for one in dealt] == [
        ("cli", 1),
        ("abc to one", JOINED_FILES),
        ("two", 1),
    ]


@pytest.mark.parametrize(
    ("status", "out", "is_good", "counts"),
    [
        (0, "...\n12 passed, 2 skipped in 3.21s\n", True, {"passed": 12, "skipped": 2}),
        (1, "F\n1 failed, 3 passed, 2 errors in 1s", False, {"failed": 1, "passed": 3, "error": 2}),
        (
            0,
            "2 passed in 1m 4s\n1 passed in 64.50s (0:01:04)\nleaked 3 types!",
            True,
            {"passed": 1},
        ),
        (5, "no tests ran in 0.01s", True, {}),
        (-11, "", False, {}),
    ],
)
def test_a_share_that_ended_badly_is_known(
    status: int,
    out: str,
    is_good: bool,  # noqa: FBT001 (pytest gives it by name)
    counts: dict[str, int],
) -> None:
    """A failure, or a process that died, is never taken for success; an empty choice is none."""
    ran = Ran(Share("room", "room", ()), status, out, 1.0)
    assert ran.is_good is is_good
    assert ran.counts == counts


def test_a_room_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in a name does not pass for a run without failures."""
    with pytest.raises(SystemExit) as stopped:
        main(["--room", "catalgue"])
    assert stopped.value.code == 2
    assert "catalogue" in capsys.readouterr().err


def test_a_run_without_any_test_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """Options that leave nothing to run are told by the exit status."""
    assert main(["--room", "torture", "-k", "nothing_is_called_so"]) == 1
    assert "no test" in capsys.readouterr().out
