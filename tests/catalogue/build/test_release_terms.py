"""What a release's card says of its terms where the release itself has none."""

import pytest

from catalogue.build.small import build_small, by, cards, song, together, write_source

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"

SONGS = 10
"""Keys from that of a release on that are those of its songs."""


def odds(release, licences, genres=(), own=None, untitled=()):
    """A release whose songs have these licences and genres; those of these places have no title."""
    keys = range(release + 1, release + 1 + len(licences))
    rights = [
        {"entity_type": "recording", "entity": key, "licence": licence, "raw": "x"}
        for key, licence in zip(keys, licences, strict=True)
        if licence
    ]
    if own:
        rights.append({"entity_type": "release", "entity": release, "licence": own, "raw": "x"})
    tags = [
        {"entity_type": "recording", "entity": key, "name": genre, "kind": "genre", "count": 1}
        for key, genre in zip(keys, genres, strict=False)
        if genre
    ]
    return {
        "release": [{"key": release, "title": f"Odds {release}", "artist_credit": 1}],
        "recording": [
            song(key, "" if place in untitled else f"Odd {key}") for place, key in enumerate(keys)
        ],
        "track": [
            {"recording": key, "release": release, "medium_position": 1, "position": place}
            for place, key in enumerate(keys, 1)
        ],
        "rights": rights,
        "tag": tags,
    }


AGREED = [
    ((CC_BY, CC_BY), None, CC_BY),
    ((CC_BY, CC0), None, None),
    ((CC_BY, None), None, None),
    ((CC_BY, CC0), CC0, CC0),
]
"""Licences of the songs, that of the release itself, and what its card says."""

UNTITLED, GENRES = (SONGS * (len(AGREED) + place) for place in (1, 2))
"""Keys of two more releases."""


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """The cards of all of these releases, by their keys: they have nothing in common."""
    root = tmp_path_factory.mktemp("odds")
    agreed = [
        odds(SONGS * number, licences, own=own)
        for number, (licences, own, _) in enumerate(AGREED, 1)
    ]
    untitled = odds(UNTITLED, (CC_BY, CC_BY), untitled=(1,))
    genres = odds(GENRES, (None,) * 3, (None, "blues", "rock"))
    write_source(root, "odds", together(by(1, "Somebody"), *agreed, untitled, genres))
    made = {int(card["title"].split()[1]): card for card in cards(build_small(root), "release")}
    assert len(made) == len(AGREED) + 2
    return made


@pytest.mark.parametrize("number", range(1, len(AGREED) + 1))
def test_a_release_has_the_licence_that_all_its_recordings_have(releases, number):
    """Its own goes first; where recordings differ, or one has none, nothing is said of all."""
    (*_, said) = AGREED[number - 1]
    assert releases[SONGS * number]["licence"] == said


def test_a_recording_without_a_card_counts_where_all_have_to_agree(releases):
    """What nobody knows the title, and so the licence, of is not under the licence of the rest."""
    assert releases[SONGS]["licence"] == CC_BY  # of two such songs that have titles
    card = releases[UNTITLED]
    assert (card["licence"], card["tracks"]) == (None, 2)


def test_a_release_has_the_genres_of_its_first_recording_that_has_any(releases):
    """Who browses a genre finds its albums, too."""
    assert releases[GENRES]["genres"] == ["blues"]
