"""What an archive believes of a mirror's statement: proof, lies, replays, and what is counted."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.cli.phono import call, damage, flip

from mirror.scene import VOLUME
from phonotheque.archive.keeping.mirrors import reports
from phonotheque.disk import LocalDisk
from phonotheque.mirror.home import open_mirror
from phonotheque.mirror.reporting import KEY, key_of
from phonotheque.mirror.statement import decode_statement, encode_statement
from phonotheque.mirror.values import State
from phonotheque.publish.trust.keys import new_key


@pytest.fixture
def mirror(stage):
    """A mirror of the small archive that holds its one volume."""
    call(
        "mirror", "init", stage.archive, "--space", "1GB", "--mirror", stage.root,
        "--operator", "Weir Sound", "--country", "de",
    ).expect(0)  # fmt: skip
    stage.hold(VOLUME)
    return stage


def report(stage, to=None, root=None):
    """Let the mirror report; returns the file."""
    file = to or stage.root / "statement-small-records.jsonl"
    call("mirror", "report", "--mirror", root or stage.root, "--to", file).expect(0)
    return file


def changed(stage, file, **changes):
    """A statement with another header, signed by the mirror's own key."""
    said = decode_statement(file.read_bytes())
    header = msgspec.structs.replace(said.header, **changes)
    key = key_of(stage.root)
    file.write_bytes(encode_statement(type(said)(header, said.claims), key))
    return file


def accepted(stage, file, *arguments, status=0):
    return stage.phono("mirror", "accept", file, "--json", *arguments).expect(status).one()


def verdict_of(told, torrent=VOLUME):
    (one,) = (one for one in told["torrents"] if one["torrent"] == torrent)
    return one["verdict"]


def volume_in_status(stage, status=0):
    (one,) = stage.phono("status", "--json").expect(status).one()["copies"]["volumes"]
    return one


def test_a_whole_copy_is_proven_and_counts(mirror):
    """Each of the 32 ranges is answered rightly, and from then on the volume has two copies."""
    assert volume_in_status(mirror)["copies"] == 1
    told = accepted(mirror, report(mirror))
    (one,) = told["torrents"]
    assert (one["verdict"], one["right"], one["wrong"], one["silent"]) == ("whole", 32, 0, 0)
    assert (told["operator"], told["country"], told["medium"]) == ("Weir Sound", "DE", "online")
    volume = volume_in_status(mirror)
    assert (volume["copies"], volume["countries"]) == (2, ["DE"])
    assert (volume["storage"], volume["integrity"], volume["level"]) == (1, 3, 1)


def test_accepting_twice_counts_once(mirror):
    """The same statement again changes nothing, and is told to be known."""
    file = report(mirror)
    assert accepted(mirror, file)["is_new"] is True
    journal = (mirror.archive / "journals/mirrors.jsonl").read_bytes()
    assert accepted(mirror, file)["is_new"] is False
    assert (mirror.archive / "journals/mirrors.jsonl").read_bytes() == journal


def test_a_rehearsal_notes_nothing(mirror):
    """With --dry-run all is proven and nothing is counted."""
    assert verdict_of(accepted(mirror, report(mirror), "--dry-run")) == "whole"
    assert not (mirror.archive / "journals/mirrors.jsonl").exists()


def test_a_mirror_without_the_bytes_cannot_answer(mirror):
    """A journal that says "complete" and a disk without the files: nothing is counted."""
    shutil.rmtree(mirror.copy_root / "objects")
    told = accepted(mirror, report(mirror))
    (one,) = told["torrents"]
    assert (one["verdict"], one["right"], one["silent"]) == ("partial", 0, 32)
    assert volume_in_status(mirror)["copies"] == 1


def test_a_guess_is_refuted(mirror):
    """Who answers anything, instead of nothing, is found to be wrong: exit status 1, an alarm."""
    file = report(mirror)
    said = decode_statement(file.read_bytes())
    guessed = tuple(
        msgspec.structs.replace(one, answers=("0" * 32,) * len(one.answers)) for one in said.claims
    )
    file.write_bytes(encode_statement(type(said)(said.header, guessed), key_of(mirror.root)))
    assert verdict_of(accepted(mirror, file, status=1)) == "refuted"
    assert volume_in_status(mirror, status=1)["copies"] == 1
    (alarm,) = mirror.phono("status", "--json").expect(1).one()["alarms"]
    assert alarm["kind"] == "mirror-refuted"


def test_bytes_that_changed_unseen_are_refuted(mirror):
    """A mirror whose files rotted does not know it; the archive finds it by what it answers."""
    for file in (mirror.copy_root / "objects").rglob("*.flac"):
        file.chmod(0o644)
        file.write_bytes(bytes(byte ^ 1 for byte in file.read_bytes()))
    assert verdict_of(accepted(mirror, report(mirror), status=1)) == "refuted"


def test_what_says_itself_that_it_is_damaged_is_no_copy(mirror):
    """A mirror that knows of damage says so; it is no liar, and no whole copy."""
    from phonotheque.mirror.events import Damaged

    with mirror.opened() as (_, copy):
        at = copy.writing.now()
        copy.writing.append(Damaged(at, VOLUME, "lists/README.txt", "missing", 1))
    told = accepted(mirror, report(mirror))
    assert verdict_of(told) == "partial"
    assert volume_in_status(mirror)["partial"] == 1


def test_the_mirror_is_not_blamed_for_what_rotted_here(mirror):
    """Where the archive's own file is damaged nobody is judged by it, and it is told."""
    objects = sorted((mirror.archive / "objects").glob("??/??/*.flac"))
    for path in objects:
        damage(path, lambda data: bytes(byte ^ 1 for byte in data))
    done = mirror.phono("mirror", "accept", report(mirror), "--json").expect(0)
    assert done.one()["torrents"][0]["wrong"] == 0
    assert "this archive's own file is damaged" in done.err


def test_what_was_removed_is_asked_of_nobody(mirror):
    """After a takedown here nobody is wrong about what is gone, whether they still hold it."""
    file = report(mirror)
    sha256 = sorted((mirror.archive / "objects").glob("??/??/*.flac"))[0].name.partition(".")[0]
    mirror.phono("takedown", sha256, "--reason", "legal-claim").expect(0)
    (one,) = accepted(mirror, file)["torrents"]
    assert one["wrong"] == one["silent"] == 0


def test_what_is_lost_here_is_asked_of_nobody(mirror):
    """Ranges of files that this archive lost cannot be judged; the others still can."""
    held = (mirror.archive / "objects").glob("??/??/*")
    # The largest goes, and every other one: half the bytes, or some draws would meet none of them.
    for lost in sorted(held, key=lambda path: -path.stat().st_size)[::2]:
        lost.unlink()
    (one,) = accepted(mirror, report(mirror))["torrents"]
    assert (one["verdict"], one["wrong"], one["silent"]) == ("whole", 0, 0)
    assert 0 < one["right"] < 32


def test_another_mirrors_answers_are_worth_nothing(mirror):
    """Who copies a statement and signs it with a key of their own is refuted: answers are bound."""
    file = report(mirror)
    said = decode_statement(file.read_bytes())
    thief = new_key()
    header = msgspec.structs.replace(
        said.header, key=thief.public_bytes.hex(), mirror="ab" * 16, operator="Thief"
    )
    file.write_bytes(encode_statement(type(said)(header, said.claims), thief))
    assert verdict_of(accepted(mirror, file, status=1)) == "refuted"
    assert volume_in_status(mirror, status=1)["copies"] == 1


def test_one_disk_is_one_mirror(mirror):
    """A second id with the same key is refused: one disk must not count twice."""
    file = report(mirror)
    accepted(mirror, file)
    done = mirror.phono("mirror", "accept", changed(mirror, file, mirror="ab" * 16)).expect(2)
    assert "must not count twice" in done.err


def test_another_key_needs_a_person(mirror):
    """A mirror that signs with another key than before is refused until somebody says yes."""
    accepted(mirror, report(mirror))
    (mirror.root / KEY).unlink()
    file = report(mirror)
    assert "--new-key" in mirror.phono("mirror", "accept", file).expect(2).err
    assert verdict_of(accepted(mirror, file, "--new-key")) == "whole"


def test_an_older_statement_is_a_replay(mirror):
    """What was true last month is not believed after what is true now: exit status 5."""
    old = report(mirror, mirror.root / "old.jsonl")
    new = report(mirror, mirror.root / "new.jsonl")
    accepted(mirror, new)
    assert "older" in mirror.phono("mirror", "accept", old).expect(5).err


def test_a_timestamp_of_somebody_elses_making_draws_nothing(mirror):
    """Ranges may only be drawn from what this archive signed: a later version is a forgery."""
    file = report(mirror)
    said = decode_statement(file.read_bytes())
    paper = json.loads(said.header.timestamp)
    paper["signed"]["version"] += 1
    for text in (json.dumps(paper), "{}", "", said.header.timestamp[:-5]):
        done = mirror.phono("mirror", "accept", changed(mirror, file, timestamp=text)).expect(5)
        assert "no timestamp that this archive's keys signed" in done.err
    assert not (mirror.archive / "journals/mirrors.jsonl").exists()


def test_a_root_is_no_timestamp(mirror):
    """Other metadata that the archive signed is refused, too."""
    root = (mirror.archive / "published/metadata/1.root.json").read_text()
    done = mirror.phono("mirror", "accept", changed(mirror, report(mirror), timestamp=root))
    assert done.status == 5


def test_a_statement_for_another_archive_is_refused(mirror):
    """What is said of another archive counts nothing here."""
    other = "6f1f2e6a-0f5c-4d8e-9f6a-3f9ac1d2e3f4"
    done = mirror.phono("mirror", "accept", changed(mirror, report(mirror), archive=other))
    assert "Accept it there" in done.expect(2).err


@pytest.mark.parametrize("data", [b"", b"{}\n", b"no statement\n", b"\xff" * 5000])
def test_what_is_no_statement_is_refused(mirror, data):
    """Whatever lies in the file: refused in words, exit status 4, nothing written."""
    file = mirror.root / "statement"
    file.write_bytes(data)
    mirror.phono("mirror", "accept", file).expect(4)
    assert not (mirror.archive / "journals/mirrors.jsonl").exists()


def test_a_torrent_nobody_knows_proves_nothing(mirror):
    """A claim about what the archive never sealed is unproven, and no error."""
    file = report(mirror)
    said = decode_statement(file.read_bytes())
    claims = (*said.claims, msgspec.structs.replace(said.claims[0], torrent="never-sealed"))
    header = msgspec.structs.replace(said.header, torrents=len(claims))
    file.write_bytes(encode_statement(type(said)(header, claims), key_of(mirror.root)))
    assert verdict_of(accepted(mirror, file), "never-sealed") == "unproven"


def test_a_clock_a_year_off_changes_nothing(mirror):
    """How old a proof is follows from the archive's own timestamp, whatever the mirror's clock."""
    for at in ("2025-11-21T20:00:00.000000Z", "2031-11-21T20:00:00.000000Z"):
        accepted(mirror, changed(mirror, report(mirror), at=at))
        (found,) = reports(LocalDisk(mirror.archive)).values()
        age = datetime.now(UTC) - datetime.fromisoformat(found.proven_at)
        assert 0 <= age.total_seconds() < 86_400 * 2
        mirror.phono("mirror", "forget", found.mirror[:8]).expect(0)


def test_reporting_does_not_wait_for_a_running_mirror(mirror):
    """Whoever holds the mirror to fetch or share does not keep it from reporting."""
    with open_mirror(mirror.root, "a long run"):
        assert verdict_of(accepted(mirror, report(mirror))) == "whole"


def test_the_key_is_made_once_and_is_a_secret(mirror):
    """The same key signs every time; only its owner may read it."""
    keys = {call("mirror", "report", "--mirror", mirror.root, "--json").one()["key"] for _ in "12"}
    assert len(keys) == 1
    assert (mirror.root / KEY).stat().st_mode & 0o777 == 0o600


def test_what_a_mirror_excludes_stands_in_its_report(mirror):
    """Its own exclusions are said with their reasons, and counted at the archive."""
    sha256 = sorted((mirror.archive / "objects").glob("??/??/*.flac"))[0].name.partition(".")[0]
    call(
        "mirror", "exclude", sha256, "--reason", "A court forbids it", "--mirror", mirror.root
    ).expect(0)
    file = report(mirror)
    said = decode_statement(file.read_bytes()).header.excluded
    assert {"sha256": sha256, "reason": "A court forbids it"}.items() <= {
        key: value for one in said for key, value in msgspec.to_builtins(one).items() if value
    }.items()
    told = accepted(mirror, file)
    assert told["excluded"] == len(said)
    assert verdict_of(told) != "refuted"


def test_forgetting_counts_no_more(mirror):
    """A mirror that is forgotten counts nothing until it reports again; a wrong id is refused."""
    file = report(mirror)
    accepted(mirror, file)
    assert "0 of 1" in mirror.phono("mirror", "forget", "zz").expect(2).err
    told = mirror.phono("status", "--json").expect(0).one()["mirrors"]
    mirror.phono("mirror", "forget", told[0]["mirror"][:10]).expect(0)
    assert mirror.phono("status", "--json").expect(0).one()["mirrors"] == []
    assert accepted(mirror, file)["is_new"] is True


def test_people_are_told_the_same(mirror):
    """Without --json both commands say what happened, and what to do next."""
    done = call("mirror", "report", "--mirror", mirror.root).expect(0)
    assert "phono mirror accept" in done.out
    file = mirror.root / "statement-small-records.jsonl"
    done = mirror.phono("mirror", "accept", file).expect(0)
    assert "Weir Sound (DE, online)" in done.out
    assert "32 of 32 ranges right" in done.out
    assert "Compare its key" in done.err
    out = mirror.phono("status").expect(0).out
    assert "Weir Sound" in out
    assert "NDSA 1" in out
    assert "copies kept by three different people" in out


def test_a_journal_line_cut_by_a_crash_is_no_report(mirror):
    """A torn end was told to nobody: it is passed over, and cut off by the next line."""
    accepted(mirror, report(mirror))
    journal = mirror.archive / "journals/mirrors.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[: len(whole) // 2])
    assert volume_in_status(mirror)["copies"] == 2
    accepted(mirror, report(mirror))
    assert len(journal.read_bytes().splitlines()) == 2


def test_a_damaged_key_is_told(mirror):
    """A key file that is none is an error in words, and is not replaced."""
    report(mirror)
    damage(mirror.root / KEY, flip(40))
    (mirror.root / KEY).write_bytes(b"no key\n")
    call("mirror", "report", "--mirror", mirror.root).expect(4)
    assert (mirror.root / KEY).read_bytes() == b"no key\n"


def test_the_states_are_those_of_the_journal(mirror):
    """A claim says what the mirror's own journal says of the torrent."""
    (claim,) = decode_statement(report(mirror).read_bytes()).claims
    assert (claim.torrent, claim.state) == (VOLUME, State.COMPLETE)


def test_what_mirrors_proved_enters_the_order_at_risk(mirror):
    """A plan that asks for what is at risk counts proven copies, says so, and is made anew."""

    def planned():
        told = mirror.phono("publish", "plan", "--order", "at-risk", "--json").expect(0)
        return told.one()["plan"]["facts"]

    before = planned()
    assert (before["seeders_unknown"], "mirrors" in before) == ("1", False)
    accepted(mirror, report(mirror))
    after = planned()
    assert (after["seeders_unknown"], after["mirrors"]) == ("0", "1")
    accepted(mirror, report(mirror))
    assert planned()["mirrors_reports"] != after["mirrors_reports"]
    out = mirror.phono("publish", "plan", "--order", "at-risk").expect(0).out
    assert "1 mirror proved copies" in out


def test_both_commands_print_the_documented_keys(mirror):
    """What --json prints has exactly the keys of the reference page, in its order."""
    text = (Path(__file__).parents[2] / "docs/reference/json.md").read_text()

    def documented(head):
        table = text.split(f"## {head}\n")[1].split("\n## ")[0]
        rows = [line for line in table.splitlines() if line.startswith("| `")]
        return [key for row in rows for key in re.findall(r"`(\w+)`", row.split(" | ")[0])]

    told = call("mirror", "report", "--mirror", mirror.root, "--json").one()
    assert list(told) == documented("phono mirror report")
    told = accepted(mirror, mirror.root / "statement-small-records.jsonl")
    assert sorted(told) == sorted(documented("phono mirror accept FILE"))
    status = mirror.phono("status", "--json").one()
    assert list(status["mirrors"][0]) == documented("A mirror, as the archive knows it")
    assert list(status["copies"]["volumes"][0]) == documented("Copies of a volume")
