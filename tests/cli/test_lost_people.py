"""`people.sqlite` is lost: the archive goes on, says so, and gives nobody another's id."""

import json

from tests.cli.small_music import make_music

from phonotheque.cli.app import run


def test_a_lost_people_file_is_told_and_no_id_is_given_twice(tmp_path, capsys):
    """A new depositor must not inherit the deposits of one whose name was lost."""
    at = ("--archive", str(tmp_path / "a"))
    run(["init", str(tmp_path / "a"), "--name", "A"])
    make_music(tmp_path / "one", 1)
    make_music(tmp_path / "two", 1, seed=9)
    run([*at, "add", str(tmp_path / "one"), "--depositor", "Ada"])
    (tmp_path / "a" / "people.sqlite").unlink()
    capsys.readouterr()
    run([*at, "status"])
    assert not (tmp_path / "a" / "people.sqlite").exists(), "looking changes nothing"
    run([*at, "add", str(tmp_path / "two"), "--depositor", "Grace"])
    assert "people.sqlite was missing" in capsys.readouterr().err
    lines = (tmp_path / "a" / "register" / "000001.jsonl").read_text().splitlines()
    depositors = [event["depositor"] for event in map(json.loads, lines) if "depositor" in event]
    assert depositors == ["p1", "p2"]
