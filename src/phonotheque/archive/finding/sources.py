"""Sources by the names people give them: which reader is for which files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from phonotheque.catalogue.sources.cover_art.source import CoverArt
from phonotheque.catalogue.sources.discogs.source import Discogs
from phonotheque.catalogue.sources.internet_archive.source import InternetArchive
from phonotheque.catalogue.sources.listenbrainz.source import ListenBrainz
from phonotheque.catalogue.sources.mapped.mapping import parse_mapping
from phonotheque.catalogue.sources.mapped.source import Mapped
from phonotheque.catalogue.sources.musicbrainz.opening import open_musicbrainz
from phonotheque.catalogue.sources.port import Source
from phonotheque.disk import LocalDisk, refusal
from phonotheque.errors import BadRequestError

_NAMES = ("musicbrainz", "discogs", "internet-archive", "cover-art", "listenbrainz")
"""Sources that are read without a mapping."""


def source_named(name: str, paths: Sequence[Path], mapping: Path | None, catalogue: Path) -> Source:
    """Return a source that can be imported.

    Args:
        name: One of `_NAMES`, or the name that a mapping gives.
        paths: Where its data lie.
        mapping: The file that says how to read them, where they are tables of anybody's.
        catalogue: Folder of the catalogue, on a disk with room.

    Raises:
        BadRequestError: There is no such source, or no such path.
        BadMappingError: The mapping cannot be read.
        ConflictError: An increment does not follow what was imported.
        MalformedError: The data are not what they are said to be.
        DiskFailedError: A path cannot be looked at.
    """
    for path in (*paths, *([mapping] if mapping else [])):
        _want(path)
    if mapping is not None:
        return _mapped(name, paths, mapping)
    match name:
        case "musicbrainz":
            return open_musicbrainz(paths, LocalDisk(catalogue))
        case "listenbrainz":
            return ListenBrainz(paths, catalogue / "sources" / name / "scratch")
        case "discogs":
            return Discogs(paths)
        case "internet-archive":
            return InternetArchive(paths)
        case "cover-art":
            return CoverArt(paths)
        case "holdings":
            raise BadRequestError(
                name, "every build takes the holdings in", "Run `phono catalogue build`."
            )
        case _:
            raise BadRequestError(
                name,
                "there is no source of this name",
                f"There are {', '.join(_NAMES)}, and all that --mapping FILE describes.",
            )


def _want(path: Path) -> None:
    try:
        is_there = path.exists()
    except OSError as error:  # a folder on the way to it may not be entered
        raise refusal(str(path), error) from error
    if not is_there:
        raise BadRequestError(str(path), "there is no such file or folder", "Check the path.")


def _mapped(name: str, paths: Sequence[Path], mapping: Path) -> Source:
    """The tables that a mapping describes, in a folder, or beside the file that was given."""
    if len(paths) != 1:
        raise BadRequestError(
            str(paths[-1]), "a mapping reads the files of one folder", "Give the folder."
        )
    given = paths[0]
    described = parse_mapping(mapping.read_bytes(), mapping.name)
    if described.terms.name != name:
        raise BadRequestError(
            name,
            f"{mapping.name} describes {described.terms.name!r}",
            f"Import {described.terms.name}, or correct `name` in the mapping.",
        )
    if given.is_file() and given.name not in {file.path for file in described.files}:
        raise BadRequestError(
            str(given), f"{mapping.name} reads no file of this name", "Give the folder."
        )
    return Mapped(mapping, given.parent if given.is_file() else given)
