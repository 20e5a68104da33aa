"""Recordings of every kind of right, and asking a door for them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import soundfile
from tests.cli.phono import Phono, copy_archive, found

from phonotheque.archive.opening import open_to_write
from phonotheque.catalogue.gids import gid_of
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Basis, RightsStatement, Use
from phonotheque.register.events import Rights

IN_COPYRIGHT = "http://rightsstatements.org/vocab/InC/1.0/"
BY_ND = "https://creativecommons.org/licenses/by-nd/4.0/"
LONG_FRAMES = 1_300_000
"""At 16 bits these are 2.6 MB: three pieces."""

FILES = ("long.wav", "short.flac", "streamed.wav", "previewed.flac", "unknown.wav", "german.flac",
         "onsite.wav", "unchanged.flac")  # fmt: skip


def make(folder: Path) -> None:
    """An archive with one recording of each kind, and its catalogue."""
    music = folder / "music"
    music.mkdir()
    for number, name in enumerate(FILES):
        _make_file(music / name, number, LONG_FRAMES if name == "long.wav" else 16_000)
    phono = found(folder / "archive")
    rules = [f'[[rule]]\nmatch = "{name}"\nlicence = "CC-BY-4.0"\n' for name in FILES[:2]]
    (music / "rights.toml").write_text("\n".join(rules))
    told = phono.add(music)
    names = {Path(path).name: one["sha256"] for path, one in told.items()}
    decide(phono, names["streamed.wav"], licence=IN_COPYRIGHT, granted=(Use.STREAM,))
    decide(phono, names["previewed.flac"], licence=IN_COPYRIGHT, granted=(Use.PREVIEW,))
    decide(phono, names["german.flac"], licence=IN_COPYRIGHT, granted=(Use.STREAM,),
           territories=("DE",))  # fmt: skip
    decide(phono, names["onsite.wav"], licence=IN_COPYRIGHT, onsite_only=True)
    decide(phono, names["unchanged.flac"], licence=BY_ND)
    phono("catalogue", "build", "--jobs", "1").expect(0)
    (folder / "names.json").write_bytes(msgspec.json.encode(names))


def _make_file(path: Path, number: int, frames: int) -> None:
    """A file of noise, a song of the one album that there is."""
    form = path.suffix[1:].upper()
    with soundfile.SoundFile(path, "w", 8000, 1, format=form, subtype="PCM_16") as file:
        file.title, file.artist, file.album = f"Piece {number}", "Bo", "Everything"
        file.tracknumber = str(number + 1)
        file.buffer_write(random.Random(number).randbytes(frames * 2), "int16")


def decide(phono: Phono, sha256: str, **fields: Any) -> None:
    """Decide about the rights of an object, as an archivist does."""
    with open_to_write(phono.root, "decide") as archive:
        statement = RightsStatement(basis=Basis.DECISION, stated_at=archive.now(), **fields)
        archive.record([Rights(sha256, statement)])


@dataclass(frozen=True)
class Stock:
    """An archive of its own, and what is in it."""

    phono: Phono
    names: dict[str, str]

    @property
    def root(self) -> Path:
        return self.phono.root

    def gid(self, name: str) -> str:
        """The gid of a recording, as every archive mints it."""
        return str(gid_of("holdings", "recording", self.names[name]))

    def sha256(self, name: str) -> Sha256:
        return Sha256.parse(self.names[name])

    def path(self, name: str) -> Path:
        """The file of an object."""
        (path,) = self.root.glob(f"objects/*/*/{self.names[name]}*")
        return path

    def data(self, name: str) -> bytes:
        return self.path(name).read_bytes()


def copy_of(made: Path, to: Path) -> Stock:
    """A copy to work on."""
    names = msgspec.json.decode((made / "names.json").read_bytes(), type=dict[str, str])
    return Stock(copy_archive(made / "archive", to), names)


def set_listening(stock: Stock, *lines: str) -> None:
    """Write settings of `phono serve`."""
    file = stock.root / "phonotheque.toml"
    text = file.read_text(encoding="utf-8")
    assert "\n[listen]\n" in text
    file.write_text(text.replace("\n[listen]\n", "\n[listen]\n" + "\n".join(lines) + "\n"))
