"""The page of an item: facts, copies, torrents, reports, removals."""

import hashlib
import json
from urllib.parse import parse_qs, quote, urlsplit

import libtorrent as lt
import pytest
from tests.cli.phono import Phono, copy_archive

from listen.door import open_on_loopback
from phonotheque.archive.listening import reports
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.archive.listening.reports import FiledReports, private_disk
from phonotheque.catalogue.gids import gid_of
from phonotheque.catalogue.kinds import Kind
from phonotheque.errors import UnavailableError
from phonotheque.listen.items.room import LETTERS_A_DAY
from phonotheque.listen.items.values import Concern, Message
from phonotheque.listen.values import Choice


@pytest.fixture(scope="module")
def library(door):
    found = ArchiveLibrary(door.root)
    yield found
    found.close()


@pytest.fixture(scope="module")
def songs(library):
    """Songs that the archive has, by whether everybody may copy them."""
    hits = library.listing(Choice(kind=Kind.RECORDING, is_held=True)).hits
    return {free: [hit for hit in hits if hit.is_free is free] for free in (True, False)}


def accession(door, sha256):
    return next(one for one in Phono(door.root).events("accession") if one["sha256"] == sha256)


def test_an_item_tells_files_rights_integrity_copies_and_history(door, library, songs):
    """The page has what the register says: digest, size, licence, volume, and its lines."""
    hit = songs[True][0]
    (sha256,) = library.objects(hit.gid)
    page = door.get(f"/item/{hit.gid}")
    assert page.status == 200
    line = accession(door, sha256.hex)
    for told in (
        sha256.hex,
        "CC BY 4.0",
        "Intact",
        "small-records-open-all-00002",  # what took the place of the first, without the removed one
        f"Register, line {line['seq']}.",
        f'href="/download/{hit.gid}?form=original"',
        "/collection/Reels",
        f"sha256:{sha256.hex}",
    ):
        assert told in page.text
    assert "we made it" not in page.text  # evidence is kept, not published


def test_the_magnet_of_an_item_asks_for_its_one_file(door, library, songs):
    """`so=` is the number that a stock library gives the object's file in the volume's torrent."""
    for hit in songs[True]:
        (sha256,) = library.objects(hit.gid)
        item = door.get(f"/api/v1/items/{hit.gid}").json
        (copy,) = item["copies"]
        magnet = copy["magnet"]
        volume = door.get(f"/torrents/{copy['volume']}.torrent")
        layout = lt.torrent_info(lt.bdecode(volume.body)).layout()
        (number,) = parse_qs(urlsplit(magnet).query)["so"]
        assert sha256.hex in layout.file_path(int(number))
        where = Phono(door.root)("publish", "where", sha256.hex, "--json").expect(0).one()
        assert [one["magnet"] for one in where["torrents"] if one["is_offered"]] == [magnet]


def test_what_may_not_be_shared_says_why_and_has_no_address(door, songs):
    """An item of which nobody said anything is told, with the reason, and none of its files."""
    (hit,) = songs[False]
    page = door.get(f"/item/{hit.gid}")
    assert page.status == 200
    assert "Nothing is known about its rights" in page.text
    assert "/download/" not in page.text
    assert "magnet:" not in page.text


def test_a_removed_item_keeps_its_page_with_the_reason(door):
    """Its gid stays and answers 410 with the reason; its file and its volume are not there."""
    (removal,) = Phono(door.root).events("removal")
    log = door.get("/log").text
    assert "The maker asked for it" in log
    assert "Somebody" not in log
    catalogue = Phono(door.root)("search", "Piece 003", "--json").out
    assert removal["sha256"] not in catalogue
    gid = gid_of("holdings", "recording", removal["sha256"])
    page = door.get(f"/item/{gid}", Accept="text/html")
    assert page.status == 410
    assert "The maker asked for it" in page.text
    assert door.get("/torrents/small-records-open-all-00001.torrent").status == 404


def test_the_name_of_a_file_leads_to_its_item(door, library, songs):
    """`/item/<sha256>` goes to the item's page; what nothing has is not found."""
    hit = songs[True][0]
    (sha256,) = library.objects(hit.gid)
    moved = door.get(f"/item/{sha256.hex}")
    assert (moved.status, moved.headers["location"]) == (302, f"/item/{hit.gid}")
    for name in ("0" * 64, "nothing", "2aa6a2c1-b867-58c7-8f34-330d200e67ae", "%00"):
        assert door.get(f"/item/{name}").status == 404


def test_a_report_is_durable_and_leads_to_what_came_of_it(door, songs):
    """What is sent is kept for the operator, and its page tells when it was closed."""
    gid = songs[True][0].gid
    fields = {"concern": "damaged", "item": str(gid), "words": "It crackles\nat 0:05", "name": "A"}
    sent = door.post(f"/item/{gid}/report", fields)
    assert sent.status == 303
    number = sent.headers["location"].removeprefix("/report/")
    assert "waits to be read" in door.get(f"/report/{number}").text
    phono = Phono(door.root)
    kept = phono("reports", "show", number, "--json").expect(0).one()
    assert kept["message"]["words"] == "It crackles\nat 0:05"
    assert kept["message"]["items"] == [str(gid)]
    phono("reports", "close", number, "--answer", "Repaired from a mirror").expect(0)
    assert "Repaired from a mirror" in door.get(f"/report/{number}").text
    phono("reports", "forget", number).expect(0)
    assert not (door.root / f"journals/reports/{number}.json").exists()
    file = door.root / f"journals/reports/closed/{number}.json"
    assert json.loads(file.read_bytes())["message"]["name"] == ""
    assert file.stat().st_mode & 0o077 == 0


def test_what_a_form_cannot_say_is_refused_and_not_kept(door, songs):
    """A field that is missing, wrong or too long is named; nothing is written."""
    gid = str(songs[True][0].gid)
    good = {"concern": "other", "item": gid, "words": "x"}
    before = sum(1 for _ in FiledReports(private_disk(door.root)).all())
    for wrong in (
        {"concern": "nothing"},
        {"words": ""},
        {"words": "x" * 4001},
        {"name": "x" * 201},
        {"item": ["../../etc/passwd"]},
        {"item": [gid] * 101},
        {"concern": "remove"},  # without an address
        {"concern": "remove", "contact": "a@b.example"},  # without the oath
        {"junk": "x" * 70_000},
    ):
        assert door.post("/work", good | wrong).status == 400
    assert sum(1 for _ in FiledReports(private_disk(door.root)).all()) == before


def test_a_form_that_lacks_something_comes_back_filled_in(door, songs):
    """What was written stands in it, as no markup; each field that lacks something says what."""
    hit = songs[True][0]
    words = 'It is <b>mine</b>\nand "yours"'
    fields = {"concern": "remove", "item": str(hit.gid), "words": words, "name": 'A "B"'}
    for path, asked in (
        (f"/item/{hit.gid}/report", {}),
        ("/work", {"q": hit.title}),
        ("/work", {}),
    ):
        back = door.post(path, fields | asked)
        assert back.status == 400
        assert back.headers["cache-control"] == "no-store"
        for told in (
            "It is &lt;b&gt;mine&lt;/b&gt;\nand &#34;yours&#34;</textarea>",
            'value="A &#34;B&#34;"',
            'value="remove" checked',
            f'name="item" value="{hit.gid}"',
            'aria-invalid="true" aria-describedby="contact-w contact-h"',
            '<small class="wrong" id="contact-w">Give an address',
            'aria-invalid="true" aria-describedby="sworn-w"',
            '<small class="wrong" id="sworn-w">',
        ):
            assert told in back.text, (path, told)
        assert 'id="words-w"' not in back.text
    nothing = door.post("/work", {}).text
    assert 'id="concern-w"' in nothing
    assert 'id="words-w"' in nothing
    assert 'class="wrong"' not in door.get(f"/item/{hit.gid}/report").text


def _message(words="x"):
    return Message(concern=Concern.OTHER, items=(), words=words, name="A", contact="a@b.example")


def test_what_was_closed_takes_no_room_from_what_waits(tmp_path, monkeypatch):
    """However many reports were answered, the next one is taken; what waits is bounded."""
    monkeypatch.setattr(reports, "MOST_WAITING", 2)
    filed = FiledReports(private_disk(tmp_path))
    for _ in range(4):
        filed.close(filed.take(_message()), "Done")
    waiting = [filed.take(_message()) for _ in range(2)]
    with pytest.raises(UnavailableError):
        filed.take(_message())
    assert [one.number for one in filed.all() if not one.closed_at] == sorted(waiting)
    assert sum(1 for _ in filed.all()) == 6


def test_a_report_that_a_crash_left_in_both_places_is_closed(tmp_path):
    """It is one report, and forgetting who sent it leaves no copy of their name."""
    filed = FiledReports(private_disk(tmp_path))
    number = filed.take(_message("secret words"))
    waiting = tmp_path / reports.FOLDER / f"{number}.json"
    data = waiting.read_bytes()
    filed.close(number, "Done")
    waiting.write_bytes(data)
    assert [one.answer for one in filed.all()] == ["Done"]
    filed.forget(number)
    assert not any(b"secret" in path.read_bytes() for path in tmp_path.rglob("*.json"))


def test_one_address_does_not_fill_the_desk(stock, tmp_path):
    """After twenty letters in a day the next is refused, with a page that says so, and not kept."""
    phono = copy_archive(stock, tmp_path / "archive")
    fields = {"concern": "other", "words": "x"}
    with open_on_loopback(phono.root) as own:
        told = [own.post("/work", fields).status for _ in range(LETTERS_A_DAY + 1)]
    assert told == [303] * LETTERS_A_DAY + [503]
    assert sum(1 for _ in FiledReports(private_disk(phono.root)).all()) == LETTERS_A_DAY


def test_a_form_of_another_site_is_refused(door, songs):
    """A page elsewhere cannot send a report in a visitor's name."""
    fields = {"concern": "other", "item": str(songs[True][0].gid), "words": "x"}
    assert door.post("/work", fields, Sec_Fetch_Site="cross-site").status == 403
    assert door.post("/work", fields, Origin="https://elsewhere.example").status == 403


def test_somebody_finds_out_whether_their_work_is_here(door, songs):
    """A name finds what bears exactly that name; what is only like it, or nobody's, is not told."""
    credit = songs[True][0].credit
    mine = [hit for hit in (*songs[True], *songs[False]) if hit.credit == credit]
    page = door.get(f"/work?q={quote(credit)}").text
    assert "<mark>Yes.</mark>" in page
    for hit in mine:
        assert f'value="{hit.gid}"' in page
    assert page.count('name="item"') == len(mine)
    for nobody in ("Nobody Whatsoever", '" OR 1=1 --', "NEAR(", "*", "a" * 500, "%27%3B"):
        assert "<mark>Yes.</mark>" not in door.get(f"/work?q={quote(nobody)}").text


def test_what_is_published_stands_under_this_roof_and_nothing_else(door):
    """The torrents page with a way to the pages for listening, its papers and their addresses at
    the top; never a file of the archive."""
    assert door.get("/torrents").headers["location"] == "/torrents/"
    front = (door.root / "published/index.html").read_bytes()
    head = b'<nav aria-label="Main">'
    assert front.count(head) == 1
    home = front.replace(head, head + b'\n<a href="/">Listen</a>')
    shown = door.get("/torrents/")
    assert shown.body == door.get("/index.html").body == home
    assert shown.headers["etag"].strip('"') == hashlib.sha256(home).hexdigest()
    for name in ("torrents.json", "robots.txt", "tombstones.jsonl", "feeds/all.xml"):
        told = (door.root / "published" / name).read_bytes()
        assert door.get(f"/torrents/{name}").body == told
        assert door.get(f"/{name}").body == told
    for trick in ("phonotheque.toml", "register/000001.jsonl", "../people.sqlite", "%2e%2e/keys"):
        assert door.get(f"/torrents/{trick}").status == 404
        assert door.get(f"/{trick}").status == 404
