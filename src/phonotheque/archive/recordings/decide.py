"""Deciding and asking about rights: the archive's part, around the pure resolver."""

from __future__ import annotations

from datetime import date

from phonotheque.accession.statements import Decision, Notary
from phonotheque.archive.opening import Archive, today
from phonotheque.errors import BadRequestError
from phonotheque.music import doors
from phonotheque.music.identifiers import parse_territory
from phonotheque.music.rights import RightsStatement, Use, Verdict, resolve
from phonotheque.register.events import Rights
from phonotheque.register.holdings import Held


def decide(archive: Archive, held: Held, decision: Decision) -> RightsStatement:
    """Write a decision to the register; it governs from now on.

    Raises:
        BadLicenceError: The licence cannot be named.
        BadRequestError: A date, territory or granted use cannot be read.
    """
    at = archive.now()
    notary = Notary(archive.people.person, archive.people.document, at)
    statement = notary.from_decision(decision)
    archive.record([Rights(held.sha256.hex, statement)])
    return statement


def closing(archive: Archive, held: Held, decision: Decision) -> str:
    """What a decision would do to the volume that an object is sealed in; "" when nothing.

    Nothing is written, neither to the register nor about people.

    Raises:
        BadLicenceError: The licence cannot be named.
        BadRequestError: A date, territory or granted use cannot be read.
    """
    nobody, nothing = "p0", f"sha256:{'0' * 64}"
    notary = Notary(lambda _: nobody, lambda _: nothing, archive.now())
    statement = notary.from_decision(decision)
    if held.volume is None:
        return ""
    statements = [*archive.index.statements(held.sha256), statement]
    counts = archive.config["rights.licence_tags_count"]
    verdict = doors.ask(doors.Door.SEED, statements, today(), claims_count=counts)
    if verdict.allowed:
        return ""
    return (
        f"{held.sha256.hex[:12]} is sealed in {held.volume}, and after this it may no longer be "
        f"shared: {verdict.reason} A sealed volume is shared whole or not at all, so `phono seed` "
        "stops sharing all of it, at once where it is running. Nothing is deleted, and copies "
        "that others have fetched stay with them."
    )


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
