"""What is asked of a plan: by the settings of an archive, and by words on the command line.

Law: a word that names no order or tier is refused by who said it: a setting, or whoever asks now.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from phonotheque.config import FILE_NAME, Config, parse_config
from phonotheque.disk import LocalDisk, read_whole
from phonotheque.errors import BadRequestError, BadSettingError
from phonotheque.publish.planning.words import Order, Tier, Wish


def wish_of(config: Config) -> Wish:
    """Return what the settings ask of a plan.

    Raises:
        BadSettingError: There is no such order or tier.
    """
    names = ("order", "tiers", "space_bytes", "access_copies")
    order, tiers, space, copies = (config[f"publish.{name}"] for name in names)
    try:
        return _wish(order, tiers, space or None, copies)
    except BadRequestError as error:
        raise BadSettingError(f"{FILE_NAME}: {error.thing}", error.wrong, error.todo) from error


def wants_copies(root: Path) -> bool:
    """Whether an archive's settings ask for access copies in any tier.

    Asked here, because what makes them loads decoders, and most archives make none.
    """
    config = parse_config(read_whole(LocalDisk(root), FILE_NAME))
    return bool(config["publish.access_copies"])


def wish_with(
    config: Config, order: str | None, tiers: Sequence[str] | None, space_bytes: int | None
) -> Wish:
    """Return what the settings ask of a plan, but for what is said here.

    Raises:
        BadSettingError: There is no such order or tier in the settings.
        BadRequestError: There is no such order or tier here.
    """
    settled = wish_of(config)
    said = _wish(order or str(settled.order), tiers or (), space_bytes)
    return Wish(
        said.order,
        said.tiers if tiers else settled.tiers,
        settled.space_bytes if space_bytes is None else space_bytes,
        settled.access_copies,
    )


def _wish(
    order: str, tiers: Sequence[str], space_bytes: int | None, copies: Sequence[str] = ()
) -> Wish:
    orders = {str(one): one for one in Order}
    words = {tier.word: tier for tier in Tier}
    chosen = frozenset(_named("tier", word, words) for word in tiers)
    access = frozenset(_named("tier", word, words) for word in copies)
    return Wish(_named("order", order, orders), chosen or frozenset(Tier), space_bytes, access)


_Named = TypeVar("_Named")


def _named(what: str, word: str, words: dict[str, _Named]) -> _Named:
    if word not in words:
        raise BadRequestError(f"{what} {word!r}", "there is none", f"There are {', '.join(words)}.")
    return words[word]
