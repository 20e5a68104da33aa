"""How the pages say what a value holds: lengths, years, licences, kinds.

Laws: what is unknown is left out or said to be unknown, never shown as nothing; a licence that
grants nothing is never shown as one that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from phonotheque.catalogue.kinds import Kind
from phonotheque.listen.pages.words import Words
from phonotheque.music.licence import Licence, Scheme, parse_licence
from phonotheque.music.sound import format_clock

PATHS = {
    Kind.RECORDING: "/song/",
    Kind.RELEASE: "/album/",
    Kind.ARTIST: "/artist/",
    Kind.LABEL: "/label/",
}
"""Where the page of each kind of thing is; its gid follows."""


def clock(length_ms: int | None) -> str:
    """A length as a clock shows it: "4:56", "1:02:03"; "" when it is not known.

    What is shorter than a second has "0:01": "0:00" would say that there is nothing.
    """
    return "" if length_ms is None else format_clock(max(length_ms, 1000) if length_ms else 0)


def spoken_length(words: Words, length_ms: int) -> Markup:
    """A length as one says it: "42 minutes", "1 hour 5 minutes", "48 seconds"."""
    seconds = round(length_ms / 1000)
    if seconds < 60:
        return words.n(seconds, "{n} second", "{n} seconds")
    hours, minutes = divmod(round(seconds / 60), 60)
    said = words.n(minutes, "{n} minute", "{n} minutes")
    if not hours:
        return said
    long = words.n(hours, "{n} hour", "{n} hours")
    return Markup("{} {}").format(long, said) if minutes else long


def exact_length(words: Words, length_ms: int) -> Markup:
    """A length for those who hear it read: "2 minutes 51 seconds"."""
    minutes, seconds = divmod(length_ms // 1000, 60)
    said = words.n(seconds, "{n} second", "{n} seconds")
    if not minutes:
        return said
    return Markup("{} {}").format(words.n(minutes, "{n} minute", "{n} minutes"), said)


@dataclass(frozen=True, slots=True)
class LicenceSaid:
    """A licence in the words of the pages.

    Attributes:
        name: As people call it; "" when none is known.
        short: The same without its version, for lists.
        slug: As `/licence/<slug>` takes it; "" when none is known.
        address: Of its text, where it has one.
        may: What one may do, as a sentence.
        terms: What it asks in return; "" for nothing.
    """

    name: str
    short: str
    slug: str
    address: str
    may: Markup
    terms: Markup


@lru_cache(1024)
def say_licence(words: Words, stated: str | None, who: str = "") -> LicenceSaid:
    """Say what a licence means.

    Args:
        stated: As it stands in records; None when it is not known.
        who: Whom it asks to be named; "" for "the makers".
    """
    licence = parse_licence(stated or "")
    if licence.scheme is Scheme.UNKNOWN:
        unknown = words("Nobody has told this archive what you may do with it.")
        return LicenceSaid("", "", "", "", unknown, Markup())
    return LicenceSaid(
        licence.name,
        _short(licence),
        _slug(licence),
        licence.uri if licence.uri.startswith(("https://", "http://")) else "",
        _may(words, licence),
        _terms(words, licence, who),
    )


@lru_cache(1024)
def licence_short(stated: str | None) -> str:
    """The name of a licence for lists, without its version; "" when none is known."""
    licence = parse_licence(stated or "")
    return "" if licence.scheme is Scheme.UNKNOWN else _short(licence)


def _short(licence: Licence) -> str:
    return licence.name.removesuffix(f" {licence.version}") if licence.version else licence.name


def _slug(licence: Licence) -> str:
    match licence.scheme:
        case Scheme.CC:
            return f"cc-{licence.family}"
        case Scheme.PD:
            return "cc0" if licence.family == "zero" else "public-domain"
        case _:
            return licence.family or licence.uri


def _may(words: Words, licence: Licence) -> Markup:
    if not licence.may_redistribute:
        return words("You may not copy it or pass it on without asking whoever holds its rights.")
    if licence.may_derive and licence.may_commercial:
        return words("You may copy, share and change it, also for money.")
    if licence.may_derive:
        return words("You may copy, share and change it, but not for money.")
    if licence.may_commercial:
        return words("You may copy and share it unchanged, also for money.")
    return words("You may copy and share it unchanged, but not for money.")


def _terms(words: Words, licence: Licence, who: str) -> Markup:
    if not licence.may_redistribute:
        return Markup()
    if not licence.requires_attribution:
        return words("You need not name anybody.")
    named = words("Name {who}.", who=who or words("the makers"))
    if not licence.share_alike:
        return named
    shared = words("Pass your changes on under the same licence.")
    return Markup("{} {}").format(named, shared)
