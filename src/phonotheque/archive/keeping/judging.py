"""Judging what a mirror answered: held against the archive's own bytes, range by range.

Laws: a mirror is never blamed for what this archive cannot recompute itself, nor for an answer that
differs because the archive's own file is damaged; only who answers every range that can be judged
has a torrent whole; one wrong answer refutes all of a torrent.

Not here: who the mirror is (`accepting`), what follows for copies (`copies`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phonotheque.archive.keeping.mirrors import Verdict
from phonotheque.disk import Disk
from phonotheque.errors import NotHeldError, UnavailableError
from phonotheque.mirror.contents import Contents, Part
from phonotheque.mirror.possession import answer, draw, seed_of
from phonotheque.mirror.proving import wrong_with
from phonotheque.mirror.reporting import read_drawn
from phonotheque.mirror.statement import Claim, Statement
from phonotheque.mirror.values import State
from phonotheque.store.digests import tree_of_file


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out for one claim.

    Attributes:
        claim: The claim.
        verdict: What it proved.
        right: How many answers were right.
        wrong: How many were wrong.
        silent: How many ranges were not answered that the archive has.
        damaged: Files of this archive itself that are not what they were: paths below it.
    """

    claim: Claim
    verdict: Verdict
    right: int = 0
    wrong: int = 0
    silent: int = 0
    damaged: tuple[str, ...] = ()


def judge(
    statement: Statement, disk: Disk, contents_of: Callable[[str], Contents | None]
) -> list[Judged]:
    """Judge every claim of a statement whose signature and timestamp were proven.

    Args:
        statement: What the mirror said.
        disk: The archive's folder.
        contents_of: Gives what is in a torrent, by name; None where the archive does not know.
    """
    timestamp = statement.header.timestamp.encode()
    key = bytes.fromhex(statement.header.key)
    judged = []
    for claim in statement.claims:
        contents = contents_of(claim.torrent)
        if contents is None:
            judged.append(Judged(claim, Verdict.UNPROVEN))
        else:
            judged.append(_judge(claim, seed_of(timestamp, key, claim.torrent), contents, disk))
    return judged


def _judge(claim: Claim, seed: bytes, contents: Contents, disk: Disk) -> Judged:
    drawn = draw(seed, contents.parts)
    if len(claim.answers) != len(drawn):
        return Judged(claim, Verdict.UNPROVEN)
    own: dict[str, bool] = {}
    right = wrong = silent = 0
    for number, (one, said) in enumerate(zip(drawn, claim.answers, strict=True)):
        data = read_drawn(disk, one)
        if data is None:
            continue  # removed, or lost here: nobody can be judged by it
        if said and said == answer(seed, number, data):
            right += 1
        elif not _is_sound(one.part, contents, disk, own):
            continue
        elif said:
            wrong += 1
        else:
            silent += 1
    damaged = tuple(path for path, is_sound in own.items() if not is_sound)
    return Judged(claim, _verdict(claim, right, wrong, silent), right, wrong, silent, damaged)


def _is_sound(part: Part, contents: Contents, disk: Disk, known: dict[str, bool]) -> bool:
    """Whether the archive's own file is what its torrent says; read once."""
    if part.target not in known:
        try:
            with disk.open(part.target) as file:
                tree = tree_of_file(file, piece_bytes=contents.piece_bytes)
            known[part.target] = not wrong_with(part, tree)
        except (NotHeldError, UnavailableError, OSError, ValueError):
            known[part.target] = False
    return known[part.target]


def _verdict(claim: Claim, right: int, wrong: int, silent: int) -> Verdict:
    if wrong:
        return Verdict.REFUTED
    if not right:
        return Verdict.PARTIAL if silent else Verdict.UNPROVEN
    is_whole = not silent and claim.state is State.COMPLETE
    return Verdict.WHOLE if is_whole else Verdict.PARTIAL
