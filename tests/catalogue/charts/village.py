"""A small catalogue with something for every chart, and what a hand would count of it."""

from __future__ import annotations

from tests.catalogue.build.small import build_small, by, song, together, write_source

CC_BY = "https://creativecommons.org/licenses/by/4.0/"
HOSTILE = '<script>alert("x")</script>, & Sons'


def heard(entity, listens, listeners=None, measure="listens", kind="recording"):
    """A count of all time."""
    return {
        "entity_type": kind, "entity": entity, "measure": measure, "period": "all",
        "total_listen_count": listens, "total_user_count": listeners,
    }  # fmt: skip


def records():
    """A source that knows most: twelve recordings on three releases of two labels."""
    songs = [
        song(1, "One", length=120_000, explicit=True),
        song(2, "Two", length=120_500, explicit=False),
        song(3, HOSTILE, length=119_999),
        song(4, "Four", 2, length=700_000),
        song(5, "Five", 2, length=3_700_000),
        *(song(n, f"Song {n}", 2) for n in range(6, 13)),
    ]
    tracks = [
        {"recording": n, "release": 20 + n % 3, "medium_position": 1, "position": n}
        for n in range(1, 12)
    ]
    releases = [
        {"key": 20, "title": "A", "artist_credit": 1, "date": "1990", "country": "DE",
         "barcode": "00000000000017"},
        {"key": 21, "title": "B", "artist_credit": 2, "date": "1990-05", "country": "FR",
         "barcode": "00000000000017"},
        {"key": 22, "title": "C", "artist_credit": 2, "date": "2001", "country": "DE"},
    ]  # fmt: skip
    return together(
        by(1, "Ada Marrow"),
        by(2, "The Tide"),
        {
            "recording": songs,
            "release": releases,
            "track": tracks,
            "label": [{"key": 30, "name": "Boat"}, {"key": 31, "name": "Harbour"}],
            "release_label": [
                {"release": 20, "label": 30}, {"release": 21, "label": 30},
                {"release": 22, "label": 31},
            ],
            "isrc": [
                {"recording": 1, "isrc": "DEAAA0000001"}, {"recording": 2, "isrc": "DEAAA0000001"},
                {"recording": 2, "isrc": "DEAAA0000001"}, {"recording": 3, "isrc": "FRBBB0000002"},
            ],
            "tag": [
                {"entity_type": "recording", "entity": n, "name": name, "kind": "genre"}
                for n, name in ((1, "dub"), (2, "dub"), (2, "ambient"), (3, "ambient"), (4, "dub"))
            ],
            "rights": [
                {"entity_type": "recording", "entity": n, "licence": CC_BY, "raw": "by"}
                for n in (1, 2, 3, 6)
            ],
            "popularity": [
                heard(1, 900, 100), heard(2, 80, 5), heard(3, 400, 4), heard(4, 500),
                heard(5, 499), heard(6, 0, 0), heard(7, 1, 1),
            ],
            "file": [
                {"recording": n, "state": "elsewhere", "address": f"https://{host}/{n}.mp3"}
                for n, host in ((1, "one.example"), (2, "one.example"), (2, "two.example"),
                                (3, "one.example"), (3, "one.example"), (12, "one.example"))
            ],
        },
    )  # fmt: skip


def shelf():
    """Another source: what is held here, of which one recording is linked with one of the other."""
    return together(
        by(1, "Ada Marrow"),
        {
            "recording": [song(1, "One", length=120_000), song(2, "Only here")],
            "isrc": [{"recording": 1, "isrc": "DEAAA0000001"}],
            "file": [
                {"recording": 1, "state": "held", "is_free": True, "sha256": bytes(32)},
                {"recording": 2, "state": "held", "sha256": b"\1" * 32},
            ],
        },
    )


def village(root):
    """Build it; the snapshot."""
    write_source(root, "records", records(), licence=CC_BY)
    write_source(root, "shelf", shelf())
    return build_small(root)


def empty(root):
    """A catalogue that nothing was imported into."""
    write_source(root, "nothing", {"recording": []})
    return build_small(root)
