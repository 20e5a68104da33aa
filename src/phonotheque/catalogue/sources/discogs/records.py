"""Elements of a dump read into records: of each only what has a place in the catalogue.

Laws: what cannot be used of an element is noted with a reason, and the rest of it stays; a heading
is no track; what an index groups are its tracks when they have places or lengths of their own,
else the index is the track, and they are only words.

Source: data.discogs.com; Discogs database guidelines 12 (tracklist) and 5 (barcodes and others).
Not here: who played what (`extraartists`), companies, films, pictures, notes and profiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from phonotheque.catalogue.sources.counting import Refusals
from phonotheque.catalogue.sources.discogs.names import Credit, Identity, credit_of, identity

MOST_TRACKS = 9_999
MOST_MEDIA = 999

NO_NUMBER = "an element without a number"
NAME_ALONE = "no number: known by its name alone"
NO_NAME = "an element without a name or title"
HEADING = "a heading, which is no track"
NO_TITLE = "a track without a title"
TOO_MANY_TRACKS = "tracks beyond 9,999"
TOO_MANY_MEDIA = "media beyond 999"
OTHER_BARCODE = "another barcode of the release"
HOMELESS_ISRC = "an ISRC that names no track"


Track = tuple[str, str, str, Credit | None, str]
"""A track: its place as printed (A1, 1-02), its title, its length as printed (4:45), who is named
for it alone, and the title of the index that it is a part of, "" for none."""


class Release(NamedTuple):
    """An edition. `master` is the number of what it is an edition of."""

    line: int
    key: int
    title: str
    credit: Credit | None
    master: int | None
    date: str | None
    country: str | None
    status: str | None
    barcode: str | None
    labels: tuple[tuple[Identity, str, str | None], ...]
    media: tuple[str | None, ...]
    tags: tuple[tuple[str, str], ...]
    tracks: tuple[Track, ...]
    isrcs: tuple[tuple[int, str], ...]


class Master(NamedTuple):
    """All editions of an album."""

    line: int
    key: int
    title: str
    credit: Credit | None
    year: str | None
    tags: tuple[tuple[str, str], ...]


class Named(NamedTuple):
    """An artist or a label."""

    line: int
    identity: Identity
    written: str
    type: str | None


Record = Release | Master | Named


def key_of_record(record: Record) -> int:
    """Return the key of a record: what it is known by."""
    return record.identity[0] if isinstance(record, Named) else record.key


def read_element(line: int, element: Element, refusals: Refusals) -> Record | None:
    """Read an element, or note why it cannot be used."""
    if element.tag in ("artist", "label"):
        return _named(line, element, refusals)
    number, title = element.get("id"), (element.findtext("title") or "").strip()
    found = identity(number, None)
    if found is None:
        refusals.row(line, NO_NUMBER, number or title)
    elif not title:
        refusals.row(line, NO_NAME, number or "")
    elif element.tag == "master":
        year = (element.findtext("year") or "").strip()
        parts = {one.tag: one for one in element}
        credit = credit_of(parts.get("artists"))
        return Master(line, found[0], title, credit, year.strip("0") and year, tuple(_tags(parts)))
    else:
        return _release(line, found[0], title, element, refusals)
    return None


def _named(line: int, element: Element, refusals: Refusals) -> Named | None:
    number, name = element.findtext("id"), (element.findtext("name") or "").strip()
    found = identity(number, name)
    if found is None:
        refusals.row(line, NO_NUMBER if number else NO_NAME, number or name)
    elif not name:
        refusals.row(line, NO_NAME, number or "")
    else:
        if found[1] is not None:
            refusals.value(line, NAME_ALONE, name)
        members = element.find("members")
        has_members = members is not None and len(members) > 0
        return Named(line, found, name, "Group" if has_members else None)
    return None


def _release(line: int, key: int, title: str, element: Element, refusals: Refusals) -> Release:
    parts = {one.tag: one for one in element}
    master = parts.get("master_id")
    group = identity(master.text, None) if master is not None else None
    media, told = _media(line, parts.get("formats", ()), refusals)
    tracks = _tracks(line, parts.get("tracklist", ()), refusals)
    barcode, isrcs = _identifiers(line, parts.get("identifiers", ()), tracks, refusals)
    return Release(
        line,
        key,
        title,
        credit_of(parts.get("artists")),
        group[0] if group else None,
        _text(parts.get("released")),
        _text(parts.get("country")),
        _status(told),
        barcode,
        tuple(_labels(parts.get("labels", ()))),
        media,
        tuple(_tags(parts)),
        tracks,
        isrcs,
    )


def _text(element: Element | None) -> str | None:
    return None if element is None else element.text


def _tags(parts: Mapping[str, Element]) -> Iterator[tuple[str, str]]:
    for kind in ("genre", "style"):
        for one in parts.get(f"{kind}s", ()):
            if one.text and (name := one.text.strip().lower()):
                yield kind, name


def _labels(labels: Iterable[Element]) -> Iterator[tuple[Identity, str, str | None]]:
    for label in labels:
        name, number = (label.get("name") or "").strip(), (label.get("catno") or "").strip()
        if name and (found := identity(label.get("id"), name)) is not None:
            yield found, name, None if number.lower() == "none" else number or None


# -- media -------------------------------------------------------------------------------------

_NO_MEDIA = frozenset(("All Media", "Box Set", "Hybrid"))
"""Formats that say how media are sold together, not what they are."""

_SIZES = frozenset(('7"', '10"', '12"'))


def _media(
    line: int, formats: Iterable[Element], refusals: Refusals
) -> tuple[tuple[str | None, ...], set[str]]:
    """The format of each medium, of which one element may stand for several, and what is told."""
    media: list[str | None] = []
    all_told: set[str] = set()
    for one in formats:
        name, quantity = one.get("name"), one.get("qty") or "1"
        told = {part.text or "" for inner in one for part in inner}
        all_told |= told
        if name in _NO_MEDIA:
            continue
        count = int(quantity[:6]) if quantity.isdecimal() else 1
        if count > MOST_MEDIA - len(media):
            refusals.value(line, TOO_MANY_MEDIA, quantity)
            count = MOST_MEDIA - len(media)
        media += [_format(name, told)] * count
    return tuple(media), all_told


def _format(name: str | None, told: set[str]) -> str | None:
    if name == "Vinyl":
        sizes = told & _SIZES
        return f"{min(sizes)} Vinyl" if len(sizes) == 1 else name
    return "Digital Media" if name == "File" else name or None


def _status(told: set[str]) -> str | None:
    if "Unofficial Release" in told:
        return "Bootleg"
    return "Promotion" if "Promo" in told else None


# -- tracks ------------------------------------------------------------------------------------


def _tracks(line: int, tracklist: Iterable[Element], refusals: Refusals) -> tuple[Track, ...]:
    """The tracks of a list. Where nothing has a place or a length, no heading can be told."""
    listed = list(map(_listed, tracklist))
    if any(one[5] is not None for one in listed):
        listed = list(_flat(listed))
    has_places = any(one[0] or one[2] for one in listed)
    found: list[Track] = []
    for one in listed:
        number, title, duration = one[:3]
        if not (number or duration) and has_places and one[5] is None:
            refusals.value(line, HEADING, title)
        elif not title:
            refusals.value(line, NO_TITLE, number)
        elif len(found) == MOST_TRACKS:
            refusals.value(line, TOO_MANY_TRACKS, title)
        else:
            found.append(one[:5])
    return tuple(found)


_Listed = tuple[str, str, str, Credit | None, str, Element | None]
"""A line of a list of tracks: as a track, and the element that holds its parts."""


def _listed(element: Element) -> _Listed:
    find = element.findtext
    number, title, duration = find("position", ""), find("title", ""), find("duration", "")
    if len(element) == 3:  # those three alone, as most have
        return number, title, duration, None, "", None
    credit = credit_of(element.find("artists"))
    return number, title, duration, credit, "", element.find("sub_tracks")


def _flat(listed: Sequence[_Listed]) -> Iterator[_Listed]:
    """Lines that may be tracks: where parts are tracks, they stand in for what they are parts of.

    What has parts that are none is a track, even without a place or a length.
    """
    for one in listed:
        parts = [] if one[5] is None else list(map(_listed, one[5]))
        if any(part[0] or part[2] for part in parts):
            for number, title, duration, credit, _, _ in parts:
                yield number, title, duration, credit or one[3], one[1], None
        else:
            yield one if parts else (*one[:5], None)


# -- identifiers -------------------------------------------------------------------------------


def _identifiers(
    line: int, identifiers: Iterable[Element], tracks: tuple[Track, ...], refusals: Refusals
) -> tuple[str | None, tuple[tuple[int, str], ...]]:
    """The barcode of a release, and ISRCs with the place of their track, from 1."""
    barcode: str | None = None
    isrcs: list[tuple[int, str]] = []
    for one in identifiers:
        kind, value = one.get("type"), (one.get("value") or "").strip()
        if not value:
            continue
        if kind == "Barcode":
            if barcode is None:
                barcode = value
            elif _bare(value) != _bare(barcode):
                refusals.value(line, OTHER_BARCODE, value)
        elif kind == "ISRC":
            place = _place_of(one.get("description"), tracks)
            if place:
                isrcs.append((place, value))
            else:
                refusals.value(line, HOMELESS_ISRC, value)
    return barcode, tuple(isrcs)


def _bare(value: str) -> str:
    return value.replace(" ", "").replace("-", "")


def _place_of(description: str | None, tracks: tuple[Track, ...]) -> int:
    """Which track an identifier is of: the one that it names, or the only one; 0 for none."""
    if len(tracks) == 1:
        return 1
    named = (description or "").strip().removeprefix("Track").strip()
    found = [place for place, one in enumerate(tracks, 1) if one[0] == named]
    return found[0] if named and len(found) == 1 else 0
