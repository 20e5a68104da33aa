"""Bringing Debian packages into a cache and unpacking them there, without installing anything.

Laws: the cache lies outside the repository; what is there with the right length and SHA-256 is not
asked for again; an unpacked folder is complete or absent; apt's own signed lists say what is right.

Source: apt-get(8) `download`, `--print-uris`; dpkg-deb(1) `--extract`, `--field`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from phonotheque.errors import DigestMismatchError, UnavailableError

_OFFER = re.compile(r"'[^']*' (\S+) (\d+)(?: SHA256:([0-9a-f]{64}))?")
# apt drops its rights while it downloads and then cannot write into a home folder: it says so
# and goes on with its rights, unless it is told not to drop them.
_APT = ("apt-get", "-o", "APT::Sandbox::User=root", "--quiet")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package as it lies in the cache. `folder` holds its files as they would be installed."""

    name: str
    version: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Offer:
    """What apt would download: `sha256` is "" when apt's lists give another digest."""

    file_name: str
    size_bytes: int
    sha256: str


def cache_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Where packages are kept: `$PHONOTHEQUE_CACHE`, else below the user's cache folder."""
    if own := environment.get("PHONOTHEQUE_CACHE"):
        return Path(own)
    base = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "phonotheque" / "debian"


def require_tools() -> None:
    """Make sure that this is a system with Debian's tools.

    Raises:
        UnavailableError: `apt-get` or `dpkg-deb` is missing.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise UnavailableError(
                tool,
                "not on this computer, and the music comes from Debian packages",
                "Run `make real` on Debian or Ubuntu, or in a container of either; "
                "`make demo` needs neither.",
            )


def fetch(name: str, cache: Path) -> Fetched | None:
    """Bring one package into the cache and unpack it.

    Returns:
        None when neither apt nor the cache has the package.

    Raises:
        UnavailableError: apt cannot download it.
        DigestMismatchError: What came is not what apt's lists announce.
    """
    cache.mkdir(parents=True, exist_ok=True)
    offer = _offer(name)
    deb = _cached(name, cache) if offer is None else _downloaded(name, offer, cache)
    return None if deb is None else _unpacked(name, deb, cache / "unpacked")


def parse_offer(text: str) -> Offer | None:
    """Read what `apt-get download --print-uris` says of one package; None when it says nothing."""
    found = _OFFER.search(text)
    return Offer(found[1], int(found[2]), found[3] or "") if found else None


def _offer(name: str) -> Offer | None:
    command = [*_APT, "download", "--print-uris", name]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse_offer(told.stdout)


def _cached(name: str, cache: Path) -> Path | None:
    """The newest file of this package in the cache, when apt knows nothing of it."""
    debs = sorted(cache.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)
    return debs[-1] if debs else None


def _downloaded(name: str, offer: Offer, cache: Path) -> Path:
    deb = cache / offer.file_name
    if _is_offered(deb, offer):
        return deb
    deb.unlink(missing_ok=True)  # a part of an earlier download
    told = subprocess.run(
        [*_APT, "download", name], cwd=cache, capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise UnavailableError(
            name,
            f"apt-get cannot download it: {told.stderr.strip()}",
            "Check the network, run `apt-get update` and try again.",
        )
    if not _is_offered(deb, offer):
        raise DigestMismatchError(
            str(deb), "not what apt's lists announce", "Run `apt-get update` and try again."
        )
    return deb


def _is_offered(deb: Path, offer: Offer) -> bool:
    if not deb.is_file() or deb.stat().st_size != offer.size_bytes:
        return False
    with deb.open("rb") as file:
        return offer.sha256 in ("", hashlib.file_digest(file, "sha256").hexdigest())


def _unpacked(name: str, deb: Path, into: Path) -> Fetched:
    folder, stamp = into / name, into / f"{name}.from"
    if not (folder.is_dir() and stamp.is_file() and stamp.read_text() == deb.name):
        partial = into / f"{name}.partial"
        for old in (partial, folder):
            shutil.rmtree(old, ignore_errors=True)
        partial.mkdir(parents=True)
        _dpkg_deb("--extract", str(deb), str(partial))
        partial.rename(folder)
        stamp.write_text(deb.name)
    return Fetched(name, _dpkg_deb("--field", str(deb), "Version").strip(), folder)


def _dpkg_deb(*arguments: str) -> str:
    told = subprocess.run(["dpkg-deb", *arguments], capture_output=True, text=True, check=False)
    if told.returncode:
        raise UnavailableError(
            arguments[1], f"dpkg-deb says: {told.stderr.strip()}", "Remove it and try again."
        )
    return told.stdout
