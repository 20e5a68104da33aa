"""The pages as they are sent: whole without scripts, and nothing in them that a stranger wrote."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from listen.pages.conftest import Asked
from listen.pages.page_list import GONE, all_pages
from listen.pages.shop import HOSTILE, Shop, gid, hostile_shop, make_shop_app
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.assets import house_assets
from phonotheque.music.rights import Code, Verdict

NAMES = sorted(all_pages(Shop()))
STATUS = {"removed": 410, "unknown": 404}


class Seen(HTMLParser):
    """Elements of a page: name and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag == name]


@pytest.fixture(scope="module")
def pages(shop):
    return all_pages(shop)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_answers_with_nothing_inside_that_a_policy_forbids(ask, pages, name):
    """No script, style or handler stands in a page, and nothing is asked of another house."""
    answer = ask(pages[name])
    assert answer.status_code == STATUS.get(name, 200)
    seen = Seen(answer.text)
    for script in seen.all("script"):
        assert (
            script.get("src", "").startswith("/assets/") or script["type"] == "application/ld+json"
        )
    assert not seen.all("style")
    for tag, attrs in seen.elements:
        assert not [key for key in attrs if key.startswith("on") or key == "style"]
        loaded = attrs.get("src") or (attrs.get("href") if tag == "link" else None)
        own = ("/", "http://door.test/", "https://creativecommons.org/")
        assert loaded is None or loaded.startswith(own)
    assert len(seen.all("h1")) == 1
    assert len(seen.all("main")) == 1


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    shop = hostile_shop()
    return shop, Asked(make_shop_app(shop, tmp_path_factory.mktemp("hostile")))


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"unknown"}))
def test_no_text_becomes_markup(attacked, name):
    """Titles, names, licences and genres full of attacks are shown as texts, and lead nowhere."""
    shop, ask = attacked
    text = ask(all_pages(shop)[name]).text
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert "\u202e" not in text
    seen = Seen(text)
    for _tag, attrs in seen.elements:
        assert not (attrs.get("href") or "").lower().startswith("javascript:")
        assert "onerror" not in attrs


def test_a_query_full_of_attacks_is_only_a_query(ask):
    """What was sought is shown as it was written, and nothing else."""
    for query in (HOSTILE, "' OR 1=1 --", '"a" NEAR/2 b*', "{{7*7}}", "\x00"):
        text = ask("/search", params={"q": query}).text
        assert "<img src=x" not in text
        assert ">49<" not in text


def test_a_removed_song_stays_and_says_why(ask, pages):
    """410, with the day and the reason."""
    answer = ask(f"/song/{GONE}")
    assert answer.status_code == 410
    assert "4 Aug 2026" in answer.text
    assert "the rights holder asked for it" in answer.text


def test_an_address_of_another_kind_leads_to_the_right_page(ask, shop):
    """A gid is found on whatever page it is asked for."""
    album = shop.of(Kind.RELEASE)[0].gid
    answer = ask(f"/song/{album}")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"/album/{album}"


def test_a_song_that_may_not_be_played_says_why(tmp_path):
    """The page of a kept song without leave has no button, and the reason."""
    shop = Shop()
    song = shop.of(Kind.RECORDING)[0]
    shop.refused[song.gid] = Verdict(Code.NOT_EVALUATED, "nobody has stated any rights")
    text = Asked(make_shop_app(shop, tmp_path))(f"/song/{song.gid}").text
    assert "nobody has stated any rights" in text
    assert not [one for one in Seen(text).all("a") if one.get("data-do") == "play"]
    assert "/download/" not in text
    shop.hits[song.gid] = kept = replace(song, is_free=False)
    album = shop.albums[song.album.gid]
    first = replace(album.tracks[0], song=kept)
    shop.albums[song.album.gid] = replace(album, tracks=(first, *album.tracks[1:]))
    rows = Seen(Asked(make_shop_app(shop, tmp_path))(f"/album/{song.album.gid}").text).all("li")
    assert sum("data-song" in row for row in rows) == len(album.tracks) - 1


def test_a_song_that_is_watched_says_so_and_a_free_one_has_no_need_to(tmp_path):
    """What may be heard and not be kept has on its page what is allowed, in whole sentences, and
    the way to what is counted; what is free, or not to be heard, has none."""
    shop = Shop()
    first, second, third = shop.of(Kind.RECORDING)[:3]
    reserved = "http://rightsstatements.org/vocab/InC/1.0/"
    for song in (first, second):
        shop.hits[song.gid] = replace(song, is_free=False, licence=reserved)
    shop.streamed = {first.gid}
    shop.refused[second.gid] = Verdict(Code.NOT_EVALUATED, "nobody has stated any rights")
    ask = Asked(make_shop_app(shop, tmp_path))
    text = ask(f"/song/{first.gid}").text
    assert "<b>In Copyright.</b> You may not copy it or pass it on" in text
    assert "; In Copyright" not in text
    main = [ask(f"/song/{one.gid}").text.partition("<main")[2] for one in (first, second, third)]
    assert ['href="/about/guard"' in one for one in main] == [True, False, False]


def test_without_scripts_a_song_is_a_link_to_its_sound(ask, shop):
    """Each play key is a link that the browser itself can follow."""
    album = shop.named("Office Hours")
    keys = [
        one
        for one in Seen(ask(f"/album/{album.gid}").text).all("a")
        if one.get("data-do") == "play"
    ]
    assert len(keys) == album.songs
    assert all(key["href"].startswith("/sound/") and key["aria-label"] for key in keys)


def test_the_player_is_told_what_the_page_shows(ask, shop):
    """The value beside each song is JSON with its title, makers and length."""
    album = shop.named("Office Hours")
    rows = [
        one["data-song"]
        for one in Seen(ask(f"/album/{album.gid}").text).all("li")
        if "data-song" in one
    ]
    first = json.loads(rows[0])
    assert first["title"] == "Lunch Is Rung"
    assert first["by"] == "Bureau of Small Bells"
    assert first["ms"] == shop.length_ms
    assert first["licence"] == "CC0"


def test_a_page_says_to_machines_what_it_is(ask, shop):
    """schema.org, OpenGraph and the licence stand in the head of a song and of an album."""
    song = shop.named("Small Rains")
    text = ask(f"/song/{song.gid}").text
    seen = Seen(text)
    schema = json.loads(text.partition('application/ld+json">')[2].partition("</script>")[0])
    assert schema["@type"] == "MusicRecording"
    assert schema["license"] == song.licence
    assert schema["byArtist"]["name"] == "Saltmarsh Relay"
    properties = {one.get("property"): one.get("content") for one in seen.all("meta")}
    assert properties["og:type"] == "music.song"
    assert properties["og:url"] == f"http://door.test/song/{song.gid}"
    assert [one["href"] for one in seen.all("link") if one["rel"] == "license"] == [song.licence]
    assert {one.get("name") for one in seen.all("meta")} >= {
        "ai-training-statement",
        "content-usage",
    }


def test_lists_go_on_by_key(tmp_path):
    """Each page of a list leads to the next one, and all together have everything once."""
    titles = tuple(f"Song {number}" for number in range(120))
    shop = Shop([("Long", "Somebody", "House", 2000, None, titles)])
    ask = Asked(make_shop_app(shop, tmp_path))
    path, found = "/browse?order=heard", []
    while path:
        seen = Seen(ask(path).text)
        found += [
            json.loads(one["data-song"])["title"] for one in seen.all("li") if "data-song" in one
        ]
        path = next((one["href"] for one in seen.all("a") if one.get("rel") == "next"), None)
    assert found == list(titles)


def test_a_draw_says_from_how_many_and_repeats_nothing(ask, shop):
    """The pool is counted aloud, the seed draws the same, and no song comes twice."""
    count = len(shop.of(Kind.RECORDING))
    first = ask("/shuffle.json?seed=a").json()
    assert first["count"] == count == len({song["gid"] for song in first["songs"]})
    assert ask("/shuffle.json?seed=a").json() == first
    assert f"each of the {count} recordings" in ask("/shuffle?seed=a").text
    refused = ask("/shuffle?after=x")
    assert refused.status_code == 422
    assert "it is no whole number" in refused.text
    assert ask("/shuffle").headers["cache-control"] == "no-store"


def test_a_page_that_did_not_change_is_not_sent_again(ask):
    """The second request is answered with 304, which says that it is of a page."""
    etag = ask("/help").headers["etag"]
    again = ask("/help", headers={"if-none-match": etag})
    assert again.status_code == 304
    assert again.headers["content-type"].startswith("text/html")


def test_head_says_what_get_does(ask, pages):
    """A page that is only asked about has the same status and headers."""
    for name in ("home", "album", "removed"):
        asked, got = ask(pages[name], "HEAD"), ask(pages[name])
        assert asked.status_code == got.status_code
        assert asked.headers == got.headers


def test_assets_may_be_kept_for_ever_and_old_ones_are_unknown(ask):
    """The address of a file changes with any file; a wrong one is not answered with another."""
    held = house_assets()
    answer = ask(f"{held.root}main.js")
    assert answer.headers["cache-control"].endswith("immutable")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert ask("/assets/0123456789abcdef/main.js").status_code == 404
    assert ask(f"{held.root}../shop.py").status_code == 404


def test_the_home_page_is_light(ask):
    """All that the first visit loads, without covers, is under 150 KB."""
    size_bytes = len(ask("/").content)
    for name in house_assets().files:
        if not name.endswith(".txt") and not name.startswith("words.") and name != "items.css":
            size_bytes += int(ask(f"{house_assets().root}{name}").headers["content-length"])
    assert size_bytes <= 150_000


def test_a_theme_that_was_chosen_is_in_the_page(ask):
    """A cookie of two words decides; anything else is ignored."""
    assert 'data-theme="dark"' in ask("/help", headers={"cookie": "theme=dark"}).text
    assert (
        "data-theme"
        not in ask("/help", headers={"cookie": 'theme="><script>'}).text.partition("<body")[0]
    )


def test_an_embedded_player_and_the_way_to_it(ask, shop):
    """oEmbed answers for songs and albums of this door with a frame; for nothing else."""
    album = shop.of(Kind.RELEASE)[0]
    told = ask("/oembed", params={"url": f"http://door.test/album/{album.gid}"}).json()
    assert f'src="http://door.test/embed/{album.gid}"' in told["html"]
    seen = Seen(ask(f"/embed/{album.gid}").text)
    (player,) = [one for tag, one in seen.elements if "data-embed" in one]
    assert len(json.loads(player["data-embed"])) == album.songs
    for url in (
        "http://elsewhere.test/album/1",
        "http://door.test/help",
        "",
        f"//door.test/album/{album.gid}",
    ):
        assert ask("/oembed", params={"url": url}).status_code == 404
    assert ask("/oembed", params={"url": "x", "format": "xml"}).status_code == 501


def test_a_sleeve_is_drawn_for_what_has_no_cover(ask, shop):
    """The same thing is drawn the same, another one otherwise; without sound it is still drawn."""
    one, other = (hit.gid for hit in shop.of(Kind.RELEASE)[:2])
    drawn = ask(f"/sleeve/{one}.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.content == ask(f"/sleeve/{one}.svg").content != ask(f"/sleeve/{other}.svg").content
    assert ask(f"/sleeve/{gid('nobody')}.svg").content.startswith(b"<svg")
