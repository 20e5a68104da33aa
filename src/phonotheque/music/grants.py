"""Uses that a contract grants to this archive and to nobody else: reading what a person wrote.

Laws: a grant adds to what everybody may do, so one that its licence makes needless is refused:
whoever writes it means another licence, most likely that nothing but the grant holds; the order in
which uses are written, and how often, makes no difference.

Not here: what follows from a grant (`rights`), its shape in the register (`statement`).
"""

from __future__ import annotations

from collections.abc import Iterable

from phonotheque.errors import BadRequestError
from phonotheque.music.foreign_text import one_line
from phonotheque.music.licence import Licence
from phonotheque.music.rights import USE_WORDS, uses_of_licence
from phonotheque.music.statement import Use


def parse_grants(
    words: Iterable[str], licence: Licence, *, is_onsite_only: bool
) -> tuple[Use, ...]:
    """Read uses that are granted beside a licence.

    Args:
        words: Names of uses, as written.
        licence: What holds for everybody; one that allows nothing, most often.
        is_onsite_only: Whether nothing is allowed but listening in the archive's own rooms.

    Returns:
        The uses, each once, in the order of `Use`.

    Raises:
        BadRequestError: There is no such use, everybody has it by the licence, or it takes the
            sound out of the rooms.
    """
    granted = {_use(word) for word in words}
    for use in sorted(granted & uses_of_licence(licence)):
        raise BadRequestError(
            str(use),
            f"{licence.name} allows everybody {USE_WORDS[use]}, so it is no grant",
            "Leave it out; where that licence does not hold, state the one that does: InC.",
        )
    if is_onsite_only and granted - {Use.ON_PREMISES}:
        raise BadRequestError(
            str(min(granted - {Use.ON_PREMISES})),
            "it cannot be granted where nothing is allowed but listening in the archive's own "
            "rooms",
            "Leave out one of the two.",
        )
    return tuple(use for use in Use if use in granted)


def _use(word: str) -> Use:
    try:
        return Use(word)
    except ValueError as error:
        shown = f'"{one_line(word)}"'
        todo = f"One of: {', '.join(Use)}."
        raise BadRequestError(shown, "there is no such use to grant", todo) from error
