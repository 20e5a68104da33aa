"""Whether the register says already what an accession would say: then nothing is added.

Laws: the same bytes from the same place, by the same person, under the same terms are said once;
terms that others have overtaken since must be stated again to govern again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from phonotheque.music.digest import Sha256
from phonotheque.music.rights import RightsStatement
from phonotheque.register.events import Accession
from phonotheque.register.holdings import Provenance
from phonotheque.register.index import Index


def is_recorded(
    event: Accession, pending: Sequence[Accession], who: tuple[str, str], index: Index
) -> bool:
    """Whether these bytes came from there, by the same person, under the same terms, before.

    Args:
        event: What would be said; its deposit is this run's.
        pending: What will be written just before, of the same deposit.
        who: The depositor, and the collection.
        index: Of the register.
    """
    known = index.accessions(Sha256.parse(event.sha256))
    terms = _terms(event.rights)
    if terms and _is_overtaken(terms, _stated(event, pending, known, index)):
        return False
    return any(
        (one.path, one.path_base64) == (event.path, event.path_base64)
        and index.depositor_and_collection(one.deposit) == who
        and _terms(index.statements_made(one.seq)) == terms
        for one in known
    )


def _stated(
    event: Accession, pending: Sequence[Accession], known: Sequence[Provenance], index: Index
) -> Iterator[tuple[int, list[RightsStatement]]]:
    """What was stated about these bytes, newest first, each with its deposit."""
    for one in reversed(pending):
        if one.sha256 == event.sha256:
            yield one.deposit, _terms(one.rights)
    for made in reversed(known):
        yield made.deposit, _terms(index.statements_made(made.seq))


def _is_overtaken(
    terms: list[RightsStatement], stated: Iterator[tuple[int, list[RightsStatement]]]
) -> bool:
    """Whether the newest deposit that stated any terms did not state these.

    One deposit may state several, where the same bytes lie in several places.
    """
    newest = None
    for deposit, others in stated:
        if not others:
            continue
        if newest not in (None, deposit):
            break
        if others == terms:
            return False
        newest = deposit
    return newest is not None


def _terms(statements: Iterable[RightsStatement]) -> list[RightsStatement]:
    """Statements but for when they were made: all as if at one instant."""
    return [msgspec.structs.replace(one, stated_at="1970-01-01T00:00:00Z") for one in statements]
