"""An archive that publishes, and a mirror beside it that holds what it is given from there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.phono import LICENSED, Phono, found
from tests.cli.small_music import make_music

from phonotheque.mirror.contents import read_contents
from phonotheque.mirror.events import Fetched
from phonotheque.mirror.home import Copy, Mirror, open_mirror
from phonotheque.mirror.joining import Joined, join
from phonotheque.mirror.known import known
from phonotheque.mirror.papers import torrent_of
from phonotheque.mirror.settings import new_settings
from phonotheque.mirror.sources import Origin
from phonotheque.mirror.values import Filter

VOLUME = "small-records-open-all-00001"


def make_archive(folder: Path) -> None:
    """An archive of six recordings in one volume, with packs, signed."""
    make_music(folder / "music", 6)
    phono = found(folder / "archive")
    phono.add(folder / "music", *LICENSED)
    phono.publish()


def now() -> datetime:
    return datetime.now(UTC)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@dataclass(frozen=True)
class Stage:
    """An archive and a mirror of it."""

    phono: Phono
    root: Path

    @property
    def archive(self) -> Path:
        return self.phono.root

    @property
    def copy_root(self) -> Path:
        return self.root / "archives" / "small-records"

    def join(self, address: Path | str | None = None, **known_before: str) -> Joined:
        """Follow the archive from now on."""
        origin = Origin((str(address or self.archive),), **known_before)
        return join(self.root, new_settings(10**9), origin, Filter(), now())

    @contextmanager
    def opened(self) -> Iterator[tuple[Mirror, Copy]]:
        """The mirror, open to write, and its copy of the archive."""
        with open_mirror(self.root, "a test") as mirror:
            yield mirror, mirror.copy("small-records")

    def hold(self, *torrents: str) -> None:
        """Bring torrents here, whole, as a sync does in the end."""
        with self.opened() as (_, copy):
            for line in known(copy).lines:
                if line.id in torrents:
                    hold(copy, self.archive, line.id)


def hold(copy: Copy, archive: Path, torrent: str) -> None:
    """Bring one torrent to a copy, from the archive's own folder."""
    (line,) = (one for one in known(copy).lines if one.id == torrent)
    contents = read_contents(line, torrent_of(copy, line))
    for part in contents.parts:
        target = copy.root / part.target
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(archive / part.target, target)
    if contents.is_volume:
        (copy.root / "volumes" / torrent).symlink_to("../objects")
    at = copy.writing.now()
    copy.writing.append(Fetched(at, torrent, line.files, line.size_bytes, "folder"))
