"""What a release's card says of its terms where the release itself has none."""

import pytest

from catalogue.build.small import build_small, by, cards, song, together, write_source

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"


def built(root, licences, genres=(), own=None, untitled=()):
    """The card of a release whose songs have these licences and genres; these have no title."""
    keys = range(20, 20 + len(licences))
    rights = [
        {"entity_type": "recording", "entity": key, "licence": licence, "raw": "x"}
        for key, licence in zip(keys, licences, strict=True)
        if licence
    ]
    if own:
        rights.append({"entity_type": "release", "entity": 10, "licence": own, "raw": "x"})
    tags = [
        {"entity_type": "recording", "entity": key, "name": genre, "kind": "genre", "count": 1}
        for key, genre in zip(keys, genres, strict=False)
        if genre
    ]
    rows = together(
        by(1, "Somebody"),
        {
            "release": [{"key": 10, "title": "Odds", "artist_credit": 1}],
            "recording": [song(key, "" if key in untitled else f"Odd {key}") for key in keys],
            "track": [
                {"recording": key, "release": 10, "medium_position": 1, "position": place}
                for place, key in enumerate(keys, 1)
            ],
            "rights": rights,
            "tag": tags,
        },
    )
    write_source(root, "odds", rows)
    (card,) = cards(build_small(root), "release")
    return card


@pytest.mark.parametrize(
    ("licences", "own", "said"),
    [
        ((CC_BY, CC_BY), None, CC_BY),
        ((CC_BY, CC0), None, None),
        ((CC_BY, None), None, None),
        ((CC_BY, CC0), CC0, CC0),
    ],
)
def test_a_release_has_the_licence_that_all_its_recordings_have(tmp_path, licences, own, said):
    """Its own goes first; where recordings differ, or one has none, nothing is said of all."""
    assert built(tmp_path, licences, own=own)["licence"] == said


def test_a_recording_without_a_card_counts_where_all_have_to_agree(tmp_path):
    """What nobody knows the title, and so the licence, of is not under the licence of the rest."""
    assert built(tmp_path / "titled", (CC_BY, CC_BY))["licence"] == CC_BY
    card = built(tmp_path / "untitled", (CC_BY, CC_BY), untitled=(21,))
    assert (card["licence"], card["tracks"]) == (None, 2)


def test_a_release_has_the_genres_of_its_first_recording_that_has_any(tmp_path):
    """Who browses a genre finds its albums, too."""
    assert built(tmp_path, (None,) * 3, (None, "blues", "rock"))["genres"] == ["blues"]
