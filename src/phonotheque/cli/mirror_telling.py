"""What `phono mirror` prints of choices, archives and exclusions: sentences, rows and records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phonotheque.cli.output import format_bytes, printable
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.mirror.exclusions import Exclusion
    from phonotheque.mirror.joining import Joined
    from phonotheque.mirror.values import Choice, Followed, MirrorSettings


def what_becomes(choice: Choice) -> str:
    """What becomes of a torrent here, in a word: "keep", "fetch", "let go", "leave"."""
    if choice.wanted:
        return "keep" if choice.is_held else "fetch"
    return "let go" if choice.is_held else "leave"


def choice_record(choice: Choice) -> dict[str, Any]:
    """A choice as `--json` tells it."""
    return {
        "archive": choice.archive,
        "torrent": choice.line.id,
        "does": what_becomes(choice),
        "kind": choice.line.kind,
        "tier": choice.line.tier,
        "size_bytes": choice.line.size_bytes,
        "rank": choice.rank or None,
        "reason": choice.reason,
    }


def say_plan(settings: MirrorSettings, choices: Iterable[Choice], shown: Sequence[Choice]) -> None:
    """Print a plan: what it comes to, then each torrent with the reason under it."""
    sums: dict[str, list[int]] = {}
    for one in choices:
        sums.setdefault(what_becomes(one), []).append(one.line.size_bytes)
    room = format_bytes(settings.space_bytes) if settings.space_bytes < 1 << 60 else "everything"
    print(f"Room given: {room}; choosing fills 95 % of it.")
    for word, said in (
        ("keep", "stay"),
        ("fetch", "are to be fetched"),
        ("let go", "are to go"),
        ("leave", "are not for this mirror, or have no room"),
    ):
        sizes = sums.get(word, [])
        if sizes:
            print(f"{counted(len(sizes), 'torrent')}, {format_bytes(sum(sizes))}: {said}.")
    order = {"let go": 0, "fetch": 1, "keep": 2, "leave": 3}
    for one in sorted(shown, key=lambda one: (order[what_becomes(one)], one.rank)):
        print(f"\n{what_becomes(one)}  {one.line.id}  {format_bytes(one.line.size_bytes)}")
        print(f"    {printable(one.reason)}")


def held_bytes(choices: Iterable[Choice]) -> int:
    """Bytes of what is here and is to stay."""
    return sum(one.line.size_bytes for one in choices if one.wanted and one.is_held)


def followed_sentence(followed: Followed) -> str:
    """What is known of an archive, in a sentence."""
    header, offered = followed.header, followed.offered
    until = f"good until {followed.good_until[:10]}" if followed.good_until else "of unknown age"
    return (
        f"{followed.archive}: {header.title}, index {header.seq}, {until}; "
        f"{counted(len(offered), 'torrent')} offered, {format_bytes(header.size_bytes)}."
    )


def followed_record(followed: Followed) -> dict[str, Any]:
    """What is known of an archive as `--json` tells it."""
    header = followed.header
    return {
        "name": followed.archive,
        "archive": header.archive,
        "title": header.title,
        "index": header.seq,
        "signed_at": followed.signed_at,
        "good_until": followed.good_until or None,
        "torrents": len(followed.offered),
        "size_bytes": header.size_bytes,
    }


def joined_record(root: Path, joined: Joined) -> dict[str, Any]:
    """An archive that is followed from now on, as `--json` tells it."""
    known = followed_record(joined.followed)
    return {"mirror": str(root), "fingerprint": joined.fingerprint or None, **known}


def exclusion_sentence(one: Exclusion) -> str:
    """What is excluded, in a sentence."""
    where = f" of {one.archive}" if one.archive else ""
    return f"{one.torrent or one.sha256 or one.recording}{where}, since {one.at[:10]}: {one.reason}"


def exclusion_record(one: Exclusion) -> dict[str, Any]:
    """What is excluded, as `--json` tells it."""
    return {
        "archive": one.archive or None,
        "torrent": one.torrent or None,
        "sha256": one.sha256 or None,
        "recording": one.recording or None,
        "at": one.at,
        "reason": one.reason,
    }
