"""The facts of a publication, from the run to the papers: what is told is what is so."""

import hashlib
import html
import json
from fnmatch import fnmatch

import pytest
from tests.cli.phono import LICENSED, contents, copy_archive, found
from tests.cli.small_music import make_music

from phonotheque.archive.bulk.bulk_door import Clerk, Closed
from phonotheque.archive.bulk.facts import write_facts
from phonotheque.archive.opening import open_to_write
from phonotheque.music.tdm_statement import SENTENCE, Emitter
from phonotheque.publish.facts.listing import listing_path, read_listing
from phonotheque.publish.index.form import read_index
from phonotheque.publish.web.digests import Digests

VOLUME = "small-records-open-all-00001"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Made once: six recordings, published."""
    folder = tmp_path_factory.mktemp("facts")
    make_music(folder / "music", 6)
    archive = found(folder / "archive")
    archive.add(folder / "music", *LICENSED)
    archive.publish()
    return archive


@pytest.fixture
def published(made, tmp_path):
    """A copy of it to work on."""
    return copy_archive(made.root, tmp_path / "archive")


def read(phono, path):
    """The bytes of a file that is published."""
    return (phono.root / "published" / path).read_bytes()


def listed(phono, volume=VOLUME):
    """The lines of a listing."""
    return read_listing((phono.root / listing_path(volume)).read_bytes(), volume)


def traces(phono):
    """What would show that a paper was written again: place on the disk and time."""
    papers = [*phono.root.glob("published/f*/*"), *phono.root.glob("published/*.txt")]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in papers}


def again(phono):
    """Write the facts once more; what was said about it."""
    with open_to_write(phono.root, "facts") as archive:
        return write_facts(archive)


def statement(phono, sha256, *words):
    """Let an archivist record what a right holder said."""
    return phono("rights", "set", sha256, "--licence", "CC-BY-4.0", *words)


def test_a_listing_has_a_line_for_every_file_of_the_torrent(published):
    """Objects and lists, in the torrent's order, with digests that the bytes have."""
    lines = listed(published)
    root = published.root / "volumes" / VOLUME
    assert [line.path for line in lines] == sorted(line.path for line in lines)
    assert len(lines) == 6 + 4
    for line in lines:
        data = (root / line.path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (line.size_bytes, line.sha256)
    music = [line for line in lines if line.tdm]
    assert len(music) == 6
    assert all(one.title and one.artists and one.licence and one.source for one in music)
    assert {one.tdm for one in music} == {"unknown"}


def test_nothing_is_written_when_nothing_changed(published):
    """A second run leaves every paper where it lies, and says nothing."""
    before = traces(published)
    assert again(published) == ""
    published.publish()
    assert traces(published) == before


def test_a_reservation_after_sealing_is_in_every_paper(published):
    """What a right holder says later is in listing, tdmrep.json and fact sheet, and goes again."""
    victim = next(line for line in listed(published) if line.tdm)
    done = statement(published, victim.sha256, "--tdm", "reserved", "--tdm-by", "holder")
    done.expect(0)
    assert again(published) != ""
    lines = {line.sha256: line for line in listed(published)}
    assert (lines[victim.sha256].tdm, lines[victim.sha256].tdm_by) == ("reserved", "holder")
    rules = json.loads(read(published, ".well-known/tdmrep.json"))
    assert rules == [{"location": f"/volumes/{VOLUME}/{victim.path}", "tdm-reservation": 1}]
    assert json.loads(read(published, "facts/fact-sheet.json"))["training"]["reserved"] == 1
    statement(published, victim.sha256, "--tdm", "not-reserved", "--tdm-by", "holder").expect(0)
    again(published)
    assert json.loads(read(published, ".well-known/tdmrep.json"))[0]["tdm-reservation"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--tdm", "reserved"),
        ("--tdm-by", "holder"),
        ("--tdm", "reserved", "--tdm-by", "law"),
        ("--tdm", "reserved", "--tdm-by", "p7"),
        ("--tdm", "perhaps", "--tdm-by", "holder"),
    ],
)
def test_a_reservation_needs_somebody_who_can_reserve(published, words):
    """Without who says so, or by one who cannot, nothing is written."""
    events = published.events()
    done = statement(published, listed(published)[0].sha256, *words).expect(2)
    assert "tdm" in done.err.lower()
    assert published.events() == events


def test_a_correction_after_sealing_is_in_the_listing(published):
    """The list inside the volume is for ever; the listing beside it says what is known now."""
    victim = next(line for line in listed(published) if line.tdm)
    published("edit", victim.sha256, "title=Another Name").expect(0)
    again(published)
    assert {line.sha256: line.title for line in listed(published)}[victim.sha256] == "Another Name"


def test_a_lost_listing_and_lost_facts_are_made_again_alike(published):
    """What is kept beside the archive can be lost; the same bytes come back."""
    before = (published.root / listing_path(VOLUME)).read_bytes()
    for lost in ("published/files", "state/facts"):
        for path in (published.root / lost).iterdir():
            path.unlink()
        assert again(published) != ""
        assert (published.root / listing_path(VOLUME)).read_bytes() == before


def test_a_rebuilt_index_changes_no_paper(published):
    """Facts follow from register and objects: with the index lost, every byte comes back."""
    names = ("fact-sheet.json", "fact-sheet.md", "croissant.json", "torrents.csv")
    before = [read(published, f"facts/{name}") for name in names]
    published("rebuild").expect(0)
    again(published)
    assert [read(published, f"facts/{name}") for name in names] == before


def test_a_listing_of_no_torrent_is_taken_away(published):
    """Files of ours that follow from nothing do not stay, once an index without them is out."""
    for folder, ending in (("published/files", "jsonl.zst"), ("state/facts", "json")):
        (published.root / folder / f"small-records-open-all-09999.{ending}").write_bytes(b"x")
    again(published)
    assert len(list(published.root.glob("*/f*/*09999*"))) == 2
    published.publish()
    assert not list(published.root.glob("*/f*/*09999*"))


def test_what_is_held_and_not_shared_is_counted_with_its_reason(published, tmp_path):
    """The sheet says what is not in it, and why."""
    make_music(tmp_path / "more", 3, seed=1)
    published.add(tmp_path / "more")
    published.publish()
    record = json.loads(read(published, "facts/fact-sheet.json"))
    (told,) = record["not_in_it"]
    assert told["recordings"] == 3
    assert "Nothing is known about its rights" in told["reason"]
    assert (record["held"]["recordings"], record["totals"]["recordings"]) == (9, 6)


def test_every_emitter_carries_the_statement(published):
    """Whatever speaks to people or programs says what holds for the training of AI."""
    silent = [emitter.name for emitter in Emitter if not _says(published, emitter)]
    assert not silent


SILENT = {
    "*.torrent": "sealed, and its README says it",
    "*.minisig": "a signature",
    "minisign.pub": "a key",
    "*.sha256": "digests",
    "packs/*": "what a pack's README speaks for",
    "metadata/*": "signed copies of other files, and their digests",
    "assets/*": "style, script and fonts",
    "lists/*": "names and addresses of torrents for clients, whose files say it",
    "choice.json": "figures for the page's own script",
    "health-history.csv": "figures of seeders",
    "facts/torrents.csv": "a table without a place for words; its columns count reservations",
    "tombstones.jsonl": "what is not offered any more",
}
"""Published files that do not speak, and why."""


def test_no_published_file_is_forgotten(published):
    """Each is an emitter, or one of a few that have nothing to say it with."""
    root = published.root / "published"
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    known = {emitter.value for emitter in Emitter} | set(SILENT)
    forgotten = {file for file in files if not any(fnmatch(file, one) for one in known)}
    assert not forgotten


def _says(phono, emitter):
    """Whether all that an emitter sends out has the statement, in words or as its form allows."""
    published = phono.root / "published"
    match emitter:
        case Emitter.TDMREP:  # has no place for words: a line for each reservation, and only these
            return isinstance(json.loads(read(phono, emitter.value)), list)
        case Emitter.LISTING:
            return all(line.tdm for line in listed(phono) if line.title)
        case Emitter.HEADERS:
            return _headers_say(phono)
        case Emitter.VOLUME_README:
            texts = [path.read_bytes() for path in phono.root.glob("objects/lists/*/README.txt")]
        case Emitter.INDEX:
            headers = [read_index(path.read_bytes())[0] for path in published.glob(emitter.value)]
            texts = [header.tdm.encode() for header in headers]
        case _:
            texts = [path.read_bytes() for path in published.glob(emitter.value)]
    return bool(texts) and all(map(_has_sentence, texts))


def _has_sentence(data):
    """Whether a text has the sentence, however its lines are broken and its signs escaped."""
    words = " ".join(data.decode().replace("\n# ", " ").split())
    return SENTENCE in html.unescape(words)


def _headers_say(phono):
    """Whether the server's answers, to pages and to recordings, carry the header."""
    victim = next(line for line in listed(phono) if line.tdm)
    paths = [("index.html",), (".well-known", "tdmrep.json"), ("volumes", VOLUME)]
    paths[2] += tuple(victim.path.split("/"))
    with Clerk(phono.root, Digests(), Closed()) as clerk:
        for path in paths:
            resource = clerk.find(path)
            resource.file.close()
            if resource.shown.fields["Content-Usage"] != "train-ai=n":
                return False
    return True


def test_an_idle_run_after_a_retirement_writes_nothing(published, tmp_path):
    """What names listings names those that are offered, so sweeping the others changes nothing."""
    make_music(tmp_path / "more", 1, seed=3)
    published.add(tmp_path / "more", *LICENSED)  # packs are made anew, the old ones retired
    published.publish()
    before = contents(published.root / "published")
    published.publish()
    assert contents(published.root / "published").items() <= before.items()  # old ones may go
    listings = {path.name for path in published.root.glob("published/files/*")}
    signed = read(published, "listings.sha256").decode().split()
    assert {path.removeprefix("files/") for path in signed[1::2]} == listings
