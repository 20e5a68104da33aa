"""Names and evidence: kept apart, found by id or digest, erasable without a trace."""

import hashlib
import json
import random
import shutil
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import DiskFailedError, NotHeldError
from phonotheque.register.people import People

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.sqlite"


@given(st.lists(names, min_size=1, max_size=8))
def test_one_name_has_one_id(given_names):
    """The same name has the same id, different names have different ones, and each is found."""
    people = People(":memory:")
    ids = [people.person(name) for name in given_names]
    assert len(set(ids)) == len(set(given_names))
    assert [people.name_of(id_) for id_ in ids] == given_names


@given(names)
def test_a_text_is_found_by_its_digest(text):
    """The digest is that of the kept document, and the same text has the same one."""
    people = People(":memory:")
    digest = people.document(text)
    assert people.document(text) == digest
    assert people.text_of(digest) == text
    (body,) = people._db.execute("SELECT body FROM document").fetchone()
    assert digest == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"


def test_a_digest_does_not_give_its_text_away():
    """Two archives give one text two digests: who has only the digest cannot try texts."""
    texts = [People(":memory:").document("we made it") for _ in range(2)]
    assert texts[0] != texts[1]
    plain = hashlib.sha256(json.dumps({"text": "we made it"}).encode()).hexdigest()
    assert f"sha256:{plain}" not in texts


def test_what_is_erased_is_gone_from_the_disk(path):
    """After erasing, neither name nor text stands anywhere in the file."""
    people = People(path)
    person, document = people.person("Zebulon Quince"), people.document("letter of Zebulon Quince")
    assert b"Zebulon" in path.read_bytes()
    people.erase(person)
    people.erase(document)
    people.close()
    assert b"Zebulon" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_no_piece_of_it_is_left_between_other_rows(path):
    """Also where rows of many lengths were moved about within their pages."""
    draw, people, held = random.Random(5), People(path), []
    for number in range(200):
        word = f"secret{number:03d}x"
        held.append((word, people.document(word * draw.randrange(1, 60))))
        if number % 3 == 0:
            erased, digest = held.pop(draw.randrange(len(held)))
            people.erase(digest)
            assert erased.encode() not in path.read_bytes()
    people.close()


def test_pieces_that_are_left_are_told(path):
    """Where the file cannot be written anew it says that it is erased; doing it again ends it."""
    people = People(path)
    person = people.person("Zebulon Quince")
    refuse = lambda: people._db.set_progress_handler(lambda: 1, 1)  # noqa: E731
    people._db.set_trace_callback(lambda said: said == "VACUUM" and refuse())
    with pytest.raises(DiskFailedError, match=r"it is erased, but pieces .*erase it again"):
        people.erase(person)
    assert People(path).name_of(person) is None
    People(path).erase(person)


def test_an_erased_id_is_never_given_again(path):
    """Whoever comes after an erased person is somebody else, also when the name is the same."""
    people = People(path)
    first = people.person("Zebulon Quince")
    people.erase(first)
    assert people.name_of(first) is None
    assert people.person("Zebulon Quince") != first
    assert people.person("Ada Example") != first


def test_an_erased_document_stays_known_as_erased(path):
    """Its digest stands in the register for ever; erasing twice is no error."""
    people = People(path)
    digest = people.document("a letter")
    people.erase(digest)
    people.erase(digest)
    assert people.text_of(digest) is None
    assert people.document("a letter") != digest


@pytest.mark.parametrize("unknown", ["p99", f"sha256:{'0' * 64}"])
def test_what_was_never_known_cannot_be_erased(path, unknown):
    """An id or digest of nobody is refused, so that a slip is not taken for done."""
    with pytest.raises(NotHeldError, match=unknown):
        People(path).erase(unknown)


@pytest.mark.parametrize("id_", ["", "p", "x1", "11", "P1", "p1; DROP TABLE person", "p²"])
def test_an_id_of_nobody_has_no_name(path, id_):
    """Anything that is no id reads as unknown, and erases nobody."""
    people = People(path)
    people.person("Ada Example")
    assert people.name_of(id_) is None
    with pytest.raises(NotHeldError):
        people.erase(id_)
    assert people.name_of("p1") == "Ada Example"


def test_it_is_for_nobody_elses_eyes(path):
    """From its first moment on only its owner may read it, and no other file is left beside it."""
    People(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_it_is_synced_in_full(path):
    """Nothing of it can be made again, so every commit is on the disk when it returns (EXTRA)."""
    people = People(path)
    assert people._db.execute("PRAGMA synchronous").fetchone() == (3,)


def test_who_reads_makes_no_file_and_changes_none(path):
    """Looking is refused where nothing is, finds what is there, and what would change it is
    refused as read-only: no backup is advised."""
    with pytest.raises(DiskFailedError):
        People(path, is_reading=True)
    assert list(path.parent.iterdir()) == []
    person = People(path).person("Ada Example")
    reader = People(path, is_reading=True)
    assert reader.name_of(person) == "Ada Example"
    with pytest.raises(DiskFailedError, match=r"read-only for you\. See to its owner"):
        reader.person("Grace Example")


def test_what_a_killed_writer_left_half_done_is_taken_back_by_a_reader(path):
    """A change that was not committed is not seen, though its pages are in the file already."""
    people = People(path)
    person = people.person("Ada Example")
    people._db.executescript("PRAGMA cache_size = 1; BEGIN")
    people._db.execute("UPDATE person SET name = 'Nobody'")
    for number in range(200):
        people._db.execute("INSERT INTO person (name) VALUES (?)", (f"{number}" * 200,))
    left = path.with_name("left")
    left.mkdir()
    for file in path.parent.glob("people.sqlite*"):
        shutil.copyfile(file, left / file.name)
    assert (left / "people.sqlite-journal").stat().st_size
    reader = People(left / "people.sqlite", is_reading=True)
    assert reader.all() == [(person, "Ada Example")]


def test_a_file_that_is_no_database_is_refused_with_what_to_do(path):
    """A spoiled file is named with the backup it needs."""
    path.write_bytes(b"\x17" * 4000)
    with pytest.raises(DiskFailedError, match="backup"):
        People(path)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("SELECT * FROM person")
