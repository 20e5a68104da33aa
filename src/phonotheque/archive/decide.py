"""Deciding and asking about rights: the archive's part, around the pure resolver."""

from __future__ import annotations

from datetime import date

from phonotheque.accession.statements import Decision, Notary
from phonotheque.archive.opening import Archive, today
from phonotheque.errors import BadRequestError
from phonotheque.music.identifiers import parse_territory
from phonotheque.music.rights import RightsStatement, Use, Verdict, resolve
from phonotheque.register.events import Rights
from phonotheque.register.holdings import Held


def decide(archive: Archive, held: Held, decision: Decision) -> RightsStatement:
    """Write a decision to the register; it governs from now on.

    Raises:
        BadLicenceError: The licence cannot be named.
        BadRequestError: A date or territory cannot be read.
    """
    at = archive.now()
    notary = Notary(archive.people.person, archive.people.document, at)
    statement = notary.from_decision(decision)
    written = archive.writing.append(at, [Rights(held.sha256.hex, statement)])
    with archive.index.transaction():
        archive.index.apply(written)
    return statement


def ask(archive: Archive, held: Held, use: str, day: str, territory: str) -> Verdict:
    """Ask the resolver.

    Args:
        archive: The archive.
        held: The object.
        use: The name of a `Use`.
        day: ISO date, "" for today.
        territory: ISO 3166-1 alpha-2 code, "" for anywhere.

    Raises:
        BadRequestError: The use, the day or the territory cannot be read.
    """
    try:
        wanted = Use(use)
    except ValueError as error:
        uses = ", ".join(Use)
        raise BadRequestError(use, "there is no such use", f"One of: {uses}.") from error
    try:
        on = date.fromisoformat(day) if day else today()
    except ValueError as error:
        raise BadRequestError(day, "it is not a date", "Write it as 2027-01-31.") from error
    try:
        place = parse_territory(territory) if territory else None
    except ValueError as error:
        raise BadRequestError(territory, str(error), "Write two letters: DE.") from error
    counts = archive.config["rights.licence_tags_count"]
    statements = archive.index.statements(held.sha256)
    return resolve(statements, wanted, on, place, claims_count=counts)
