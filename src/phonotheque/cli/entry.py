"""What `phono show` says of a thing in the catalogue, by its gid, ISRC, barcode or number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from phonotheque.cli.output import format_bytes, print_json, print_table, printable

if TYPE_CHECKING:
    from phonotheque.archive.opening import Archive
    from phonotheque.catalogue.query.parsed import Identifier

MOST_SHOWN = 5
"""Things of one ISRC or barcode that are shown; of the others their number is told."""

Row = dict[str, Any]


def identifier_in(reference: str) -> Identifier | None:
    """Return what a reference names in the catalogue; None when it can name nothing there."""
    from phonotheque.catalogue.query.parsing import parse
    from phonotheque.errors import BadRequestError

    try:
        return parse(reference).identifier
    except BadRequestError:
        return None


def named_in_catalogue(archive: Archive, reference: str) -> Identifier | None:
    """Return what a reference names in the catalogue, unless it is the name of an object."""
    from phonotheque.archive.reference import resolve_object
    from phonotheque.errors import BadReferenceError

    named = identifier_in(reference)
    if named is not None:
        try:
            resolve_object(archive.index, reference)
        except BadReferenceError:
            return named
    return None


def show_entry(root: Path, reference: str, named: Identifier, *, as_json: bool) -> None:
    """Show what an identifier names.

    Raises:
        BadReferenceError: It names nothing.
        NoCatalogueError: There is no catalogue to look it up in.
    """
    records = _records(root, reference, named)
    for number, record in enumerate(records[:MOST_SHOWN]):
        if as_json:
            print_json(record)
        else:
            print("" if number == 0 else "\n", end="")
            _print(record)
    if len(records) > MOST_SHOWN and not as_json:
        print(
            f"\n{len(records) - MOST_SHOWN} more have this identifier: `phono search` lists them."
        )


def _records(root: Path, reference: str, named: Identifier) -> list[Row]:
    from uuid import UUID

    from phonotheque.archive.finding.portrait import portrait, stone
    from phonotheque.archive.finding.searching import SearchOptions, open_catalogue
    from phonotheque.archive.finding.standing import open_standings
    from phonotheque.catalogue.lookup.card import Tombstone
    from phonotheque.catalogue.query.parsed import Parsed, Scheme
    from phonotheque.errors import BadReferenceError

    with open_catalogue(root) as catalogue:
        asked = UUID(named.value) if named.scheme is Scheme.GID else None
        if asked is not None and isinstance(found := catalogue.lookup.by_gid(asked), Tombstone):
            return [stone(found)]
        cards = catalogue.find(Parsed(identifier=named), SearchOptions(limit=MOST_SHOWN + 1)).cards
        if not cards:
            raise BadReferenceError(
                reference,
                "nothing in the catalogue has it",
                "Check it, or `phono search` by words.",
            )
        with open_standings(root, catalogue) as standings:
            return [portrait(catalogue, standings, card, asked) for card in cards]


def _print(record: Row) -> None:
    rows = [("withdrawn", "")] if record.get("withdrawn") else []
    heads = _HEADS_OF_NAMES if record["kind"] in ("artist", "label") else _HEADS
    for name, value in record.items():
        if name == "asked" and value == record["gid"]:
            continue
        rows += [
            (heads.get(name, name) if number == 0 else "", printable(line))
            for number, line in enumerate(_lines(name, value, record))
        ]
    print_table(rows)


_HEADS = {
    "length_ms": "length",
    "is_held": "held",
    "score": "popularity",
    "popularity": "counted",
    "is_free": "free",
    "public_note": "note",
    "decided_at": "decided",
}
"""What people read in place of a key."""
_HEADS_OF_NAMES = {**_HEADS, "title": "name", "credit": "which one", "year": "since"}
"""The same where an artist or label is told of."""


def _lines(name: str, value: object, record: Row) -> list[str]:
    """A value as lines for people; nothing for what is not known."""
    if value in (None, "", [], False) or name == "withdrawn":
        return []
    if value is True:
        return ["yes"]
    if name == "length_ms":
        return [_length(value)]
    if name == "score":
        return [f"{value} of 100"]
    if isinstance(value, list):
        if name in ("recordings", "releases"):
            return [_mention(one, record["title"]) for one in value]
        words = _WORDS.get(name)
        return [words(one) if words else str(one) for one in value]
    return [str(value)]


def _length(length_ms: object) -> str:
    from phonotheque.cli.output import format_duration

    return format_duration(length_ms) if isinstance(length_ms, int) else ""


def _said(*parts: object) -> str:
    """Parts that are known, with spaces between."""
    return " ".join(str(part) for part in parts if part not in (None, ""))


def _label(one: Row) -> str:
    return _said(one["label"], one["catalog_number"])


def _track(one: Row) -> str:
    place = one["number"] or one["position"]
    place = f"{one['medium_position']}-{place}" if one["medium_position"] > 1 else place
    length = _length(one["length_ms"])
    held = "held" if one["is_held"] else ""
    return _said(f"{place}.", one["title"], f"({length})" if length else "", held)


def _mention(one: Row, of: str) -> str:
    """A recording or release, by whom unless that is the very one it is told of."""
    year = f"({one['year']})" if one["year"] else ""
    credit = f"by {one['credit']}" if one["credit"] not in (None, "", of) else ""
    number = ", ".join(filter(None, (one["label"], one["catalog_number"])))
    return _said(one["gid"], one["title"], year, credit, f"[{number}]" if number else "")


def _file(one: Row) -> str:
    size = format_bytes(one["size_bytes"]) if one["size_bytes"] else ""
    free = "free" if one["is_free"] else ""
    return _said(one["state"], free, one["codec"], size, one["sha256"] or one["address"])


def _popularity(one: Row) -> str:
    counts = (("total_listen_count", "times"), ("total_user_count", "people"))
    told = [f"{one[name]:,} {noun}" for name, noun in counts if one[name] is not None]
    told += [f"rated {one['rating']:.2f} of 1"] if one["rating"] is not None else []
    when = "" if one["period"] in (None, "all") else f"in {one['period']}"
    as_of = f"as of {one['as_of'][:10]}" if one["as_of"] else ""
    return _said(f"{one['source']}, {one['measure']}:", ", ".join(told), when, as_of)


def _licence(one: Row) -> str:
    raw = f"written {one['raw']!r}" if one["raw"] and one["raw"] != one["licence"] else ""
    return _said(f"{one['source']}:", one["licence"] or "not understood", raw)


def _link(one: Row) -> str:
    joined = "" if one["is_joined"] else "(not sure enough to be one)"
    return _said(
        one["one"], "and", one["other"], f"{one['reason']}, {one['confidence']:.2f}", joined
    )


def _source(one: Row) -> str:
    return _said(
        f"{one['title']}:",
        one["gid"],
        one["licence"] or "licence unknown",
        f"as of {one['as_of'][:10]}" if one["as_of"] else "",
    )


def _correction(one: Row) -> str:
    from phonotheque.catalogue.corrections.fields import readable

    value = readable(one["field"], one["value"]) if one["value"] is not None else "nothing"
    why = f"({one['reason']})" if one["reason"] else ""
    return _said(f"{one['field']}:", value, why, f"since {one['at'][:10]}")


_WORDS = {
    "labels": _label,
    "tracks": _track,
    "files": _file,
    "popularity": _popularity,
    "licences": _licence,
    "identifiers": lambda one: f"{one['scheme']} {one['value']}",
    "links": _link,
    "corrections": _correction,
    "sources": _source,
}
"""How one of a list is told."""
