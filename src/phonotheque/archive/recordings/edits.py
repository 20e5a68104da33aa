"""Corrections to what is said about a recording: read as people write them, and put on record.

Law: the file is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from phonotheque.archive.opening import Archive
from phonotheque.errors import BadRequestError
from phonotheque.music.facts import Tags
from phonotheque.register.corrections import EDITABLE, SEVERAL, corrected, edited, value_of
from phonotheque.register.events import Edit
from phonotheque.register.holdings import Held


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


def edit(archive: Archive, held: Held, corrections: dict[str, str]) -> Tags:
    """Write corrections to the register.

    Returns:
        The tags as they are from now on.
    """
    now = edited(archive.index, held.sha256)
    new = {field: text for field, text in corrections.items() if corrected(now, field, text) != now}
    if new:
        events = [Edit(held.sha256.hex, field, text) for field, text in new.items()]
        archive.record(events)
    return edited(archive.index, held.sha256)
