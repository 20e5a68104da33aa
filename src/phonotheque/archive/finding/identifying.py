"""Looking things up by what names them: one identifier, or a long list of them at once.

Not here: reading identifiers (`catalogue.query`), searching by words (`archive.finding.searching`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never
from uuid import UUID

from phonotheque.catalogue.lookup.card import Card, Tombstone
from phonotheque.catalogue.lookup.reader import Lookup
from phonotheque.catalogue.query.parsed import Identifier, Scheme
from phonotheque.music.identifiers import Gtin, Isrc

Named = tuple[Card | Tombstone, ...]
"""What an identifier names, the most popular first; a gid names one thing or none."""


def look_up(lookup: Lookup, identifiers: Sequence[Identifier]) -> list[Named]:
    """Return what each identifier names, in the order asked for.

    All of one scheme are looked up together, which costs a small part of one after the other.

    Raises:
        MalformedError: The file of identifiers is damaged.
    """
    found: list[Named] = [()] * len(identifiers)
    for scheme in Scheme:
        places = [i for i, one in enumerate(identifiers) if one.scheme is scheme]
        if places:
            values = [identifiers[i].value for i in places]
            for place, named in zip(places, _of_scheme(lookup, scheme, values), strict=True):
                found[place] = tuple(named)
    return found


def _of_scheme(
    lookup: Lookup, scheme: Scheme, values: Sequence[str]
) -> Iterator[Iterable[Card | Tombstone]]:
    match scheme:
        case Scheme.GID:
            for one in lookup.by_gids([UUID(value) for value in values]):
                yield () if one is None else (one,)
        case Scheme.ISRC:
            yield from lookup.by_isrcs([Isrc(value) for value in values])
        case Scheme.BARCODE:
            yield from lookup.by_barcodes([Gtin(value) for value in values])
        case Scheme.CATALOGUE:
            yield from lookup.by_catalog_numbers(values)
        case Scheme.EXTERNAL:
            split = (value.partition(":") for value in values)
            yield from lookup.by_externals([(name, value) for name, _, value in split])
        case _:
            assert_never(scheme)
