"""`phono dress|reconstruct`: copies with current tags, and originals back from copies."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn

import typer

from phonotheque.cli.exit_status import DONE, FOUND
from phonotheque.cli.options import DryRun, Json, Wait, archive_of
from phonotheque.cli.output import format_bytes, print_json, printable, tell

if TYPE_CHECKING:
    from phonotheque.archive.opening import Archive
    from phonotheque.archive.recordings.dressing import Regained, WaysBack
    from phonotheque.archive.recordings.from_packs import Worn
    from phonotheque.dress.overlay import Cover
    from phonotheque.dress.pack import Pack
    from phonotheque.publish.packs.shelf import Shelf


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("dress", short_help="Copy a recording with current tags.")(dress)
    app.command("reconstruct", short_help="Get originals back from copies.")(reconstruct)


def dress(
    context: typer.Context,
    reference: Annotated[
        str, typer.Argument(metavar="ID", help="A recording; with --packs, a file.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The copy to write.")],
    cover: Annotated[
        Path | None,
        typer.Option("--cover", metavar="FILE", help="A picture, in place of the original's own."),
    ] = None,
    packs: Annotated[
        Path | None,
        typer.Option(
            "--packs", metavar="DIR", help="Tags and cover from downloaded packs; no archive."
        ),
    ] = None,
    pack: Annotated[
        Path | None,
        typer.Option(
            "--pack", metavar="FILE", help="With --packs: keep the way back in this file."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    wait: Wait = False,
    as_json: Json = False,
) -> int:
    """Copy a recording out with the tags that the archive has for it now.

    The sound is the original's, byte for byte. What gives the original back from the copy is put
    on record: `phono reconstruct`. With --packs, tags and cover come from packs that an archive
    published, for an original that lies here.

    Example: phono dress 3f9ac1 --to "02 Moorings.flac" --cover front.jpg
    """
    picture = _cover(cover) if cover else None
    if packs is not None:
        worn = _dress_from_packs(Path(reference), packs, to, (picture, pack), is_replacing=force)
    else:
        if pack is not None:
            _refuse_pack()
        root = archive_of(context)
        worn = _dress_from_archive(root, reference, to, picture, (force, wait))
    kept = "is on record" if packs is None else f"is in {pack}" if pack else "was thrown away"
    if as_json:
        record = {"sha256": worn.original.hex, "copy": worn.copy, "path": str(to)}
        print_json({**record, "size_bytes": worn.size_bytes, "patch_bytes": worn.patch_bytes})
    else:
        print(f"{worn.copy}  {printable(str(to))}")
        size = format_bytes(worn.size_bytes)
        print(f"{size}; the way back {printable(kept)}, {worn.patch_bytes} bytes.")
    return DONE


def _refuse_pack() -> NoReturn:
    from phonotheque.errors import BadRequestError

    todo = "An archive keeps the way back itself."
    raise BadRequestError("--pack", "it goes with --packs", todo)


def _dress_from_archive(
    root: Path, reference: str, to: Path, picture: Cover | None, flags: tuple[bool, bool]
) -> Worn:
    from phonotheque.archive.opening import open_to_write
    from phonotheque.archive.recordings.dressing import write_dressed
    from phonotheque.archive.recordings.from_packs import Worn
    from phonotheque.archive.reference import resolve_object

    is_replacing, is_patient = flags
    with open_to_write(root, "dress", is_patient=is_patient) as archive:
        tell(archive.notices)
        held = resolve_object(archive.index, reference)
        event = write_dressed(archive, held, to, picture, is_replacing=is_replacing)
    patch_bytes = len(event.patch) * 3 // 4 - event.patch.count("=")
    return Worn(held.sha256, event.copy, event.size_bytes, patch_bytes)


def _dress_from_packs(
    original: Path,
    packs: Path,
    to: Path,
    options: tuple[Cover | None, Path | None],
    *,
    is_replacing: bool,
) -> Worn:
    from phonotheque.archive.recordings.from_packs import dress_from_packs

    cover, ways = options
    with ExitStack() as stack:
        shelf = _shelf(packs, stack)
        return dress_from_packs(
            shelf, original, to, cover=cover, ways=ways, is_replacing=is_replacing
        )


def _cover(path: Path) -> Cover:
    from phonotheque.disk import refusal
    from phonotheque.dress.overlay import Cover

    try:
        with open(path, "rb") as file:
            return Cover(file.read((1 << 24) + 1))
    except OSError as error:
        raise refusal(str(path), error) from error


def reconstruct(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Copies.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where originals are written.")],
    pack: Annotated[
        Path | None, typer.Option("--pack", metavar="FILE", help="A file of patches to use first.")
    ] = None,
    packs: Annotated[
        Path | None,
        typer.Option("--packs", metavar="DIR", help="Downloaded packs to look patches up in."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Get the byte-exact originals back from dressed copies, or from copies that others tagged.

    Patches come from the packs and from the archive. A copy that has none is known by its sound, if
    that is held, and a patch is made and proven on the spot. With --pack or --packs no archive is
    needed.

    Exit status 1 when an original could not be got back.

    Example: phono reconstruct music/*.flac --to originals
    """
    from phonotheque.archive.recordings.dressing import regain

    results = []
    with ExitStack() as stack:
        archive = _archive(context, stack, is_needed=pack is None and packs is None)
        ways: list[WaysBack] = [_pack(pack, stack)] if pack else []
        ways += [_shelf(packs, stack)] if packs else []
        for file in files:
            folder = None if dry_run else to
            done = regain(archive, ways, file, folder, _payload_of)
            results.append(done)
            _tell_one(done, as_json=as_json)
    failed = sum(done.error is not None for done in results)
    if not as_json:
        verb = "could be got back" if dry_run else f"got back, in {printable(str(to))}"
        print(f"{len(results) - failed} of {len(results)} originals {verb}.")
    return FOUND if failed else DONE


def _archive(context: typer.Context, stack: ExitStack, *, is_needed: bool) -> Archive | None:
    from phonotheque.archive.opening import open_to_read
    from phonotheque.errors import NotAnArchiveError

    try:
        root = archive_of(context)
    except NotAnArchiveError:
        if is_needed or context.obj is not None:
            raise
        return None
    return stack.enter_context(open_to_read(root))


def _pack(path: Path, stack: ExitStack) -> Pack:
    from phonotheque.disk import refusal
    from phonotheque.dress.pack import Pack

    try:
        return Pack(stack.enter_context(open(path, "rb")))
    except OSError as error:
        raise refusal(str(path), error) from error


def _shelf(folder: Path, stack: ExitStack) -> Shelf:
    from phonotheque.disk import LocalDisk
    from phonotheque.publish.packs.shelf import Shelf

    return stack.enter_context(Shelf(LocalDisk(folder), str(folder)))


def _payload_of(file: BinaryIO) -> str | None:
    from phonotheque.audio import facts_in_child

    sound = facts_in_child(file).sound
    return sound.payload_sha256 if sound else None


def _tell_one(done: Regained, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(done.file),
                "original": done.original.hex if done.original else None,
                "size_bytes": done.size_bytes,
                "way": done.way,
                "path": str(done.path) if done.path else None,
                "patch_bytes": done.patch_bytes,
                "error": done.error.code if done.error else "",
                "reason": str(done.error) if done.error else "",
            }
        )
    elif done.error is not None:
        print(f"{printable(str(done.file))}: {printable(str(done.error))}")
    else:
        print(f"{done.original}  {printable(str(done.path or done.file))}")
