"""`phono show|status`: looking at one thing, and at all of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.new_files import write_report
from phonotheque.cli.options import Json, archive_of
from phonotheque.cli.output import format_bytes, print_json, print_table, printable, tell
from phonotheque.music.number_words import counted

if TYPE_CHECKING:
    from phonotheque.archive.keeping.alarms import Alarm
    from phonotheque.archive.keeping.copies import Copies
    from phonotheque.archive.opening import Archive
    from phonotheque.archive.status import Heap, Status
    from phonotheque.register.events import Volume
    from phonotheque.register.holdings import Held


class Portrait(StrEnum):
    """What a picture of a recording shows."""

    WAVEFORM = "waveform"
    SPECTROGRAM = "spectrogram"
    COVER = "cover"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("show", short_help="Show an object, a volume or a thing of the catalogue.")(show)
    app.command("status", short_help="Show the archive on one page.")(status)


def show(
    context: typer.Context,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="An object (6 digits or more), a volume, or what the catalogue knows: a gid, "
            "MBID, ISRC, barcode, catalogue:NUMBER, id:SCHEME:VALUE.",
        ),
    ],
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Put a picture of it into FILE (.svg or .png) instead of telling."
        ),
    ] = None,
    of: Annotated[
        Portrait,
        typer.Option(help="What is drawn; a spectrogram is a .png, a cover has its own ending."),
    ] = Portrait.WAVEFORM,
    as_json: Json = False,
) -> int:
    """Show all that is known of a thing, or draw how a recording sounds.

    An object is told as the archive holds it; a recording, release, artist or label as the
    catalogue knows it, each statement with the source that makes it.

    Example: phono show 3f9ac1
    """
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.reference import resolve_object
    from phonotheque.cli.entry import named_in_catalogue, show_entry

    root = archive_of(context)
    with open_to_read(root) as archive:
        named = None if picture else named_in_catalogue(archive, reference)
        if picture is not None:
            held = resolve_object(archive.index, reference)
            return _draw(archive, held, picture, of, as_json=as_json)
        volumes = {volume.name: volume for volume in archive.index.volumes()}
        if reference in volumes:
            record = shown = _volume(archive, volumes[reference])
        elif named is not None:
            show_entry(root, reference, named, as_json=as_json)
            return DONE
        else:
            held = resolve_object(archive.index, reference)
            record = _object(archive, held)
            shown = _in_words(record, held)
    if as_json:
        print_json(record)
    else:
        print_table(
            [
                (name if number == 0 else "", line)
                for name, value in shown.items()
                for number, line in enumerate(_lines(value))
            ]
        )
    return DONE


def _draw(archive: Archive, held: Held, file: Path, of: Portrait, *, as_json: bool) -> int:
    """Draw a recording into a file and say what is seen there."""
    from phonotheque.archive.recordings.drawing import draw_into, write_cover

    if of is Portrait.COVER:
        said = write_cover(archive, held, file)
    else:
        said = draw_into(archive, held, file, is_spectrogram=of is Portrait.SPECTROGRAM)
    if as_json:
        print_json({"sha256": held.sha256.hex, "picture": str(file), "of": of, "shows": said})
    else:
        print(printable(f"{file}: {said}"))
    return DONE


def _object(archive: Archive, held: Held) -> dict[str, Any]:
    import msgspec

    from phonotheque.archive.opening import today
    from phonotheque.music.doors import Door, ask
    from phonotheque.register.corrections import edited
    from phonotheque.store.objects import ObjectName

    index = archive.index
    statements = index.statements(held.sha256)
    counts = archive.config["rights.licence_tags_count"]
    is_removed = held.condition == "removed"
    verdict = ask(Door.PUBLISH, statements, today(), claims_count=counts, is_removed=is_removed)
    accessions = index.accessions(held.sha256)
    return {
        "sha256": held.sha256.hex,
        "path": ObjectName(held.sha256, held.extension).path,
        "size_bytes": held.size_bytes,
        "condition": held.condition,
        "checked_at": held.checked_at,
        "role": held.role,
        "readability": held.readability,
        "reason": held.reason,
        "technical": msgspec.to_builtins(held.technical) if held.technical else None,
        "integrity": msgspec.to_builtins(held.integrity) if held.integrity else None,
        "sound": msgspec.to_builtins(held.sound) if held.sound else None,
        "tags": msgspec.to_builtins(edited(index, held.sha256)),
        "came_from": [
            {"path": p.path, "at": p.at, "collection": index.depositor_and_collection(p.deposit)[1]}
            for p in accessions
        ],
        "companions": [
            {"sha256": name.hex, "path": path} for name, path in index.companions(accessions[0])
        ],
        "rights": [msgspec.to_builtins(statement) for statement in statements],
        "may_be_shared": verdict.allowed,
        "because": verdict.reason,
        "volume": held.volume,
        "gid": _gid(archive, held),
    }


def _gid(archive: Archive, held: Held) -> str | None:
    """What the catalogue calls it. A catalogue that cannot be read stops nobody here."""
    from phonotheque.archive.finding.searching import gid_of_object
    from phonotheque.errors import FormatTooNewError, IntegrityError

    try:
        gid = gid_of_object(archive.root, held.sha256)
    except (FormatTooNewError, IntegrityError) as error:
        tell([str(error)])
        return None
    return str(gid) if gid else None


def _in_words(record: dict[str, Any], held: Held) -> dict[str, Any]:
    """The record of an object with sentences in place of what a decode measured."""
    from phonotheque.derive.sound_words import format_sound
    from phonotheque.music.sound import format_integrity

    integrity = format_integrity(held.integrity) if held.integrity else None
    sound = format_sound(held.sound, held.technical) if held.sound else None
    return {**record, "integrity": integrity, "sound": sound}


def _volume(archive: Archive, volume: Volume) -> dict[str, Any]:
    import msgspec

    objects = [held.sha256.hex for held in archive.index.in_volume(volume.name)]
    return {**msgspec.to_builtins(volume), "members": objects}


def _lines(value: object) -> list[str]:
    """A value as lines for people; nothing for what is not known."""
    if isinstance(value, dict):
        return [f"{key}: {line}" for key, item in value.items() for line in _lines(item)]
    if isinstance(value, list | tuple):
        return [line for item in value for line in _lines(item)]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [] if value in (None, "") else [printable(str(value))]


def status(
    context: typer.Context,
    prometheus: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also put all figures into FILE, as Prometheus reads."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show the archive on one page: counts, bytes, volumes, their copies, and what is unproven.

    Exit status 1 when something is damaged, a signature has expired, or checks or mirrors stopped.

    Example: phono status
    """
    import dataclasses

    import msgspec

    from phonotheque.archive.keeping.counting import alarms_of, copies_of
    from phonotheque.archive.opening import open_to_read
    from phonotheque.archive.status import status_of
    from phonotheque.cli.copies import copies_record, say_copies

    with open_to_read(archive_of(context)) as archive:
        found = status_of(archive)
        copies = copies_of(archive)
        alarms = alarms_of(archive, copies, found.oldest_check)
        title = archive.config["title"] or archive.config.name
        notices = archive.notices
    if as_json:
        findings = msgspec.to_builtins(found.findings)
        record = {**dataclasses.asdict(found), "findings": findings}
        record |= copies_record(copies, alarms)
        print_json({"title": title, **record, "notices": notices})
    else:
        print(printable(title))
        print_table(list(_rows(found)), right=(1, 2))
        for line in _proof(found):
            print(line)
        say_copies(copies, alarms)
        for line in notices:
            print(line)
    if prometheus:
        _put_metrics(prometheus, found, copies, alarms)
    expired = [one for one in found.signatures if one.days_left < 0]
    return FOUND if found.damaged or found.findings or expired or alarms else DONE


def _put_metrics(path: Path, found: Status, copies: Copies, alarms: tuple[Alarm, ...]) -> None:
    """Replace the file in one step: whoever reads it meanwhile has the old or the new one."""
    from datetime import UTC, datetime

    from phonotheque.archive.keeping.prometheus import format_metrics

    write_report(path, format_metrics(found, copies, alarms, datetime.now(UTC)))


def _rows(found: Status) -> list[tuple[str, str, str]]:
    heaps: list[tuple[str, Heap]] = [
        ("recordings", found.recordings),
        ("  of these in volumes", found.sealed),
        ("audio that no decoder reads", found.unreadable),
        ("companions (covers, notes, texts)", found.companions),
        *((f"{kind}!", heap) for kind, heap in found.damaged.items()),
        (f"unproven for {found.unproven_days} days or more", found.unproven),
    ]
    rows = [("", "objects", "bytes")]
    if found.removed.objects:
        heaps.append(("removed by a takedown", found.removed))
    rows += [(name, f"{heap.objects:,}", format_bytes(heap.size_bytes)) for name, heap in heaps]
    return rows


def _proof(found: Status) -> list[str]:
    volumes, lines_written = counted(found.volumes, "volume"), counted(found.events, "line")
    retired = f", {found.retired} retired" if found.retired else ""
    lines = [f"{volumes}{retired}; {lines_written} in the register."]
    if found.oldest_check:
        since = f"at {_minute(found.oldest_check)} or later."
        if found.damaged:
            lines.append(
                f"Every object was looked for {since} Those marked ! are not as registered."
            )
        else:
            lines.append(f"Every object was proven exact {since}")
    ran = _minute(found.last_run) if found.last_run else "never"
    lines.append(f"Last run of `phono verify`: {ran}.")
    lines += [f"{one.kind}! {printable(one.path)}: {one.detail}" for one in found.findings]
    return [*lines, *_signatures(found)]


def _signatures(found: Status) -> list[str]:
    """What is published and runs out, or has run out, and what to do about it."""
    from phonotheque.archive.signing.expiry import Urgency

    lines = []
    for one in found.signatures:
        renew = "phono keys renew" if one.role == "root" else "phono publish refresh"
        until = f"until {one.expires[:10]}"
        if one.urgency is Urgency.OVER:
            lines.append(f"expired! What {one.role} signed was good {until}: {renew}")
        elif one.urgency is Urgency.SOON:
            left = counted(one.days_left, "day")
            lines.append(f"What {one.role} signed is good {until}, {left} more: {renew}")
    return lines


def _minute(instant: str) -> str:
    return f"{instant[:16].replace('T', ' ')} UTC"
