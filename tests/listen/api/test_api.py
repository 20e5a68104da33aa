"""The API as a program meets it: what it finds, how it goes on, what it says when it cannot."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from phonotheque.listen.api.values import LookedUp, OfGid, Shelves
from phonotheque.listen.api.writing import encoded, plain
from phonotheque.listen.values import Choice, Facet, Gone, Hit, Pool
from phonotheque.music.digest import Sha256
from phonotheque.music.identifiers import check_digit

GID = "6d9e1f6c-2f8e-5b7e-9d0a-0c6f8f1f2a11"
PATHS = (
    "/counts",
    "/search?q=piece",
    "/suggest?q=pi",
    "/songs",
    "/albums?order=new",
    "/artists",
    "/labels",
    "/shelves/genre",
    "/draw?seed=a",
    "/charts/heard",
    "/lookup",
    "/openapi.json",
)


@pytest.fixture(scope="module")
def song(api):
    """A song that is held."""
    return api.json("/songs", params={"held": True})["hits"][0]


def test_one_thing_leads_to_the_next(api, song):
    """From a search to the song, its album, its artist and back by gids alone."""
    found = api.json("/search", params={"q": song["title"]})["hits"]
    assert song["gid"] in [one["gid"] for one in found]
    alone = api.json(f"/songs/{song['gid']}")
    assert alone["hit"] == song
    assert len(alone["objects"][0]) == 64
    album = api.json(f"/albums/{song['album']['gid']}")
    assert song["gid"] in [track["song"]["gid"] for track in album["tracks"]]
    artist = api.json(f"/artists/{song['artist']['gid']}")
    assert song["gid"] in [one["gid"] for one in artist["songs"]["hits"]]
    assert api.json(f"/gid/{song['gid']}") == song
    assert api.json(f"/items/{song['gid']}")["hit"]["gid"] == song["gid"]


@pytest.mark.parametrize("order", ["heard", "new"])
@pytest.mark.parametrize("kind", ["songs", "albums"])
def test_pages_put_together_are_the_whole_list(api, kind, order):
    """Gone on with by the address in Link, one entry at a time, a list is what it is at once."""
    whole = api.json(f"/{kind}", params={"order": order, "limit": 200})
    assert whole["after"] is None
    path, seen = f"/{kind}?order={order}&limit=1", []
    while path:
        reply = api.get(path)
        seen += reply.json()["hits"]
        link = reply.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("</api/v1") if link else ""
    assert seen == whole["hits"]


def test_what_was_removed_since_the_catalogue_was_built_is_gone(api, library):
    """It stands in no list and no search of what is held; its gid answers 410 with the reason."""
    every = api.json("/songs", params={"limit": 200})["hits"]
    (gone,) = [
        one for one in library.by_gids([_uuid(one) for one in every]) if isinstance(one, Gone)
    ]
    assert "asked for it" in gone.reason
    held = api.json("/songs", params={"held": True, "limit": 200})["hits"]
    assert str(gone.gid) not in [one["gid"] for one in held]
    for path in (f"/gid/{gone.gid}", f"/songs/{gone.gid}"):
        reply = api.get(path)
        assert reply.status_code == 410
        assert "asked for it" in reply.json()["detail"]
    assert library.objects(gone.gid) == ()
    (told,) = api.json("/lookup", params={"gid": str(gone.gid)})["gids"]
    assert told["hit"] is None
    assert told["gone"]["reason"] == gone.reason


def _uuid(hit):
    return UUID(hit["gid"])


def test_files_and_songs_name_each_other(library, song):
    """The files of a song are files of that song."""
    (name,) = library.objects(_uuid(song))
    found = library.song_of(name)
    assert isinstance(found, Hit)
    assert str(found.gid) == song["gid"]
    assert library.song_of(Sha256(bytes(32))) is None


def test_a_batch_answers_in_the_order_asked_for(api, song):
    """Known, unknown and repeated identifiers come back each in its place, by POST as by GET."""
    asked = [GID, song["gid"], GID, song["gid"]]
    posted = api.ask("POST", "/lookup", json={"gids": asked}).json()
    assert [one["asked"] for one in posted["gids"]] == asked
    assert [one["hit"] and one["hit"]["gid"] for one in posted["gids"]] == [
        None,
        song["gid"],
        None,
        song["gid"],
    ]
    assert api.json("/lookup", params={"gid": asked}) == posted


def test_codes_are_read_however_they_are_written(api):
    """An ISRC or barcode that nothing has finds nothing; what is none is told so."""
    digits = "400638133393"
    assert api.json("/isrc/de-a23-12-00001") == {"hits": []}
    assert api.json(f"/barcode/{digits}{check_digit(digits)}") == {"hits": []}
    for path in ("/isrc/nonsense", "/barcode/12", "/lookup?isrc=x"):
        assert api.get(path).status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_who_has_an_answer_is_told_so(api, path):
    """The same answer has the same strong ETag; sent back it is answered 304 without a body."""
    first = api.get(path)
    tag = first.headers["etag"]
    assert tag == api.get(path).headers["etag"]
    assert not tag.startswith("W/")
    for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        again = api.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert api.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_pages_of_any_site_may_read(api, path):
    """Answers, refusals and what is asked beforehand carry the headers of CORS; HEAD is as GET."""
    got, head = api.get(path), api.ask("HEAD", path)
    assert got.headers["access-control-allow-origin"] == "*"
    assert head.headers == got.headers
    asked = {"Origin": "https://elsewhere.test", "Access-Control-Request-Method": "GET"}
    before = api.ask("OPTIONS", path, headers=asked)
    assert before.status_code == 204
    assert "GET" in before.headers["access-control-allow-methods"]
    refused = api.get("/nothing")
    assert refused.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/songs", 405),
        ("GET", f"/gid/{GID}", 404),
        ("GET", "/gid/nonsense", 400),
        ("GET", "/songs?limit=0", 400),
        ("GET", "/songs?after=-1", 400),
        ("GET", "/songs?year_from=2000&year_to=1999", 400),
        ("GET", f"/songs?artist={GID}", 404),
        ("GET", "/songs?surprise=1", 400),
        ("GET", f"/albums?artist={GID}&label={GID}", 400),
        ("GET", "/search", 400),
        ("GET", "/search?q=kind:nonsense", 400),
        ("GET", f"/search?q={'x' * 5000}", 400),
        ("POST", "/lookup", 400),
        ("GET", "/shelves/nonsense", 400),
    ],
)
def test_a_refusal_is_a_problem_that_says_what_to_do(api, method, path, status):
    """Every refusal is `application/problem+json` with its status, code and the next step."""
    reply = api.ask(method, path)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json()
    assert told["status"] == status
    assert told["type"] == f"urn:phonotheque:error:{told['code']}"
    assert told["wrong"]
    assert told["todo"]


HOSTILE = (
    "' OR 1=1 --",
    "'; DROP TABLE recording; --",
    'title:"',
    '"',
    '""',
    "* AND NOT OR NEAR(",
    "NEAR(a b, 5)",
    "{title credit}: x",
    "rowid:1",
    "-",
    "^piece*",
    "tokens MATCH 'x'",
    "piece\x00null",
    "\ue000\ue001\U000f0000",
    "%' ESCAPE '\\",
    "((((((((((",
    "a:b:c",
    "\u202e\u2066<script>",
    "ORDER BY 1; SELECT * FROM sqlite_schema",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_syntax_of_sql_and_of_the_index_is_text(api, text):
    """What means something to SQLite or to its full-text index is words here, or refused."""
    for path in ("/search", "/suggest"):
        reply = api.get(path, params={"q": text})
        assert reply.status_code in (200, 400), reply.text
    for name in ("genre", "collection", "licence"):
        reply = api.get("/songs", params={name: text})
        assert reply.status_code in (200, 400), reply.text
        assert not reply.json().get("hits")


def test_a_draw_is_fair_and_never_twice(api):
    """Under one seed every song of the pool comes once, whatever the pages; without one the answer
    is never kept by anybody."""
    whole = api.json("/draw", params={"seed": "x", "free": False, "limit": 100})
    gids = [one["gid"] for one in whole["hits"]]
    assert len(gids) == len(set(gids)) >= 2
    seen, after = [], 0
    while after is not None:
        page = api.json("/draw", params={"seed": "x", "free": False, "limit": 1, "after": after})
        seen += [one["gid"] for one in page["hits"]]
        after = page["after"]
    assert seen == gids
    assert api.get("/draw").headers["cache-control"] == "no-store"
    assert api.json("/draw")["seed"] != api.json("/draw")["seed"]


def test_shelves_lead_to_as_many_songs_as_they_say(api):
    """A shelf's number is the number of songs in the list of its name."""
    name = {"genre": "genre", "licence": "licence", "collection": "collection"}
    for facet, parameter in name.items():
        for shelf in api.json(f"/shelves/{facet}")["shelves"]:
            asked = {parameter: shelf["name"], "held": facet != "collection" or None, "limit": 200}
            found = api.json("/songs", params={k: v for k, v in asked.items() if v is not None})
            gone = shelf["songs"] - len(found["hits"])
            assert 0 <= gone <= 1, (facet, shelf)  # the one that was removed since


def test_a_value_is_written_the_same_whoever_writes_it(api, library, song):
    """The fast way gives what the rule says, digests, gids and kinds included."""
    album, artist = UUID(song["album"]["gid"]), UUID(song["artist"]["gid"])
    values = (
        library.counts(),
        library.search(song["title"]),
        library.suggest(song["title"][:3]),
        library.song(UUID(song["gid"])),
        library.album(album),
        library.artist(artist),
        library.listing(Choice()),
        library.draw(Pool(), seed="a"),
        Shelves(library.shelves(Facet.LICENCE)),
        LookedUp((OfGid(album, gone=Gone(gid=album, kind="release")),)),
    )
    for value in values:
        assert encoded(value) == msgspec.json.encode(plain(value))
