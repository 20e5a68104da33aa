"""What the operator is told: who has a permit, what was over already, who was never seen."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import msgspec
import pytest

from phonotheque.guard.book.file import LINES

ACCOUNT, STRANGER, ADDRESS = "00112233445566ff", "ffffffffffffffff", "ab" * 8


@pytest.fixture
def logged(phono):
    """A log with one line, of one account at one address."""
    now = datetime.now(UTC)
    folder = phono.root / "state/access"
    folder.mkdir(parents=True)
    line = {
        "at": f"{now:%Y-%m-%dT%H:%M:%S.000Z}", "id": "1", "address": ADDRESS, "network": "cd" * 8,
        "method": "GET", "endpoint": "/sound/{gid}", "status": 206, "account": ACCOUNT,
    }  # fmt: skip
    for day in ("2026-01-05", f"{now:%Y-%m-%d}"):
        (folder / f"{day}.jsonl").write_bytes(msgspec.json.encode(line) + b"\n")
    return phono


def test_a_permit_that_never_was_is_not_ended(phono):
    """It is said, with status 2, and nothing is written; nor is one that is over ended again."""
    told = phono("guard", "permit", STRANGER, "--end").expect(2).err
    assert f"{STRANGER}: it has no permit" in told
    assert not (phono.root / LINES).exists()
    phono("guard", "permit", STRANGER).expect(0)
    assert phono("guard", "permit", STRANGER, "--end").expect(0).out.endswith("is over.\n")
    phono("guard", "permit", STRANGER, "--end").expect(2)


def test_permits_are_listed(phono):
    """Those that count now, the one that ends first at the top; none is said to be none."""
    assert phono("guard", "permit", "--list").expect(0).out == "Nobody has a permit.\n"
    phono("guard", "permit", ACCOUNT, "--use", "radio", "--days", "90", "--by", "ann").expect(0)
    phono("guard", "permit", STRANGER, "--use", "dj", "--factor", "7", "--days", "9").expect(0)
    phono("guard", "permit", ADDRESS).expect(0)
    phono("guard", "permit", ADDRESS, "--end").expect(0)
    first, second = phono("guard", "permit", "--list", "--json").expect(0).lines()
    assert (first["account"], first["use"], first["factor"]) == (STRANGER, "dj", 7)
    assert (second["account"], second["use"], second["by"]) == (ACCOUNT, "radio", "ann")
    assert first["until"] < second["until"]
    assert second["since"] <= time.time()
    table = phono("guard", "permit", "--list").expect(0).out
    assert table.index(STRANGER) < table.index(ACCOUNT)
    assert ADDRESS not in table
    for wrong in ((), ("--list", ACCOUNT), ("--list", "--end")):
        phono("guard", "permit", *wrong).expect(2)


def test_an_account_is_explained(phono):
    """By its last case, and those before it are named; with a permit alone by that; one about which
    nothing is known is an unknown name."""
    reason = ("--reason", "Opened 900.")
    phono("guard", "decide", ACCOUNT, "suspend", *reason).expect(0)
    phono("guard", "decide", ACCOUNT, "none", "--reason", "A reader.", "--wrong").expect(0)
    last = phono("guard", "decide", ACCOUNT, "budget", *reason, "--json").expect(0).one()
    shown = phono("guard", "explain", ACCOUNT).expect(0).out
    assert last["case"] in shown
    assert "g2" in shown
    told = phono("guard", "explain", ACCOUNT, "--json").one()
    assert (told["case"], told["earlier"]) == (last["case"], ["g2"])
    phono("guard", "permit", STRANGER, "--use", "shop").expect(0)
    assert "shop, 5 times the budget" in phono("guard", "explain", STRANGER).expect(0).out
    told = phono("guard", "explain", STRANGER, "--json").one()
    assert (told["case"], told["rung"], told["permit"]["use"]) == ("", "none", "shop")
    assert "nothing is known" in phono("guard", "explain", ADDRESS).expect(2).err


def test_who_was_never_seen_is_warned_of(logged):
    """What is decided about a name that stands nowhere in the log is done, and the slip is named,
    with since when a log is kept; of accounts and addresses that stand there nothing is said."""
    warned = f"The access log has no line of {STRANGER}; it is kept since 2026-01-05."
    for command in (("decide", STRANGER, "budget", "--reason", "x"), ("permit", STRANGER)):
        assert warned in logged("guard", *command).expect(0).err
    for known in (ACCOUNT, ADDRESS):
        for command in (("decide", known, "budget", "--reason", "x"), ("permit", known)):
            assert logged("guard", *command).expect(0).err == ""
    told = logged("guard", "incident", STRANGER).expect(0).out
    assert "No line of the access log is of this account" in told
    assert "2026-01-05" in told
    assert "No recording went out." in logged("guard", "incident", ACCOUNT).expect(0).out


def test_what_is_taken_back_is_taken_back_once(phono):
    """Also when the account is named: no second case is opened, nothing is written, and what was
    never decided cannot be taken back."""
    taken = ("none", "--wrong", "--reason", "A reader.")
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", "Opened 900.").expect(0)
    assert phono("guard", "decide", ACCOUNT, *taken, "--json").expect(0).one()["case"] == "g2"
    lines = (phono.root / LINES).read_bytes()
    assert "taken back already" in phono("guard", "decide", ACCOUNT, *taken).expect(2).err
    assert "taken back already" in phono("guard", "decide", "g2", *taken).expect(2).err
    assert "nothing was decided" in phono("guard", "decide", STRANGER, *taken).expect(2).err
    assert (phono.root / LINES).read_bytes() == lines
    told = phono("guard", "check").expect(0).out
    assert "1 case taken back as wrong; none rested on a finding" in told
    assert phono("guard", "check", "--json").one()["taken_back"] == 1


def test_an_objection_is_kept_and_answered_by_a_time(phono):
    """Within three days, which is said; of two answers at once neither is given."""
    number = phono("guard", "decide", ACCOUNT, "suspend", "--reason", "x", "--json").one()["case"]
    told = phono("guard", "appeal", number, "--words", "I am a radio.").expect(0).out
    assert told.startswith(f"{number}: objection kept. Answer it by 20")
    again = phono("guard", "appeal", number, "--words", "Please.", "--json").one()
    assert 71 * 3_600 < again["answer_by"] - time.time() <= 72 * 3_600
    for both in (("--accept", "--reject"), ("--accept", "--words", "x")):
        told = phono("guard", "appeal", number, *both, "--reason", "x").expect(2).err
        assert "more than one thing" in told
    assert "not said what" in phono("guard", "appeal", number).expect(2).err


def test_what_a_person_decided_is_not_in_the_queue(phono):
    """It holds and waits for nobody: `--all` has it, and the queue says how many there are."""
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", "Opened 900.").expect(0)
    told = phono("guard", "cases").expect(0).out
    assert told.splitlines() == [
        "No case waits to be looked at.",
        "1 case that a person decided holds: `phono guard cases --all` lists it, too.",
    ]
    assert phono("guard", "cases", "--json").lines() == []
    assert [one["case"] for one in phono("guard", "cases", "--all", "--json").lines()] == ["g2"]


def test_the_reason_that_governs_is_explained(phono):
    """Decided twice: the last reason and its half-year; the first stands in the history."""
    phono("guard", "decide", ACCOUNT, "challenge", "--reason", "Opened 60.", "--by", "ann")
    phono("guard", "decide", "g2", "suspend", "--reason", "Opened 900.", "--by", "bob").expect(0)
    shown = phono("guard", "explain", "g2").expect(0).out
    (reason,) = (line for line in shown.splitlines() if line.startswith("reason"))
    assert "Opened 900." in reason
    assert "Opened 60." in shown
    told = phono("guard", "explain", "g2", "--json").one()
    assert (told["evidence"], told["by"], told["basis"]) == ("Opened 900.", "bob", "person")
    assert told["since"] == told["settled"][0]["second"]
