"""The sentences of a fact sheet: what it says in short, what it is not, and what is wrong with it.

Laws: each sentence follows from a figure of the sheet and names it; a figure that is not known is
said not to be; the words are plain enough to be printed as they are, because what is left to a
reader's summary gets swapped, rounded and misnamed.

Not here: the figures (`sheet`), the statement on AI training (`phonotheque.music.tdm_statement`).
"""

from __future__ import annotations

from collections.abc import Iterator

from phonotheque.music.licence import parse_licence
from phonotheque.music.number_words import counted
from phonotheque.music.statement import Tdm
from phonotheque.music.tdm_statement import counted_sentence
from phonotheque.publish.facts.sheet import Coverage, FactSheet, Reason
from phonotheque.publish.pages.texts import (
    format_count,
    format_day,
    format_share,
    format_size,
    plain,
)

_MS_PER_HOUR = 3_600_000


def length_text(length_ms: int) -> str:
    """A length of music: "12 hours", "3 days and 4 hours"."""
    hours = round(length_ms / _MS_PER_HOUR)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return counted(hours, "hour")
    return f"{format_count(hours)} hours (about {counted(round(hours / 24), 'day')})"


def one_line(text: str) -> str:
    """A text of any length as one line without tricks."""
    return " ".join(plain(word) for word in text.split())


def title_of(sheet: FactSheet) -> str:
    """The archive's name, in one line without tricks."""
    return plain(sheet.counted.title or sheet.counted.name)


def summary(sheet: FactSheet) -> list[str]:
    """One to three sentences that can stand alone."""
    totals, counted_ = sheet.totals, sheet.counted
    if not totals.torrents:
        return [f"{title_of(sheet)} has published nothing yet."]
    music = (
        f"{title_of(sheet)} offers {counted(totals.recordings, 'recording')} "
        f"({format_size(totals.music_bytes)}, {length_text(totals.length_ms)} of sound) in "
        f"{counted(totals.volumes, 'torrent')}"
    )
    beside = f", and {counted(totals.packs, 'torrent')} of what is known about them"
    until = f"; nothing that came in after {format_day(counted_.cut_off)} is in it"
    told = [f"{music}{beside if totals.packs else ''}{until if counted_.cut_off else ''}."]
    told.append(coverage_sentence(sheet.coverage))
    told.append("The licence of every single recording lets everybody pass copies of it on.")
    return [one for one in told if one]


def coverage_sentence(coverage: Coverage | None) -> str:
    """How much of what is known is in it, with what that rests on."""
    if coverage is None or not coverage.known_recordings:
        return ""
    shared, known = coverage.shared_recordings, coverage.known_recordings
    told = (
        f"Of the {counted(known, 'recording')} that its catalogue knows, "
        f"{format_count(shared)} ({format_share(shared / known)}) are in it"
    )
    if coverage.listens is None:
        return f"{told}; how much they are listened to is not known."
    if coverage.is_own_plays_only:
        return (
            f"{told}; the only listens that are known are this archive's own plays, which say "
            "nothing about listening elsewhere and make every archive look complete."
        )
    return f"{told}; they take {listens_text(coverage)} of all known listens."


def listens_text(coverage: Coverage) -> str:
    """The share of listens with its bounds: "99.2 % (at least 97.1 %, at most 99.4 %)"."""
    share = coverage.listens
    if share is None:
        return "unknown"
    if share.low == share.high:
        return format_share(share.likely)
    low, high = format_share(share.low), format_share(share.high)
    return f"{format_share(share.likely)} (at least {low}, at most {high})"


def what_it_is_not(sheet: FactSheet) -> list[str]:
    """What a hurried reader might print, and what is true instead."""
    return [] if not sheet.totals.torrents else list(_nots(sheet))


def _nots(sheet: FactSheet) -> Iterator[str]:
    totals = sheet.totals
    whose = "was deposited with a statement of its licence, which is on record with its date"
    if sheet.counted.do_tags_count:
        whose += ", or carries a licence tag in its file, on which this archive relies"
    yield (
        "It is not taken from a streaming service: the archive fetched nothing from one. Every "
        f"recording in it {whose}."
    )
    yield f"It is not all music. {_not_all(sheet.coverage)}"
    other = totals.size_bytes - totals.music_bytes
    yield (
        f"It is not {format_size(totals.size_bytes)} of metadata: {format_size(totals.music_bytes)}"
        f" are recordings, {format_size(other)} are lists, catalogue and all else."
    )
    yield _not_lossless(totals.lossless, totals.lossy)
    if text := _not_free_for_all(sheet):
        yield text
    tiers = [tier for tier in sheet.tiers if tier.name != "all"]
    if tiers:
        yield (
            "Its tiers are not grades of quality: a tier says how much the recordings in it are "
            "listened to, and the first tier is the most heard."
        )
    yield (
        "It is not a training set. "
        + counted_sentence({kind: sheet.mining.get(kind.value, 0) for kind in Tdm})
    ).rstrip()


def _not_all(coverage: Coverage | None) -> str:
    if coverage is None or not coverage.known_recordings:
        return "Nobody has counted here how much there is beside it."
    known = counted(coverage.known_recordings, "recording")
    return (
        f"Its catalogue knows {known}, of which {format_count(coverage.shared_recordings)} are in "
        "it, and no catalogue knows them all."
    )


def _not_lossless(lossless: int, lossy: int) -> str:
    same = "Files are byte for byte as they were deposited; nothing was encoded again."
    if not lossy:
        return f"It is not re-encoded: all {counted(lossless, 'recording')} are lossless. {same}"
    if not lossless:
        return f"It is not lossless: no recording keeps every sample. {same}"
    return (
        f"It is not lossless throughout: every sample is kept in {format_count(lossless)} of "
        f"{counted(lossless + lossy, 'recording')}. {same}"
    )


def _not_free_for_all(sheet: FactSheet) -> str:
    named = [(parse_licence(one.licence), one.recordings) for one in sheet.licences]
    no_money = sum(count for licence, count in named if not licence.may_commercial)
    no_change = sum(count for licence, count in named if not licence.may_derive)
    if not no_money and not no_change:
        return ""
    return (
        f"It is not free for every use: {counted(no_money, 'recording')} may not be used for money,"
        f" {counted(no_change, 'recording')} may not be passed on changed. Each one's licence "
        "stands beside it."
    )


def faults(sheet: FactSheet) -> list[Reason]:
    """What is known to be wrong with it, counted; only what occurs."""
    totals, counted_ = sheet.totals, sheet.counted
    found = (
        ("Recordings whose maker's name is unknown", totals.unattributed),
        ("Recordings whose sound was damaged when they came in", totals.damaged_sound),
        (
            (
                "Recordings whose bytes in the archive were found damaged or missing, and are not "
                "mended yet (copies that others hold are not touched by it)"
            ),
            counted_.bad_bytes,
        ),
        ("Volumes of which it is not known any more what they hold", counted_.lost_lists),
    )
    return [Reason(fault, count) for fault, count in found if count]


ALWAYS = (
    (
        "Titles and names were written by those who made or deposited the files; nobody has proven "
        "them. Corrections stand in the listings, never in the files."
    ),
    (
        "A recording can be in it twice, as two different files of the same sound; likenesses are "
        "linked, never merged."
    ),
)
"""What holds for every publication."""
