"""Checks of the finished archive that use nothing of ours: coreutils, hashlib, libtorrent.

Law: a check returns what it found, never more than it looked at; nothing here writes into the
archive (libtorrent runs in upload mode, without a network).
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libtorrent

from scripts.real.archive import Held
from scripts.real.tree import Item

CHECK_TIMEOUT_S = 900.0
"""Long enough for 32 GiB, the largest volume there can be, from a slow disk on a busy machine."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what, how much of it, and what is wrong ("" when nothing)."""

    what: str
    amount: str
    wrong: str = ""


def check_sources(tree: Path, paths: Iterable[str], held: Mapping[str, Held]) -> Check:
    """Hash every file of the tree again and compare with the name it was registered under."""
    looked_at, wrong = 0, []
    for path in paths:
        looked_at += 1
        with (tree / path).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if path not in held:
            wrong.append(f"{path}: not in the register")
        elif held[path].sha256 != digest:
            wrong.append(f"{path}: registered under another name")
    return Check("source files against the register (hashlib)", f"{looked_at} files", few(wrong))


def check_rights(items: Iterable[Item], held: Mapping[str, Held]) -> Check:
    """Compare: a licence is on record for exactly those files that a rule was written for."""
    looked_at, wrong = 0, []
    for item in items:
        looked_at += 1
        on_record = item.path in held and bool(held[item.path].licences)
        if on_record != item.verdict.is_settled:
            wrong.append(f"{item.path}: {'a' if on_record else 'no'} licence on record")
    return Check("licences on record against the rules written", f"{looked_at} files", few(wrong))


def check_lists(archive: Path) -> list[Check]:
    """Let coreutils check each volume against its own list, from inside the volume."""
    checks = []
    for volume in sorted((archive / "volumes").iterdir()):
        sums = Path("lists") / volume.name / "SHA256SUMS"
        command = ["sha256sum", "--check", "--strict", "--quiet", str(sums)]
        told = subprocess.run(command, cwd=volume, capture_output=True, text=True, check=False)
        said = (told.stdout + told.stderr).strip() or f"exit status {told.returncode}"
        listed = (volume / sums).read_text().count("\n") if (volume / sums).is_file() else 0
        what = f"volume {volume.name}: sha256sum --check"
        checks.append(Check(what, f"{listed} lines", said if told.returncode else ""))
    return checks


def check_torrents(archive: Path) -> list[Check]:
    """Load each torrent into libtorrent and let it compare every piece with the store."""
    session = libtorrent.session(
        {
            "listen_interfaces": "",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
        }
    )
    torrents = sorted((archive / "published").rglob("*.torrent"))
    return [_check_torrent(session, torrent, archive) for torrent in torrents]


def _check_torrent(session: libtorrent.session, torrent: Path, archive: Path) -> Check:
    wanted = libtorrent.add_torrent_params()
    wanted.ti = libtorrent.torrent_info(str(torrent))
    packs = archive / "published" / "packs"
    is_pack = (packs / wanted.ti.name()).is_dir()
    wanted.save_path = str(packs if is_pack else archive / "volumes")
    wanted.flags = libtorrent.torrent_flags.upload_mode
    handle = session.add_torrent(wanted)
    try:
        status = _checked(session, handle)
        hashes = wanted.ti.info_hashes()
        kind = " + ".join(name for name in ("v1", "v2") if getattr(hashes, f"has_{name}")())
        pieces = f"{status.num_pieces} of {wanted.ti.num_pieces()} pieces ({kind})"
        whole = status.is_seeding and status.progress == 1.0
        wrong = "" if whole else f"{status.progress:.4%} {status.errc.message()}"
        return Check(f"{torrent.name}: libtorrent's full check", pieces, wrong)
    finally:
        session.remove_torrent(handle)


def _checked(
    session: libtorrent.session, handle: libtorrent.torrent_handle
) -> libtorrent.torrent_status:
    """Wait until a torrent has been compared with its files, or has an error."""
    states = libtorrent.torrent_status
    busy = (states.checking_files, states.checking_resume_data)
    deadline = time.monotonic() + CHECK_TIMEOUT_S
    while (status := handle.status()).state in busy and not status.errc.value():
        if time.monotonic() > deadline:
            break
        session.wait_for_alert(200)
        session.pop_alerts()
    return status


def few(wrong: Sequence[str]) -> str:
    """Name the first of what is wrong, and say how much more there is."""
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return "; ".join(wrong[:3]) + more
