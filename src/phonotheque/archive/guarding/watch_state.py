"""A watch as a snapshot, and a snapshot as a watch: `state/guard/watch`.

Laws: what was remembered and how far the log was read are one file, so no event is counted twice
and none is lost; who did nothing for 60 days is forgotten, and no number says who it was.

It may be lost: the watch then reads all of the log that is kept, and the case book knows what was
decided. The form of the file is that of `phonotheque.guard.state`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from phonotheque.archive.guarding.descriptions import Descriptions
from phonotheque.archive.guarding.log_reading import Place
from phonotheque.archive.guarding.names import Names
from phonotheque.archive.guarding.suspicion import Suspicion, Told
from phonotheque.archive.guarding.takings import HAD, TRACKS, takings_of
from phonotheque.errors import MalformedError
from phonotheque.guard.canaries import Hits
from phonotheque.guard.detector import REMEMBERED_S, Guard
from phonotheque.guard.resuming import kept as kept_guard
from phonotheque.guard.resuming import resumed as resumed_guard
from phonotheque.guard.service import Service
from phonotheque.guard.state import Kept
from phonotheque.music.chain import Head

PATH = "state/guard/watch"
FORM = 4
"""Of what is kept; another one is learned anew."""

_UUID_BYTES = 16
_OF_TOLD = ("score", "now", "counted")

Numbers = npt.NDArray[np.int64]


def kept(suspicion: Suspicion, places: dict[str, Place], book: Head) -> Kept:
    """Return all that a watch remembers; between two turns.

    Args:
        book: The last line of the case book: who resumes holds the book against it.
    """
    names, count = suspicion.names, len(suspicion.names.accounts)
    found = kept_guard(suspicion.guard, sum(place.offset for place in places.values()))
    arrays = {
        name: array[:count] if name.startswith(("accounts.", "marks.")) else array
        for name, array in found.arrays.items()
    }
    over = [(account, *both) for account, both in suspicion.over.items()]
    told = suspicion.told
    arrays |= {
        **suspicion.takings.kept(),
        "music.genre": suspicion.guard.music.genre,
        "music.album": suspicion.guard.music.album,
        "names.accounts": np.frombuffer(bytes.fromhex("".join(names.called)), ">u8"),
        "names.addresses": np.array(sorted(names.addresses), np.int64),
        "names.items": _of_uuids(names.items),
        "names.asked": np.array(names.asked, np.int32),
        "names.genres": np.frombuffer("\n".join(names.genres).encode(), np.uint8),
        "names.albums": _of_uuids(names.albums),
        "names.album_numbers": np.array(list(names.albums.values()), np.int32),
        "hits.account": np.array([account for account, _ in suspicion.hits.all()], np.int64),
        "hits.item": _of_uuids(item for _, item in suspicion.hits.all()),
        "over": np.array(over, np.int64).reshape(-1, 3),
        "told.account": np.array(list(told), np.int64),
        "told.second": np.array([one.second for one in told.values()], np.int64),
        **{
            f"told.{name}": np.array([getattr(one, name) for one in told.values()], np.float64)
            for name in _OF_TOLD
        },
    }
    facts = {
        "form": FORM,
        "latest": suspicion.latest,
        "is_shadow": suspicion.is_shadow,
        "albums": [names.last_album, names.edition, names.version],
        "book": [book.seq, book.digest],
        "places": {name: asdict(place) for name, place in places.items()},
    }
    return Kept(found.offset, found.facts | facts, arrays)


def resumed(snapshot: Kept, descriptions: Descriptions) -> tuple[Suspicion, dict[str, Place], Head]:
    """Return the watch that a snapshot was made of, how far it had read, and the end of the book.

    Raises:
        MalformedError: It is of another form.
    """
    facts, arrays = snapshot.facts, snapshot.arrays
    if facts.get("form") != FORM:
        raise MalformedError(PATH, f"is of form {facts.get('form')}", "Remove it.")
    names = _names(snapshot)
    hits = Hits()
    asked = zip(arrays["hits.account"].tolist(), _to_uuids(arrays["hits.item"]), strict=True)
    for account, item in asked:
        hits.note(account, item)
    told = (arrays[f"told.{name}"].tolist() for name in ("score", "second", *_OF_TOLD[1:]))
    suspicion = Suspicion(
        descriptions=descriptions,
        guard=_guard(snapshot, len(names.accounts)),
        names=names,
        takings=takings_of(arrays),
        hits=hits,
        over={account: (since, count) for account, since, count in arrays["over"].tolist()},
        told=dict(zip(arrays["told.account"].tolist(), map(Told, *told), strict=True)),
        latest=facts["latest"],
        is_shadow=facts["is_shadow"],
    )
    places = {name: Place(**place) for name, place in facts["places"].items()}
    return suspicion, places, Head(*facts["book"])


def without_idle(snapshot: Kept, most_accounts: int) -> Kept:
    """Return a snapshot without those who did nothing for 60 days; itself if they are few.

    When there is no room for more accounts, those go at once who never had a whole recording: to
    fill it costs as much as to listen then, and not a byte each.
    """
    arrays = snapshot.arrays
    stays = arrays["accounts.last_second"] >= snapshot.facts["latest"] - REMEMBERED_S
    is_full = len(stays) >= most_accounts
    for name in ("recent", "before"):
        pairs, taken = arrays[f"takings.{name}"]
        stays[pairs[taken == HAD] // TRACKS if is_full else pairs // TRACKS] = True
    stays[arrays["told.account"][_is_recent(snapshot, "told.second")]] = True
    if stays.sum() > (0.9 * len(stays) if not is_full else len(stays) - 1):
        return snapshot
    numbers = np.where(stays, np.cumsum(stays) - 1, -1)
    return Kept(snapshot.offset, snapshot.facts, _renumbered(arrays, stays, numbers))


def _is_recent(snapshot: Kept, name: str) -> npt.NDArray[np.bool_]:
    recent: npt.NDArray[np.bool_] = snapshot.arrays[name] >= snapshot.facts["latest"] - REMEMBERED_S
    return recent


def _renumbered(
    arrays: dict[str, npt.NDArray[Any]], stays: npt.NDArray[np.bool_], numbers: Numbers
) -> dict[str, npt.NDArray[Any]]:
    found = dict(arrays)
    for name in arrays:
        if name.startswith(("accounts.", "marks.")) or name == "names.accounts":
            found[name] = arrays[name][stays]
    for column, others in (
        ("first_copies.account", ("first_copies.track", "first_copies.second")),
        ("hits.account", ("hits.item",)),
        ("told.account", ("told.second", *(f"told.{name}" for name in _OF_TOLD))),
        ("names.addresses", ()),
    ):
        rows = stays[arrays[column]]
        found[column] = numbers[arrays[column][rows]].astype(arrays[column].dtype)
        found |= {name: arrays[name][rows] for name in others}
    over = arrays["over"][stays[arrays["over"][:, 0]]].copy()
    over[:, 0] = numbers[over[:, 0]]
    found["over"] = over
    for name in ("takings.recent", "takings.before"):
        pairs, taken = arrays[name][:, stays[arrays[name][0] // TRACKS]]
        found[name] = np.array([numbers[pairs // TRACKS] * TRACKS + pairs % TRACKS, taken])
    return found


def _names(snapshot: Kept) -> Names:
    arrays = snapshot.arrays
    last_album, edition, version = snapshot.facts["albums"]
    albums = _to_uuids(arrays["names.albums"])
    called = _cut(arrays["names.accounts"].astype(">u8").tobytes().hex(), 16)
    items = _to_uuids(arrays["names.items"])
    genres = arrays["names.genres"].tobytes().decode()
    return Names(
        accounts={name: number for number, name in enumerate(called)},
        called=called,
        items={name: number for number, name in enumerate(items)},
        genres={name: number for number, name in enumerate(genres.split("\n"), 1) if name},
        albums=dict(zip(albums, arrays["names.album_numbers"].tolist(), strict=True)),
        addresses=set(arrays["names.addresses"].tolist()),
        last_album=last_album,
        version=version,
        edition=edition,
        asked=arrays["names.asked"].tolist(),
    )


def _guard(snapshot: Kept, accounts: int) -> Guard:
    genres, albums = (snapshot.arrays[f"music.{name}"] for name in ("genre", "album"))
    return resumed_guard(Service(max(1_024, accounts), genres, albums), snapshot)


def _of_uuids(texts: Iterable[str]) -> npt.NDArray[np.uint8]:
    joined = bytes.fromhex("".join(texts).replace("-", ""))
    return np.frombuffer(joined, np.uint8).reshape(-1, _UUID_BYTES)


def _to_uuids(data: npt.NDArray[np.uint8]) -> list[str]:
    """Texts of UUIDs. Not by `uuid.UUID`: a million of them took three seconds."""
    texts = _cut(data.tobytes().hex(), 2 * _UUID_BYTES)
    return [f"{one[:8]}-{one[8:12]}-{one[12:16]}-{one[16:20]}-{one[20:]}" for one in texts]


def _cut(text: str, digits: int) -> list[str]:
    return [text[begin : begin + digits] for begin in range(0, len(text), digits)]
