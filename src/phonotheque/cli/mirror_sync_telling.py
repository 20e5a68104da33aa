"""What `phono mirror sync|verify|repair|status` print, for people and for programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phonotheque.cli.output import format_bytes, print_json, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.errors import PhonothequeError
    from phonotheque.mirror.jobs import Outcome
    from phonotheque.mirror.repairing import Repair
    from phonotheque.mirror.scrubbing import Scrubbed
    from phonotheque.mirror.standing import Running, Standing
    from phonotheque.mirror.syncing import Synced
    from phonotheque.mirror.tending import Unread
    from phonotheque.publish.shield import Wall


def say_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """Say what became of a torrent that was to be fetched."""
    if as_json:
        print_json(
            {
                "torrent": outcome.torrent,
                "files": outcome.files,
                "held_bytes": outcome.held_bytes,
                "is_whole": outcome.is_whole,
                "copied_bytes": outcome.copied_bytes,
                "received_bytes": outcome.received_bytes,
                **_fields(outcome.error),
            }
        )
        return
    if outcome.error is not None:
        print(printable(f"{outcome.torrent}: not whole. {outcome.error}"), flush=True)
        return
    size = format_bytes(outcome.held_bytes)
    files = counted(outcome.files, "file")
    print(f"{outcome.torrent}: {files}, {size}, every one proven.", flush=True)


def say_synced(synced: Synced, *, as_json: bool) -> None:
    """Say what a sync came to; notices go to standard error."""
    tell([*synced.notices, *map(str, synced.refusals)])
    for done in synced.repairs:
        say_repair(done, as_json=as_json)
    if as_json or not synced.choices:
        return
    wanted = [one for one in synced.choices if one.wanted]
    whole = len(wanted) - sum(not one.is_whole for one in synced.outcomes)
    size = format_bytes(sum(one.line.size_bytes for one in wanted))
    print(f"{whole} of {counted(len(wanted), 'torrent')} that were chosen are here; {size} in all.")


def say_read(done: Scrubbed | Unread, *, as_json: bool) -> bool:
    """Say what reading a torrent found; returns whether something is wrong."""
    from phonotheque.mirror.tending import Unread

    if isinstance(done, Unread):
        return _say_unread(done, as_json=as_json)
    if as_json:
        print_json(
            {
                "torrent": done.torrent,
                "files": done.files,
                "held_bytes": done.held_bytes,
                "read_bytes": done.read_bytes,
                "is_whole": done.is_whole,
                "damaged": list(done.damaged),
            }
        )
        return bool(done.damaged)
    size = format_bytes(done.held_bytes)
    if not done.is_whole:
        print(f"{done.torrent}: {counted(done.files, 'file')} read; the next run goes on there.")
    elif not done.damaged:
        print(f"{done.torrent}: {counted(done.files, 'file')}, {size}: every one is exact.")
    else:
        what = counted(len(done.damaged), "file")
        print(f"{done.torrent}: {what} damaged; mend with `phono mirror repair`.")
    for one in done.found:
        print(printable(f"  {one.part.path}: {one.wrong}"))
    return bool(done.damaged)


def say_repair(done: Repair | Unread, *, as_json: bool) -> bool:
    """Say what a repair of a torrent came to; returns whether something is left damaged."""
    from phonotheque.mirror.tending import Unread

    if isinstance(done, Unread):
        return _say_unread(done, as_json=as_json)
    if as_json:
        print_json(
            {
                "torrent": done.torrent,
                "repaired": [one.part.path for one in done.mended],
                "left": [one.path for one in done.left],
                "damaged_pieces": done.damaged_pieces,
                "copied_pieces": done.assembled_pieces,
                "received_bytes": done.received_bytes,
                **_fields(done.error),
            }
        )
        return bool(done.left)
    files, pieces = counted(len(done.mended), "file"), counted(done.damaged_pieces, "piece")
    came = format_bytes(done.received_bytes)
    print(
        f"{done.torrent}: {files} brought back; {pieces} damaged or missing, "
        f"{done.assembled_pieces} copied from folders, {came} fetched."
    )
    if done.error is not None:
        print(printable(f"  {counted(len(done.left), 'file')} left: {done.error}"))
    return bool(done.left)


def say_listening(port: int, wall: Wall, *, as_json: bool) -> None:
    """Say that a mirror is at work."""
    if as_json:
        print_json({"port": port, "wall": wall.name.lower()})
    else:
        print(f"Listening on port {port}; {wall}. Ctrl-C stops.", flush=True)


def say_trouble(trouble: object) -> None:
    """Say on standard error what was met while sharing."""
    print(f"phono: {printable(str(trouble))}", file=sys.stderr, flush=True)


def say_status(root: Path, *, as_json: bool) -> bool:
    """Say how a mirror stands; returns whether something needs care."""
    from dataclasses import asdict

    import msgspec

    from phonotheque.mirror.home import open_mirror_to_read
    from phonotheque.mirror.standing import running, standings
    from phonotheque.publish.trust.following import now

    with open_mirror_to_read(root) as opened:
        found = standings(opened, now())
        at_work = running(root, now())
        space_bytes = opened.settings.space_bytes
    needs_care = any(one.needs_care for one in found)
    if as_json:
        record = {
            "space_bytes": space_bytes,
            "held_bytes": sum(one.held_bytes for one in found),
            "archives": [asdict(one) for one in found],
            "running": msgspec.to_builtins(at_work) if at_work else None,
        }
        print_json(record)
        return needs_care
    for line in status_lines(found, at_work, space_bytes):
        print(printable(line))
    return needs_care


def status_lines(found: list[Standing], at_work: Running | None, space_bytes: int) -> list[str]:
    """How a mirror stands, for people, one line for each thing."""
    held_bytes = sum(one.held_bytes for one in found)
    lines = [f"{format_bytes(held_bytes)} of {format_bytes(space_bytes)} are used."]
    for one in found:
        lines.append(
            f"{one.archive}: {one.complete} of {counted(one.offered, 'torrent')} whole here, "
            f"{one.partial} in part, {one.to_fetch} to be fetched; index {one.index}, "
            f"good until {one.good_until[:10] or 'unknown'}."
        )
        if one.retired:
            lines.append(f"  {counted(one.retired, 'torrent')} here not offered any more.")
        if one.damaged:
            files = counted(one.damaged_files, "file")
            lines.append(f"  {files} damaged in {counted(one.damaged, 'torrent')}: mend them with")
            lines.append("  phono mirror repair")
        if one.oldest_check:
            lines.append(f"  Everything was read since {one.oldest_check[:10]}.")
        if one.overdue:
            lines.append(f"  {counted(one.overdue, 'torrent')} should have been read by now.")
    if at_work is None:
        lines.append("Nothing is at work: phono mirror run")
        return lines
    lines.append(
        f"At work (process {at_work.pid}): {at_work.doing}; "
        f"{counted(at_work.shared, 'torrent')} shared with {counted(at_work.peers, 'peer')}, "
        f"{format_bytes(at_work.uploaded_bytes)} given away."
    )
    for fetch in at_work.under_way:
        share = 100 * fetch.done_bytes // max(1, fetch.wanted_bytes)
        rate = format_bytes(fetch.bytes_per_s)
        lines.append(
            f"  {fetch.torrent}: {share} % of {format_bytes(fetch.wanted_bytes)}, {rate}/s, "
            f"{counted(fetch.peers, 'peer')}"
        )
    return lines


def _say_unread(done: Unread, *, as_json: bool) -> bool:
    if as_json:
        print_json({"torrent": done.torrent, **_fields(done.error)})
    else:
        print(printable(f"{done.torrent}: could not be looked at. {done.error}"))
    return True


def _fields(error: PhonothequeError | None) -> dict[str, str]:
    return error.fields() if error is not None else {}
