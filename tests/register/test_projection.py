"""What an entry of the register means for the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.digest import Sha256
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.music.rights import Basis, RightsStatement
from phonotheque.register.chain import GENESIS, Entry, encode_line
from phonotheque.register.events import (
    Accession,
    Deposit,
    Edit,
    Export,
    Fixity,
    Founding,
    Removal,
    Rights,
    Role,
    Volume,
)
from phonotheque.register.index import Index
from phonotheque.register.journal import Position

NAMES = [f"{n:02x}" * 32 for n in range(1, 5)]
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"


def at(seq):
    return f"2026-11-21T05:00:00.{seq:06d}Z"


def accession(name, deposit=1, path="a/b.flac", role=Role.RECORDING, **more):
    return Accession(deposit, name, 10, name, "flac", path, role, **more)


def path_of(name):
    return f"objects/{name[:2]}/{name[2:4]}/{name}.flac"


def statement(seq):
    return RightsStatement(licence=CC0, basis=Basis.DECISION, stated_at=at(seq))


def index_of(events, batches=None):
    """An index that took events in, in batches of these sizes (all at once)."""
    index = Index(":memory:")
    head, offset, placed = GENESIS, 0, []
    for seq, event in enumerate(events, start=1):
        line, head = encode_line(head, at(seq), event)
        offset += len(line)
        placed.append((Entry(seq, at(seq), event), Position(1, offset, head)))
    for size in [*(batches or []), len(placed)]:
        batch, placed = placed[:size], placed[size:]
        with index.transaction():
            index.apply(batch)
    return index


def dump(index):
    return list(index.db.iterdump())


def held(index, name):
    return index.held(Sha256.parse(name))


names = st.sampled_from(NAMES)
kinds = st.sampled_from(
    [k for k in FindingKind if k not in (FindingKind.FOREIGN, FindingKind.UNREFERENCED)]
)
events = st.one_of(
    st.builds(Deposit, st.sampled_from(["", "p1"])),
    st.builds(accession, names, role=st.sampled_from(Role), path=st.sampled_from(["a/b", "c"])),
    st.builds(Rights, names, st.integers(1, 9).map(statement)),
    st.builds(lambda n: Fixity(1, 10, objects=(n,)), names),
    st.builds(
        lambda n, k: Fixity(1, 10, objects=(n,), findings=(Finding(k, path_of(n)),)), names, kinds
    ),
    st.builds(
        lambda seq, n: Fixity(1, 10, as_of=seq, through_at=at(seq), through=n),
        st.integers(1, 30),
        names,
    ),
    st.builds(Removal, names, st.just("asked for")),
    st.builds(Edit, names, st.just("title"), st.just("x")),
    st.just(Export("tree", 1, 2)),
)


@given(st.lists(events, max_size=25), st.lists(st.integers(1, 6), max_size=6))
def test_rows_depend_on_the_order_of_entries_alone(batch, sizes):
    """However entries are cut into batches, the index that they give is the same, row by row."""
    everything = [Founding(1, "x"), *batch]
    assert dump(index_of(everything)) == dump(index_of(everything, sizes))


def test_an_accession_makes_an_object():
    """The first accession of a name is its object: sound, and checked then."""
    found = held(index_of([Founding(1, "x"), Deposit(), accession(NAMES[0])]), NAMES[0])
    assert (found.condition, found.checked_at, found.first_seq) == ("intact", at(3), 3)


def test_more_provenance_is_no_check():
    """An accession of what is sound adds a line to its history, and proves none of its bytes."""
    index = index_of([Founding(1, "x"), accession(NAMES[0]), accession(NAMES[0], path="other")])
    assert held(index, NAMES[0]).checked_at == at(2)
    assert [one.path for one in index.accessions(Sha256.parse(NAMES[0]))] == ["a/b.flac", "other"]


def test_bytes_put_back_are_sound_and_checked():
    """An accession of what was damaged brought its bytes, which were hashed."""
    lost = Fixity(1, 10, objects=(NAMES[0],), findings=(Finding("missing", path_of(NAMES[0])),))
    index = index_of([Founding(1, "x"), accession(NAMES[0]), lost, accession(NAMES[0])])
    found = held(index, NAMES[0])
    assert (found.condition, found.checked_at) == ("intact", at(4))


@pytest.mark.parametrize("kind", list(FindingKind))
def test_a_finding_marks_its_object_and_no_other(kind):
    """What was found stands at the object it is about; strays stand at none."""
    finding = Finding(kind, path_of(NAMES[0]), "words")
    run = Fixity(2, 20, objects=(NAMES[0], NAMES[1]), findings=(finding,))
    index = index_of([Founding(1, "x"), accession(NAMES[0]), accession(NAMES[1]), run])
    is_stray = kind in (FindingKind.FOREIGN, FindingKind.UNREFERENCED)
    assert held(index, NAMES[0]).condition == ("intact" if is_stray else kind)
    assert held(index, NAMES[1]).condition == "intact"
    assert {held(index, name).checked_at for name in NAMES[:2]} == {at(4)}


@pytest.mark.parametrize("path", [f"published/{'x' * 70}.torrent", "objects/lists/v/manifest.tsv"])
def test_a_finding_about_a_list_or_torrent_marks_no_object(path):
    """What is no object's path is recorded and changes no object."""
    run = Fixity(0, 0, findings=(Finding(FindingKind.CHANGED, path),))
    index = index_of([Founding(1, "x"), accession(NAMES[0]), run])
    assert held(index, NAMES[0]).condition == "intact"


def test_a_range_ends_where_it_says():
    """A run through an instant and a name marks what sorts up to there, and nothing after."""
    came = [accession(name) for name in NAMES]
    run = Fixity(2, 20, as_of=5, through_at=at(3), through=NAMES[1])
    index = index_of([Founding(1, "x"), *came, run])
    assert [held(index, name).checked_at for name in NAMES] == [at(6), at(6), at(4), at(5)]


def test_a_range_leaves_what_came_after_it_began():
    """What was registered after the run began was not read, whatever a clock says of it."""
    run = Fixity(1, 10, as_of=2, through_at=at(9), through="f" * 64)
    index = index_of([Founding(1, "x"), accession(NAMES[0]), accession(NAMES[1]), run])
    assert [held(index, name).checked_at for name in NAMES[:2]] == [at(4), at(3)]


def test_what_was_removed_stays_known_and_is_not_looked_for():
    """A removed object is known by name, is never read again and is no candidate."""
    index = index_of(
        [
            Founding(1, "x"),
            accession(NAMES[0], readability="readable"),
            Removal(NAMES[0], "asked for"),
            Fixity(1, 10, as_of=3, through_at=at(9), through="f" * 64),
        ]
    )
    assert held(index, NAMES[0]).condition == "removed"
    assert list(index.oldest_checked()) == []
    assert list(index.unsealed()) == []


def test_statements_are_kept_in_order():
    """All that was stated about an object is read back, oldest first."""
    given = accession(NAMES[0], rights=(statement(1), statement(2)))
    index = index_of([Founding(1, "x"), given, Rights(NAMES[0], statement(3)), given])
    stated = [one.stated_at for one in index.statements(Sha256.parse(NAMES[0]))]
    assert stated == [at(1), at(2), at(3), at(1), at(2)]


def test_a_volume_is_known_by_its_whole_line():
    """What the register says of a volume is read back as it was written."""
    volume = Volume("x-open-all-00001", "open", 1, 10, *["a" * 64] * 3, "b" * 40)
    assert index_of([Founding(1, "x"), volume]).volumes() == [volume]
