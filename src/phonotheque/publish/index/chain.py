"""Which index follows which: the digests of all of them, and what somebody who follows may believe.

Laws: an index names the SHA-256 of the one before it; numbers have no gaps; whoever saw an index
once never takes an earlier one, nor another one of the same number, nor one whose history does not
hold what was seen. So a publisher cannot show one past to one reader and another to the next
without one of them noticing, whoever holds the keys.

Source: Haber and Stornetta, "How to time-stamp a digital document" (1991). Pure; not here:
signatures (`publish.trust`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from phonotheque.errors import BrokenChainError, MalformedError, RolledBackError
from phonotheque.publish.index.form import index_name
from phonotheque.publish.index.lines import Header

_LINE = re.compile(r"([0-9a-f]{64})  index-([0-9]{5,9})\.jsonl\.zst")


@dataclass(frozen=True, slots=True)
class Seen:
    """An index that somebody trusted once: its number and the SHA-256 of its file."""

    seq: int
    sha256: str


def format_history(digests: Mapping[int, str]) -> bytes:
    """Write the digests of all indexes, as `sha256sum` does, in order of their numbers."""
    lines = (f"{sha256}  {index_name(seq)}\n" for seq, sha256 in sorted(digests.items()))
    return "".join(lines).encode()


def parse_history(data: bytes) -> dict[int, str]:
    """Read what `format_history` wrote.

    Raises:
        MalformedError: A line is none of its kind.
    """
    found: dict[int, str] = {}
    for line in data.decode("ascii", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None or int(match[2]) in found:
            raise MalformedError(
                "index-history.sha256",
                f"not a line of a history: {line[:80]!r}",
                "Fetch it again; what was trusted before still is.",
            )
        found[int(match[2])] = match[1]
    return found


def check_follows(
    seen: Seen | None, header: Header, sha256: str, history: Mapping[int, str]
) -> None:
    """Refuse an index that does not follow from what was seen.

    Args:
        seen: The index that was trusted last; None for whoever comes for the first time.
        header: Of the index that is offered.
        sha256: Of its file.
        history: As published beside it.

    Raises:
        RolledBackError: It is older than what was seen.
        BrokenChainError: It is another past than the one that was seen.
    """
    name = index_name(header.seq)
    if seen is not None and header.seq < seen.seq:
        raise RolledBackError(
            name,
            f"it is older than {index_name(seen.seq)}, which was seen before",
            "Keep what you have; ask the archive, or fetch from another mirror.",
        )
    if history.get(header.seq) != sha256:
        raise _broken(name, "the history that is published beside it does not end in it")
    if header.seq > 1 and history.get(header.seq - 1) != header.previous:
        raise _broken(name, "it does not follow from the index before it")
    if seen is not None and history.get(seen.seq) != seen.sha256:
        raise _broken(name, f"its past is not the one seen before: another {index_name(seen.seq)}")


def _broken(name: str, wrong: str) -> BrokenChainError:
    return BrokenChainError(
        name, wrong, "Keep what you have, and tell the archive: somebody published two pasts."
    )
