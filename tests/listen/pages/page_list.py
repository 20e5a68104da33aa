"""Every page there is, by name: for tests that hold for all of them."""

from __future__ import annotations

from listen.pages.shop import Shop, gid
from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.values import Gone

GONE = gid("what was removed")


def all_pages(shop: Shop) -> dict[str, str]:
    """Path of each page of a shop; `GONE` is put among what was removed."""
    shop.gone[GONE] = Gone(
        gid=GONE,
        kind="recording",
        reason="the rights holder asked for it",
        decided_at="2026-08-04T10:00:00Z",
    )
    song, album, artist, label = (
        shop.of(kind)[0].gid for kind in (Kind.RECORDING, Kind.RELEASE, Kind.ARTIST, Kind.LABEL)
    )
    return {
        "home": "/",
        "search": "/search",
        "found": "/search?q=rain",
        "nothing found": "/search?q=zzz",
        "one kind": "/search?q=a&kind=recording",
        "song": f"/song/{song}",
        "album": f"/album/{album}",
        "artist": f"/artist/{artist}",
        "label": f"/label/{label}",
        "songs of an artist": f"/artist/{artist}/songs",
        "albums of a label": f"/label/{label}/albums",
        "browse": "/browse",
        "new": "/browse?order=new",
        "heard": "/browse?order=heard",
        "genre": "/genre/field%20recording",
        "year": "/year/2019",
        "licence": "/licence/cc-by-sa?kind=albums",
        "collection": "/collection/netlabels",
        "shuffle": "/shuffle?seed=a",
        "player": "/player",
        "shelf": "/shelf",
        "help": "/help",
        "guard": "/about/guard",
        "embed": f"/embed/{album}",
        "removed": f"/song/{GONE}",
        "unknown": "/nothing/here",
    }
