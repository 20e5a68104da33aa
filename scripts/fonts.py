"""Fetch the two typefaces of the pages from npm: `python -m scripts.fonts`.

They are under the SIL Open Font License 1.1 and stay outside of the repository. Each package is
taken in one version whose files are known by their SHA-256; other bytes are refused. Without npm,
or without a network, nothing happens but a line that says so: pages then use fonts of the system.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "src/phonotheque/look/fonts"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of an npm package, and what it is here.

    Attributes:
        package: Name and version, as npm writes them.
        member: Path in the package.
        name: Its name here.
        sha256: Of its bytes.
    """

    package: str
    member: str
    name: str
    sha256: str


_BESLEY, _ARCHIVO = "@fontsource-variable/besley@5.3.0", "@fontsource-variable/archivo@5.3.0"
WANTED = (
    Wanted(
        _BESLEY,
        "package/files/besley-latin-wght-normal.woff2",
        "besley.woff2",
        "45a619033dd926aa09d426017d7c0e347f206b40132eeb4b007201a342cdcb46",
    ),
    Wanted(
        _BESLEY,
        "package/LICENSE",
        "besley-OFL.txt",
        "11e20d127704ea8b91ab38917a45827e382b627f35e51840cc999bf501fdaf3f",
    ),
    Wanted(
        _ARCHIVO,
        "package/files/archivo-latin-wght-normal.woff2",
        "archivo.woff2",
        "8f704806dbedeaaeca334b11ec348bc3ac3a439d6431544b3afb54f534ee4967",
    ),
    Wanted(
        _ARCHIVO,
        "package/LICENSE",
        "archivo-OFL.txt",
        "c3c8402eec0e31dc9a76851235b1c02a0bb821488b2db8e35bcc2ab60ca8fc2b",
    ),
)


def main() -> int:
    """Fetch what lacks; 0 also when it cannot be had, for pages do without."""
    lacking = [one for one in WANTED if not _is_there(one)]
    npm = shutil.which("npm")
    if not lacking:
        return 0
    if npm is None:
        print("No npm here: pages use fonts of the system.")
        return 0
    try:
        for package in dict.fromkeys(one.package for one in lacking):
            _take(npm, package, [one for one in lacking if one.package == package])
    except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError) as error:
        print(f"The typefaces could not be fetched ({error}): pages use fonts of the system.")
    return 0


def _is_there(one: Wanted) -> bool:
    path = FOLDER / one.name
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == one.sha256


def _take(npm: str, package: str, wanted: list[Wanted]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--ignore-scripts", package]
        subprocess.run(command, cwd=folder, check=True, timeout=_SECONDS, capture_output=True)
        (packed,) = Path(folder).glob("*.tgz")
        with tarfile.open(packed) as archive:
            for one in wanted:
                member = archive.extractfile(one.member)
                data = member.read() if member else b""
                if hashlib.sha256(data).hexdigest() != one.sha256:
                    raise ValueError(f"{one.member} of {package} has other bytes than known")
                FOLDER.mkdir(exist_ok=True)
                (FOLDER / one.name).write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
