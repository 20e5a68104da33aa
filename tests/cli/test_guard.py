"""Cases on the command line: from a decision over an appeal to a permit, and the reports."""

from __future__ import annotations

import csv
import io
import json
import time
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import msgspec

from phonotheque.guard.verdicts import look_up

ACCOUNT = "00112233445566ff"


def rung_in_map(phono):
    """What the door is told about the account."""
    found = look_up((phono.root / "state/guard/verdicts").read_bytes(), ACCOUNT)
    return None if found is None else found.rung_at(int(time.time())).name


def test_a_list_of_cases_says_what_it_leaves_out(phono):
    """No case at all is told from none that waits; evidence that was cut ends in an ellipsis."""
    assert phono("guard", "cases", "--all").expect(0).out == "There is no case.\n"
    reason = "Opened records nobody else plays, one after the other, for days and nights."
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", reason).expect(0)
    told = phono("guard", "cases", "--all").expect(0).out.splitlines()[1]
    assert told.endswith("…")
    assert told.split("  ")[-1][:-1] in reason


def test_an_appeal_leads_to_a_permit(phono):
    """Decide, object, ask, answer, accept: the rung is taken back, the permit counts, and the book
    is whole; what was written is forgotten without breaking it."""
    reason = "Went through 900 obscure records in order."
    told = phono("guard", "decide", ACCOUNT, "suspend", "--reason", reason, "--json").one()
    number = told["case"]
    assert (told["rung"], rung_in_map(phono)) == ("suspend", "SUSPEND")
    assert "to be objected to by" in phono("guard", "explain", number).expect(0).out
    phono("guard", "appeal", number, "--words", "I prepare a night of Anatolian rock.").expect(0)
    (waiting,) = phono("guard", "cases", "--json").lines()
    assert waiting["points"]["an appeal"] == 100
    phono("guard", "message", number, "Which station?", "--by", "ann").expect(0)
    answer = ("--accept", "--permit", "radio", "--factor", "4", "--reason", "A playlist.")
    assert phono("guard", "appeal", number, *answer, "--json").one()["rung"] == "none"
    assert rung_in_map(phono) == "NONE"
    row = look_up((phono.root / "state/guard/verdicts").read_bytes(), ACCOUNT)
    assert row.factor_at(int(time.time())) == 4
    assert phono("guard", "cases").out == "No case waits to be looked at.\n"
    shown = phono("guard", "explain", number).expect(0).out
    until = phono("guard", "explain", number, "--json").one()["permit"]["until"]
    assert (
        f"radio, 4 times the budget, until {datetime.fromtimestamp(until, UTC):%Y-%m-%d}" in shown
    )
    assert "to be objected to by" not in shown
    assert (
        "phono guard message" in phono("guard", "appeal", number, "--words", "Again.").expect(2).err
    )
    for text in (reason, "I prepare a night of Anatolian rock.", "Which station?", "A playlist."):
        assert text in shown
    phono("guard", "forget", number).expect(0)
    assert "Anatolian" not in phono("guard", "explain", number).out
    assert phono("guard", "check", "--json").one()["lines"] == 6
    phono("guard", "permit", ACCOUNT, "--end").expect(0)
    assert look_up((phono.root / "state/guard/verdicts").read_bytes(), ACCOUNT) is None


def test_a_permit_answers_a_question_and_says_what_stays(phono):
    """What a person asked is over with a permit, what he closed is not, and that is said."""
    asked = ("challenge", "--reason", "What is it for?")
    number = phono("guard", "decide", ACCOUNT, *asked, "--json").one()["case"]
    assert phono("guard", "permit", number, "--use", "dj", "--json").one()["rung"] == "none"
    assert rung_in_map(phono) == "NONE"
    phono("guard", "permit", number, "--end").expect(0)
    assert rung_in_map(phono) is None
    closed = phono("guard", "decide", ACCOUNT, "suspend", "--reason", "In order.", "--json").one()
    told = phono("guard", "permit", ACCOUNT).expect(0).out
    undo = f"phono guard decide {closed['case']} none --reason WHY"
    assert f"What was decided stays: suspend. `{undo}` takes it back." in told
    assert rung_in_map(phono) == "SUSPEND"


def test_a_row_edited_by_hand_stops_every_command(phono):
    """A changed line is named, with exit status 4, and nothing is written any more."""
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", "Why not.").expect(0)
    book = phono.root / "journals/guard/cases.jsonl"
    book.write_bytes(book.read_bytes().replace(b'"rung":4', b'"rung":0'))
    before = book.read_bytes()
    for command in (("cases",), ("check",), ("decide", ACCOUNT, "none", "--reason", "x")):
        done = phono("guard", *command).expect(4)
        assert "cases.jsonl: line 2 was changed" in done.err or "line 2 is missing" in done.err
    assert book.read_bytes() == before


def test_requests_that_cannot_be_meant_name_what_is_wrong(phono):
    """Rungs, uses, cases and answers that do not exist end with status 2."""
    phono("guard", "decide", ACCOUNT, "banish", "--reason", "x").expect(2)
    phono("guard", "decide", "g7", "none", "--reason", "x").expect(2)
    phono("guard", "permit", ACCOUNT, "--use", "fun").expect(2)
    phono("guard", "appeal", "g7").expect(2)
    phono("guard", "appeal", "g7", "--accept").expect(2)
    phono("guard", "explain", "g7").expect(2)
    for command in (("decide", "ada", "none", "--reason", "x"), ("permit", "ada")):
        assert "Or name an account" in phono("guard", *command).expect(2).err
    phono("guard", "incident", "g7").expect(2)
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", "Why not.").expect(0)
    for reason in ("", " \t\n"):
        told = ("--reason", reason)
        for command in (("decide", ACCOUNT, "budget"), ("decide", "g2", "none")):
            assert "has a reason" in phono("guard", *command, *told).expect(2).err
        assert "has a reason" in phono("guard", "appeal", "g2", "--reject", *told).expect(2).err
    both = phono("guard", "decide", "g2", "suspend", "--wrong", "--reason", "x").expect(2).err
    assert "--wrong: it takes a decision back" in both
    assert "--list goes with" in phono("guard", "permit", "g2", "--list").expect(2).err
    unasked = phono("guard", "appeal", "g2", "--reject", "--reason", "It holds.").expect(2).err
    assert "phono guard decide g2" in unasked


def access_line(second, item, **fields):
    """A line of the access log, as a door writes it."""
    at = datetime.fromtimestamp(second, UTC).isoformat(timespec="milliseconds")
    line = {
        "at": at.replace("+00:00", "Z"), "id": "1", "address": "ab" * 8, "network": "cd" * 8,
        "method": "GET", "endpoint": "/sound/{gid}", "status": 206, "item": item, "bytes": 1000,
        "restricted": True,
    }  # fmt: skip
    return msgspec.json.encode(line | fields) + b"\n"


def test_an_incident_report_says_what_left(phono, tmp_path):
    """Restricted sound that went to the accounts of a case, once for each recording: as text, as
    JSON, as a page and as a table; free sound, other accounts and other requests are not in it."""
    now = int(time.time())
    gids = [f"00000000-0000-4000-8000-{number:012x}" for number in range(5)]
    lines = [access_line(now - 60, gid, account=ACCOUNT) for gid in gids[:3] * 2]
    lines += [
        access_line(now - 50, gids[3], account=ACCOUNT, restricted=False),
        access_line(now - 50, gids[3], account=ACCOUNT, bytes=0, status=429),
        access_line(now - 50, gids[4]),
        access_line(now - 40 * 86_400, gids[4], account=ACCOUNT),
        b"\xff\x00 no line\n",
    ]
    log = phono.root / "state/access"
    log.mkdir(parents=True)
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    (log / f"{day}.jsonl").write_bytes(b"".join(lines))
    phono("guard", "decide", ACCOUNT, "suspend", "--reason", "Why not.").expect(0)
    page, table = tmp_path / "incident.html", tmp_path / "incident.csv"
    done = phono("guard", "incident", "--json", "--html", page, "--csv", table).expect(1)
    found = done.one()
    assert "1 of 11 lines of the log cannot be read" in done.err
    assert (found["recordings"], found["size_bytes"]) == (3, 6000)
    assert [(one["account"], one["case"]) for one in found["accounts"]] == [(ACCOUNT, "g2")]
    assert sorted(item["gid"] for item in found["items"]) == gids[:3]
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["gid"] for row in rows] == gids[:3]
    assert "3 recordings left through 1 account." in page.read_text()
    assert "3 recordings left through 1 account." in phono("guard", "incident", "g2").out
    picture = tmp_path / "g2.svg"
    phono("guard", "explain", "g2", "--picture", picture).expect(2)  # nothing was had whole
    long = access_line(now - 30, gids[0], account=ACCOUNT, bytes=500_000)
    (log / f"{day}.jsonl").write_bytes(b"".join(lines) + long)
    phono("guard", "explain", "g2", "--picture", picture).expect(0)
    drawn = picture.read_text()
    assert ET.fromstring(drawn).attrib["aria-label"] == "Why not."
    assert '1 <tspan fill="#59615e">this account' in drawn
    other = phono("guard", "incident", "ab" * 8, "--json").one()
    assert [item["gid"] for item in other["items"]] == gids[4:]
    assert json.loads(incident_of(phono, "ffffffffffffffff"))["recordings"] == 0


def incident_of(phono, account):
    """The report on an account that took nothing."""
    return phono("guard", "incident", account, "--json").expect(0).out
