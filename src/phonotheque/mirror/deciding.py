"""Deciding what a mirror holds, and carrying it out: the rim of `choosing`.

Order: what is learned of others' copies, and why something goes, stands in the journal before
anything is deleted for it. Laws: a choice is made of what is known here alone, so that it can be
asked at any time without a network; nothing is let go of while what is known has run out by any
clock; no choices let more go than may go unasked (`sweeping`) without a person's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phonotheque.mirror import telling
from phonotheque.mirror.asking import AskedArchive, is_counted_lately, others_of
from phonotheque.mirror.choosing import choose
from phonotheque.mirror.events import Accepted, Event, Plenty, Scarce
from phonotheque.mirror.exclusions import Exclusion, load_exclusions
from phonotheque.mirror.home import Copy, Mirror
from phonotheque.mirror.removal import Why, is_sweeping, let_go
from phonotheque.mirror.values import PLENTY, Choice, Followed, MirrorSettings


def decide(
    mirror: Mirror, followed: Sequence[Followed], settings: MirrorSettings | None = None
) -> tuple[Choice, ...]:
    """Decide about every torrent of what is followed, from what is known now.

    Args:
        mirror: Open to read or to write.
        followed: What is known of its archives.
        settings: Others than the mirror has, to see what would be.
    """
    exclusions = load_exclusions(mirror.disk)
    archives = []
    for known in followed:
        copy = mirror.copy(known.archive)
        excluded = excluded_torrents(copy, exclusions)
        archives.append(AskedArchive(known, copy.memory(), copy.wanted, excluded))
    return choose(settings or mirror.settings, archives)


def excluded_torrents(copy: Copy, exclusions: Iterable[Exclusion]) -> dict[str, str]:
    """Which torrents of an archive a mirror excludes, with the reason."""
    return {one.torrent: one.reason for one in exclusions if one.torrent and one.is_of(copy.name)}


def note_plenty(copy: Copy, settings: MirrorSettings, followed: Followed) -> None:
    """Write down of what others began to have plenty, and of what no more."""
    memory, events = copy.memory(), []
    is_lately = is_counted_lately(followed)
    for name in sorted(memory.holdings):
        others = others_of(settings, followed, memory, name)
        is_plenty = is_lately and others is not None and others >= settings.target_copies + PLENTY
        if is_plenty != (name in memory.plenty_since):
            at = copy.writing.now()
            events.append(_noted(at, name, others or 0, followed, is_plenty=is_plenty))
    if events:
        copy.writing.append(*events)


def _noted(at: str, name: str, others: int, followed: Followed, *, is_plenty: bool) -> Event:
    return Plenty(at, name, others, followed.signed_at) if is_plenty else Scarce(at, name, others)


def carry_out(
    mirror: Mirror,
    followed: Sequence[Followed],
    choices: Iterable[Choice],
    *,
    is_confirmed: bool = False,
) -> list[str]:
    """Take off the disk what is not to be here, each with a line that says why.

    Fetching what was chosen is left to `syncing`, which writes down what it begins: until then a
    choice is made anew each time, with the newest counts. Idempotent.

    Args:
        mirror: Open to write.
        followed: Of what was decided.
        choices: Of `decide`.
        is_confirmed: A person said that much may go at once.

    Returns:
        What is worth telling.
    """
    exclusions = load_exclusions(mirror.disk)
    choices, notices = tuple(choices), []
    for known in followed:
        copy = mirror.copy(known.archive)
        mine = [one for one in choices if one.archive == copy.name]
        excluded = set(excluded_torrents(copy, exclusions))
        going = _going(copy, known, mine, excluded)
        notices += _let_go(copy, known, going, excluded, is_confirmed=is_confirmed)
    return notices


def _going(
    copy: Copy, followed: Followed, choices: Iterable[Choice], excluded: set[str]
) -> list[Choice]:
    """What is to go: all of it while what was signed is good; else only what is excluded here."""
    chosen = copy.memory().chosen
    is_good = followed.good_until > copy.writing.now()
    return [
        one
        for one in choices
        if not one.wanted
        and (one.is_held or one.line.id in chosen)
        and (is_good or one.line.id in excluded)
    ]


def _let_go(
    copy: Copy,
    followed: Followed,
    going: Sequence[Choice],
    excluded: set[str],
    *,
    is_confirmed: bool,
) -> list[str]:
    """Let go of what is excluded here; of the rest, too, unless it has to wait for a person."""
    let_go(copy, followed, {})  # what an earlier run began counts in full
    unasked = [one.line.id for one in going if one.is_held and one.line.id not in excluded]
    notices = []
    if unasked and not is_confirmed and is_sweeping(copy, unasked):
        notices.append(telling.many_going(copy.name, len(unasked)))
        going = [one for one in going if one.line.id in excluded]
    reasons = {one.line.id: Why(one.reason, is_own=one.line.id in excluded) for one in going}
    let_go(copy, followed, reasons)
    if unasked and is_confirmed:
        copy.writing.append(Accepted(copy.writing.now()))
    told = [f"{copy.name}: let go of {one.line.id}. {one.reason}" for one in going if one.is_held]
    return notices + told
