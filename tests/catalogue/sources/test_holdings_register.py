"""The shelf behind the holdings: what a real index and journal give of an archive."""

import base64
from datetime import date

from tests.catalogue.sources.contract import joined

from phonotheque.catalogue.gids import gid_of, key_of
from phonotheque.catalogue.sources.holdings.register import RegisterShelf
from phonotheque.catalogue.sources.holdings.source import Holdings, terms_of
from phonotheque.disk import LocalDisk, make_folders
from phonotheque.music.digest import Sha256
from phonotheque.music.facts import Readability, Tags, Technical
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.music.likeness import Likeness
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.music.sound import Sound
from phonotheque.register.events import (
    Accession,
    Edit,
    Fixity,
    Founding,
    Link,
    Removal,
    Rights,
    Role,
)
from phonotheque.register.index import Index
from phonotheque.register.journal import START, Journal, read

A, B, C, D = (f"{n:02x}" * 32 for n in range(1, 5))
SOUND = "ab" * 32
BY = "https://creativecommons.org/licenses/by/4.0/"
DAY = date(2026, 11, 21)


def taken(name, path="a/01 Song.flac", payload="", role=Role.RECORDING, **more):
    sound = Sound(decoded_ms=61_000, payload_sha256=payload) if payload else None
    facts = {"technical": Technical("flac", "flac", duration_ms=60_000), "sound": sound}
    if role is Role.COMPANION:
        facts = {}
    readable = Readability.READABLE if facts else None
    return Accession(1, name, 10, name, "flac", path, role, readability=readable, **facts, **more)


def shelf_of(tmp_path, *events, tags=None, claims_count=False, on=DAY):
    """A shelf of an archive in which these things happened, one line each."""
    disk = LocalDisk(tmp_path)
    tmp_path.mkdir(exist_ok=True)
    make_folders(disk, "register")
    journal, index = Journal(disk, START), Index(":memory:")
    for second, event in enumerate((Founding(1, "x"), *events)):
        journal.append(f"2026-11-20T00:00:{second:02d}.000000Z", [event])
    journal.close()
    with index.transaction():
        index.apply(read(disk))
    found = {Sha256.parse(name): one for name, one in (tags or {}).items()}
    index.tags = lambda sha256: found.get(sha256, Tags())
    return RegisterShelf(index, disk, on, claims_count)


def rows_of(shelf):
    tables = joined(Holdings(shelf, terms_of("Test")).batches())
    return {
        name: [{k: v for k, v in row.items() if v is not None} for row in table.to_pylist()]
        for name, table in tables.items()
    }


def titles(rows):
    return [row["title"] for row in rows.get("recording", [])]


def test_recordings_come_as_they_came_in(tmp_path):
    """Every recording comes once, in the order of the register; companions do not."""
    shelf = shelf_of(
        tmp_path,
        taken(B, "b/Second.flac"),
        taken(A, "b/cover.jpg", role=Role.COMPANION),
        taken(C, "b/Third.flac"),
        taken(B, "c/Again.flac"),
    )
    assert titles(rows_of(shelf)) == ["Second", "Third"]


def test_pages_do_not_lose_or_double(tmp_path, monkeypatch):
    """However small the pages are, every recording and every link comes once."""
    names = [f"{n:064x}" for n in range(1, 12)]
    links = [Link(names[n], names[n - 1], Likeness.LIKELY, 0.1) for n in range(1, 11)]
    shelf = shelf_of(tmp_path, *(taken(name, f"a/T{name[-2:]}.flac") for name in names), *links)
    whole = rows_of(shelf)
    assert len(whole["recording"]) == 11
    assert len(whole["likeness"]) == 10
    monkeypatch.setattr("phonotheque.catalogue.sources.holdings.register._PAGE", 2)
    assert rows_of(shelf) == whole


def test_copies_of_one_payload_are_one(tmp_path):
    """Files that differ in tags alone are one recording, and what links them is no likeness."""
    shelf = shelf_of(
        tmp_path,
        taken(B, "a/One.flac", SOUND),
        taken(A, "a/Two.flac", SOUND),
        taken(C, "a/Three.flac"),
        Link(A, B, Likeness.SAME, 0.0),
        Link(C, A, Likeness.RELATED, 0.2),
    )
    rows = rows_of(shelf)
    assert titles(rows) == ["One", "Three"]
    assert [row["sha256"].hex() for row in rows["file"]] == [B, A, C]
    (like,) = rows["likeness"]
    assert {like["one"], like["other"]} == {key_of(B), key_of(C)}


def test_lengths_are_measured_before_they_are_believed(tmp_path):
    """The decoded length goes before the one that the container says."""
    rows = rows_of(shelf_of(tmp_path, taken(A, payload=SOUND), taken(B)))
    assert [row["length"] for row in rows["recording"]] == [61_000, 60_000]


def test_edits_override_tags(tmp_path):
    """A correction to a tag is what the catalogue says."""
    tags = {A: Tags(title="Tyop", artists=("Ada",))}
    rows = rows_of(shelf_of(tmp_path, taken(A), Edit(A, "title", "Typo"), tags=tags))
    assert titles(rows) == ["Typo"]
    assert rows["artist_credit"][0]["name"] == "Ada"


def test_a_removal_says_why_and_when(tmp_path):
    """What was let go is a tombstone with the register's reason and day, and in no table."""
    rows = rows_of(shelf_of(tmp_path, taken(A), Removal(A, "at the maker's wish")))
    assert set(rows) == {"removal"}
    (row,) = rows["removal"]
    assert row["gid"] == gid_of("holdings", "recording", A).bytes
    assert (row["reason"], row["decided_at"]) == ("at the maker's wish", "2026-11-20")


def test_what_came_in_again_is_held(tmp_path):
    """A recording that was let go and taken in again is no tombstone any more."""
    rows = rows_of(shelf_of(tmp_path, taken(A), Removal(A, "mistake"), taken(A)))
    assert len(rows["recording"]) == 1
    assert "removal" not in rows


def test_a_finding_is_the_state_of_a_file(tmp_path):
    """What a check found missing is not called held."""
    path = f"objects/{A[:2]}/{A[2:4]}/{A}.flac"
    fixity = Fixity(1, 10, objects=(A,), findings=(Finding(FindingKind.MISSING, path),))
    (row,) = rows_of(shelf_of(tmp_path, taken(A), fixity))["file"]
    assert row["state"] == "missing"


def test_the_newest_decision_is_the_licence(tmp_path):
    """Rights come from the resolver: a decision goes before what the depositor said."""
    said = RightsStatement(licence=BY, basis=Basis.DEPOSITOR, stated_at="2026-01-01T00:00:00Z")
    decided = RightsStatement(licence="InC", basis=Basis.DECISION, stated_at="2026-02-01T00:00:00Z")
    free = rows_of(shelf_of(tmp_path / "a", taken(A, rights=(said,))))
    closed = rows_of(shelf_of(tmp_path / "b", taken(A, rights=(said,)), Rights(A, decided)))
    assert (free["rights"][0]["licence"], free["file"][0]["is_free"]) == (BY, True)
    assert (closed["rights"][0]["raw"], closed["file"][0]["is_free"]) == ("InC", False)


def test_the_state_follows_the_register_and_the_day(tmp_path):
    """One line more, another day, or another rule for claims: another state."""
    shelves = [
        shelf_of(tmp_path / "1", taken(A)),
        shelf_of(tmp_path / "2", taken(A), taken(B)),
        shelf_of(tmp_path / "3", taken(A), on=date(2026, 11, 22)),
        shelf_of(tmp_path / "4", taken(A), claims_count=True),
    ]
    assert len({Holdings(shelf, terms_of("Test")).state() for shelf in shelves}) == 4
    again = shelf_of(tmp_path / "5", taken(A))
    assert again.state() == shelves[0].state()


def test_a_name_that_was_no_text_still_gives_a_title(tmp_path):
    """A file name of bytes that are no UTF-8 gives a title with marks for what was lost."""
    raw = base64.b64encode(b"a/01 Caf\xe9.flac").decode()
    rows = rows_of(shelf_of(tmp_path, taken(A, "a/01 Caf\ufffd.flac", path_base64=raw)))
    assert titles(rows) == ["Caf\ufffd"]
