"""Discogs from dumps that are damaged, or made to do harm."""

import gzip
import random
import tracemalloc

import pytest
from tests.catalogue.sources.discogs_dump import dump, release, track, write_dumps

from phonotheque.catalogue.sources.discogs import elements
from phonotheque.catalogue.sources.discogs.source import Discogs
from phonotheque.catalogue.sources.reading.stream import Limits
from phonotheque.errors import MalformedError, PhonothequeError

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE releases [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY {chr(n)} "{f"&{chr(n - 1)};" * 10}">'.encode() for n in range(ord("b"), ord("k"))
    )
    + b"]>"
)


def read(folder, **options):
    """Keys of the releases in a folder, and the reasons of all refusals."""
    batches = list(Discogs([folder], **options).batches())
    keys = [
        key
        for one in batches
        if "release" in one.rows
        for key in one.rows["release"]["key"].to_pylist()
    ]
    return keys, [one.reason for batch in batches for one in batch.refusals]


def put(folder, data):
    (folder / "releases.xml").write_bytes(data)
    return folder


def test_a_declared_entity_is_never_read(tmp_path):
    """A document type ends the import wherever it stands; nothing is expanded."""
    bomb = '<release id="1"><title>&j;</title></release>'
    whole = dump("release", [bomb])
    with pytest.raises(MalformedError, match="declares a document type"):
        read(
            put(tmp_path, LAUGHS + whole.removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>\n'))
        )
    with pytest.raises(MalformedError, match="declares a document type"):
        read(put(tmp_path, whole + LAUGHS + whole))
    assert read(put(tmp_path, whole)) == ([], ["an entity that XML does not have"])
    inner = f'<release id="1"><!DOCTYPE x [<!ENTITY j "x">]>{bomb[16:]}'
    assert read(put(tmp_path, dump("release", [inner, release(2, "y")]))) == (
        *([2], ["XML that is not well-formed"]),
    )


def test_what_stands_between_is_refused_once(tmp_path):
    """Junk between two elements is one refusal, however long it is; both elements come."""
    junk = b"\x00\xff junk <b>of all sorts</b>"
    for between in (junk, junk * 20_000):
        data = dump("release", [release(1, "x"), between, release(2, "y")])
        assert read(put(tmp_path, data)) == ([1, 2], ["something that is no element of this dump"])


@pytest.mark.parametrize("run", [b" \n" * 1_000, b"<!-- x -->" * 300, b"<!-- x -->\n" * 300])
def test_a_long_run_before_junk_is_gone_through_once(tmp_path, run):
    """Blanks and comments, however many, before what does not belong there take no time."""
    (tmp_path / "README.txt").write_bytes(run + b"words")
    (tmp_path / "page.html").write_bytes(run + b"<!DOCTYPE html><p>" + run)
    whole = dump("release", [release(1, "x"), run + b"<junk/>", release(2, "y")])
    data = run + whole.partition(b"\n")[2]
    assert read(put(tmp_path, data)) == ([1, 2], ["something that is no element of this dump"])


def test_a_comment_ends_where_it_ends(tmp_path):
    """What stands behind the end of a comment is junk, though another end follows."""
    between = b"<!-- x --> junk --> <!-- y -->"
    data = dump("release", [release(1, "x"), between, release(2, "y")])
    assert read(put(tmp_path, data)) == ([1, 2], ["something that is no element of this dump"])
    data = dump("release", [release(1, "x"), b"<!-- x --> <!-- junk -->", release(2, "y")])
    assert read(put(tmp_path, data)) == ([1, 2], [])


@pytest.mark.parametrize("lines", [1, 3_000])
def test_a_refusal_tells_its_line(tmp_path, lines):
    """The place of a refusal is the line on which it begins."""
    notes = release(1, "x", notes="\n" * lines)
    broken = b'<release id="2"><title></release>'
    put(tmp_path, dump("release", [notes, broken, b"junk", release(3, "y", released="?")]))
    batches = Discogs([tmp_path]).batches()
    assert [one.place for batch in batches for one in batch.refusals] == [
        f"releases.xml, line {lines + line:,}" for line in (4, 5, 6)
    ]


def test_an_element_that_is_too_long_is_passed_over(tmp_path):
    """It is refused without being held, and what follows it is read."""
    long = release(1, "x" * (24 << 20))
    put(tmp_path, dump("release", [release(5, "a"), long, release(6, "b"), release(7, "c")]))
    del long
    read(tmp_path, most_bytes=1 << 20)  # whatever is imported late is there now
    tracemalloc.start()
    try:
        found = read(tmp_path, most_bytes=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert found == ([5, 6, 7], ["an element of more than 32 MiB"])


def test_an_element_of_too_many_tags_is_refused(tmp_path, monkeypatch):
    """An element that would take hundreds of times its length in memory is not parsed."""
    monkeypatch.setattr(elements, "MOST_TAGS", 200_000)
    put(tmp_path, dump("release", [release(2, "y", genres=["<a/>" * 300_000]), release(3, "z")]))
    assert read(tmp_path) == ([3], ["an element of more than 1,048,576 tags"])


def test_deep_elements(tmp_path):
    """Nesting as deep as an element has room for is read like any other."""
    deep = 200_000
    nested = release(1, "x", series=["<a>" * deep + "</a>" * deep])
    assert read(put(tmp_path, dump("release", [nested, release(2, "y")]))) == ([1, 2], [])


def test_what_ends_early(tmp_path):
    """A dump that ends before its root does is no dump, packed or not."""
    whole = dump(
        "release", [release(n, f"r{n}", tracklist=[track("1", "a")]) for n in range(1, 40)]
    )
    with pytest.raises(MalformedError, match="ends before its releases do"):
        read(put(tmp_path, whole[:-20]))
    with pytest.raises(MalformedError, match="ends before its releases do"):
        read(put(tmp_path, whole[: len(whole) // 2]))
    with pytest.raises(MalformedError, match="ends early"):
        read(put(tmp_path, gzip.compress(whole)[:-9]))


def test_a_bomb_of_gzip_is_stopped(tmp_path):
    """What unpacks to more than a dump of text can is no dump."""
    bomb = gzip.compress(dump("release", [release(1, " " * (4 << 20))]), 9)
    with pytest.raises(MalformedError, match="more than 250"):
        read(put(tmp_path, bomb), limits=Limits(free_bytes=1 << 20))


def test_another_encoding_is_refused(tmp_path):
    """A dump that says it is not written in UTF-8 is not read as if it were."""
    data = dump("release", [release(1, "x")]).replace(b"UTF-8", b"ISO-8859-1")
    with pytest.raises(MalformedError, match="ISO-8859-1"):
        read(put(tmp_path, data))


def test_one_broken_byte_costs_its_neighbours_at_most(tmp_path):
    """Whatever byte is changed, at most two elements are lost, or the import ends in words."""
    chance = random.Random(7)
    count, read_to_the_end = 12, 0
    whole = dump("release", [release(n, f"r{n}", country="US") for n in range(1, count + 1)])
    for _ in range(60):
        place, byte = chance.randrange(len(whole)), chance.choice(b"<>&/\x00\xff x\n\"'-!?")
        changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
        try:
            keys, _ = read(put(tmp_path, changed))
        except PhonothequeError:
            continue
        read_to_the_end += 1
        assert len(set(range(1, count + 1)) - set(keys)) <= 2, (place, byte)
    assert read_to_the_end > 50


def test_cut_anywhere_it_reads_the_same(tmp_path):
    """How much is read at once changes nothing: elements may end anywhere in a block."""
    labels = (
        b"<labels><label><id>1</id><name>a</name><sublabels><label id='2'>b</label></sublabels>"
    )
    data = labels + b"</label>\n junk <!-- x --><label><id>2</id><name>b</name></label>"
    data += b"<label><id>3</id><sublabels><label>d</label><label></label></sublabels></label>"
    data += b"<label><sublabels><label>e</label> <label>\n<id>4</id></label></labels>"
    path = tmp_path / "labels.xml"
    path.write_bytes(data)
    wanted = None
    for size in (*range(1, 40), 1 << 20):
        with elements.Stream(path) as stream:
            cut = elements.Elements(stream, elements.KINDS[1], block_bytes=size)
            found = [(type(one), one.line, getattr(one, "data", b"")) for one in cut]
        wanted = wanted or found
        assert found == wanted, size
    assert [one for one, _, _ in wanted].count(elements.Piece) == 4
    assert len(wanted) == 6


@pytest.mark.torture
def test_an_element_of_200_mb(tmp_path):
    """Two hundred megabytes in one element are passed over; the importer holds 32 MiB of them."""
    with (tmp_path / "releases.xml").open("wb") as file:
        file.write(b'<releases>\n<release id="1"><title>')
        for _ in range(200):
            file.write(b"abcdefg " * 125_000)
        file.write(b"</title></release>\n")
        file.write(dump("release", [release(2, "x")]).partition(b"<releases>")[2])
    tracemalloc.start()
    try:
        assert read(tmp_path) == ([2], ["an element of more than 32 MiB"])
        assert tracemalloc.get_traced_memory()[1] < 128 << 20
    finally:
        tracemalloc.stop()


def test_dumps_of_every_kind_survive_a_broken_neighbour(tmp_path):
    """An artist, label or master that cannot be read takes no other with it."""
    for kind in ("artist", "label"):
        whole = "<%s><id>%d</id><name>n</name></%s>"
        broken = [f"<{kind}><id>1</id><name>n</nome></{kind}>", f"<{kind}><id>2</id>"]
        write_dumps(tmp_path, {kind: [*broken, whole % (kind, 3, kind)]})
    batches = list(Discogs([tmp_path]).batches())
    assert sum(batch.refused for batch in batches) == 4
    for kind in ("artist", "label"):
        found = [one.rows[kind]["key"].to_pylist() for one in batches if kind in one.rows]
        assert found == [[3]]
