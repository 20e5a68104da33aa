"""Corrections to what is said about a recording: read as people write them, and put on record.

Law: the file is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from phonotheque.archive.opening import Archive
from phonotheque.errors import BadRequestError
from phonotheque.music.facts import Tags
from phonotheque.publish.removal.request import check_public
from phonotheque.register.corrections import EDITABLE, SEVERAL, corrected, edited, value_of
from phonotheque.register.events import Edit
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.provenance import corrections_of


@dataclass(frozen=True, slots=True)
class Why:
    """What is said of a correction.

    Attributes:
        reason: Why, as everybody may read it; "" when nothing is said.
        by: Name of who decided, kept where it can be erased; "" for nobody.

    Raises:
        BadRequestError: The reason cannot be public.
    """

    reason: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if self.reason:
            check_public(self.reason, "--reason", self.by)


def person_of(archive: Archive, why: Why) -> str:
    """Return the local id of who decided, "" for nobody; for a writer."""
    return archive.people.person(why.by) if why.by else ""


def parse_corrections(given: Iterable[str]) -> dict[str, str]:
    """Read `field=value` texts; a field of several values is given once for each of them.

    Returns:
        Text of each field that is corrected, as the register keeps it.

    Raises:
        BadRequestError: There is no such field, or it cannot hold the value.
    """
    values: dict[str, list[str]] = {}
    for one in given:
        field, sign, value = one.partition("=")
        if not sign or field not in EDITABLE:
            raise BadRequestError(
                one, "it corrects no field", f"Write FIELD=VALUE. Fields: {', '.join(EDITABLE)}."
            )
        values.setdefault(field, []).append(value.strip())
    return {field: _as_text(field, several) for field, several in values.items()}


def _as_text(field: str, several: list[str]) -> str:
    is_list = field in SEVERAL
    if len(several) > 1 and not is_list:
        raise BadRequestError(field, "it has one value", "Give it once.")
    several = [one for one in several if one]
    if not several:
        return ""
    text = msgspec.json.encode(several).decode() if is_list else several[0]
    try:
        value_of(field, text)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"{field}={text}", "the field cannot hold it", "A number?") from error
    return text


def planned(
    index: Index, held: Held, corrections: dict[str, str], undone: Iterable[str] = ()
) -> tuple[Tags, list[Edit]]:
    """Return the tags as they will be, and the lines that say so, not yet with a reason.

    Args:
        corrections: Text of each field that is corrected.
        undone: Fields of which all corrections are taken back: what the file says counts again.

    Raises:
        BadRequestError: Nothing is corrected of a field whose corrections are taken back.
    """
    given, after = index.tags(held.sha256), edited(index, held.sha256)
    newest = {one.field: one for one in corrections_of(index, held.sha256)}
    standing = {field for field, one in newest.items() if not one.is_undone}
    lines = []
    for field in undone:
        if field not in standing:
            raise BadRequestError(field, "nothing is corrected of it", which_stand(standing))
        after = msgspec.structs.replace(after, **{field: getattr(given, field)})
        lines.append(Edit(held.sha256.hex, field, "", is_undone=True))
    for field, text in corrections.items():
        changed = corrected(after, field, text)
        if changed != after:
            lines.append(Edit(held.sha256.hex, field, text))
        after = changed
    return after, lines


def edit(
    archive: Archive,
    held: Held,
    corrections: dict[str, str],
    undone: Iterable[str] = (),
    why: Why = Why(),
) -> Tags:
    """Write corrections to the register; arguments and errors as in `planned`.

    Returns:
        The tags as they are from now on.
    """
    after, lines = planned(archive.index, held, corrections, undone)
    if lines:
        said = {"reason": why.reason, "decided_by": person_of(archive, why)}
        archive.record([msgspec.structs.replace(one, **said) for one in lines])
    return after


def which_stand(fields: Iterable[str]) -> str:
    """Say which fields are corrected, for whoever took back a correction that is not there."""
    named = ", ".join(sorted(fields))
    return f"Corrected are: {named}." if named else "No field of it has a correction that stands."
