"""`phono demo`: the whole way on a small made-up label, offline, with the real commands.

Every step prints the command a person would type and runs exactly that; only seeding and
downloading, which would be two terminals, run side by side in here.
"""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from phonotheque.cli.exit_status import DONE, FOUND


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("demo", short_help="Walk the whole way on a small made-up label.")(demo)


def demo(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="A new folder; default: a temporary one."),
    ] = None,
) -> int:
    """Make a small label out of nothing and walk the whole way with it, in about a minute.

    Example: phono demo
    """
    import tempfile

    from phonotheque.demo.label import NAME

    began = time.monotonic()
    folder = to or Path(tempfile.mkdtemp(prefix="phonotheque-demo-"))
    label, archive, mirror = folder / "label", folder / "archive", folder / "mirror"
    _make_label(label)
    _phono(DONE, "init", str(archive), "--name", NAME)
    at = ("--archive", str(archive))
    added = (*at, "add", str(label), "--depositor", "The label")
    _title("Take the folder in. Each licence comes from the label's rights.toml")
    _phono(DONE, *added)
    _title("The same folder again: it adds nothing")
    _phono(DONE, *added)
    _title("Read every byte back and hold it against the register")
    _phono(DONE, *at, "verify")
    _title("Seal what may be shared; what has no licence on record is kept, not shared")
    _phono(DONE, *at, "publish", "run")
    _share(archive, mirror)
    _mirror(folder, archive)
    _damage_and_mend(archive, at, added)
    _hear_damage(folder, label, at)
    _dress_and_undress(folder, label, at)
    _find(at)
    _title("The archive on one page")
    _phono(DONE, *at, "status")
    _say_goodbye(folder, time.monotonic() - began)
    return DONE


def _title(text: str) -> None:
    print(f"\n== {text}", flush=True)


class DemoFailedError(AssertionError):
    """A step of the demo did not end as it must: a fault in Phonotheque, not in its use."""


def _phono(expected: int, *arguments: str) -> None:
    import subprocess

    print(f"$ phono {shlex.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "phonotheque", *arguments]
    status = subprocess.run(command, check=False).returncode
    if status != expected:
        raise DemoFailedError(f"phono {arguments} ended with {status}, not {expected}")


def _make_label(folder: Path) -> None:
    from phonotheque.demo.label import make_label

    _title("Make a label: music, covers and notes, computed from nothing")
    label = make_label(folder, on_track=_say_track)
    print()
    for release in label.releases:
        licence = release.licence or "no licence stated"
        print(f"  {release.artist}: {release.title}, {len(release.tracks)} tracks, {licence}")
    _title("Found an archive")


def _say_track(done: int, of: int, title: str) -> None:
    if sys.stderr.isatty():
        print(f"\r  {done} of {of}: {title:<40}", end="", file=sys.stderr, flush=True)


def _share(archive: Path, mirror: Path) -> None:
    """Seed every volume on this machine alone, and fetch it as a stranger would."""
    from phonotheque.publish.engine import EngineSettings, Seeder
    from phonotheque.publish.fetch import Sources, fetch

    _title("Share the volumes by BitTorrent and fetch them into another folder (this machine only)")
    volumes = {entry.name for entry in (archive / "volumes").iterdir()}  # the rest are packs
    published = sorted((archive / "published").glob("*.torrent"))
    torrents = [torrent for torrent in published if torrent.stem in volumes]
    local = EngineSettings.loopback()
    mirror.mkdir()
    with Seeder(local) as seeder:
        for torrent in torrents:
            seeder.add(torrent.read_bytes(), archive / "volumes")
        sources = Sources(peers=(("127.0.0.1", seeder.port),))
        for torrent in torrents:
            data = torrent.read_bytes()
            fetched = fetch(data, mirror, settings=local, sources=sources, deadline_s=60)
            print(f"  {fetched.folder.name}: {fetched.received_bytes:,} bytes received")
    for torrent in torrents:
        _check_sums(mirror / torrent.stem, f"lists/{torrent.stem}/SHA256SUMS")


def _check_sums(folder: Path, sums: str) -> None:
    """Check a fetched volume with coreutils, or with Python where there are none."""
    import hashlib
    import shutil
    import subprocess

    print(f"$ cd {shlex.quote(str(folder))} && sha256sum --check --quiet {sums}")
    if shutil.which("sha256sum"):
        command = ["sha256sum", "--check", "--quiet", sums]
        if subprocess.run(command, cwd=folder, check=False).returncode:
            raise DemoFailedError(f"{folder}: sha256sum found a difference")
    else:
        for line in (folder / sums).read_text(encoding="utf-8").splitlines():
            digest, _, path = line.partition("  ")
            if hashlib.sha256((folder / path).read_bytes()).hexdigest() != digest:
                raise DemoFailedError(f"{folder / path}: its bytes are not {digest}")
    print("  every file is exact")


def _damage_and_mend(archive: Path, at: tuple[str, str], added: tuple[str, ...]) -> None:
    _title("Damage one byte of one file, as a failing disk would")
    victim = max((archive / "objects").glob("??/??/*"), key=lambda path: path.stat().st_size)
    victim.chmod(0o644)
    with open(victim, "r+b") as file:
        file.seek(4321)
        byte = file.read(1)
        file.seek(4321)
        file.write(bytes([byte[0] ^ 1]))
    print(f"  byte 4321 of {victim.relative_to(archive)} is now wrong by one bit")
    _phono(FOUND, *at, "verify")
    _title("Mend it: bring the file again; good bytes replace bad ones, never the other way round")
    _phono(DONE, *added)
    _phono(DONE, *at, "verify")


def _mirror(folder: Path, archive: Path) -> None:
    """Three nodes: the archive, a mirror of it, and a mirror of that mirror."""
    nodes = {name: folder / f"mirror-{name}" for name in ("one", "two")}
    keepers = {"one": ("Harbour Radio", "PT"), "two": ("The village library", "FI")}
    _title("Two volunteers give a disk each; the second one knows only the first")
    for (operator, country), source, mirror in zip(
        keepers.values(), (archive, nodes["one"]), nodes.values(), strict=True
    ):
        at = ("--mirror", str(mirror))
        who = ("--operator", operator, "--country", country)
        _phono(DONE, "mirror", "init", str(source), "--space", "1GB", *who, *at)
        _phono(DONE, "mirror", "sync", "--loopback", *at)
    _title("Damage both at random: bits flip, a file is cut, a file is lost")
    for seed, mirror in enumerate(nodes.values()):
        _damage_at_random(mirror, seed)
    for mirror in nodes.values():
        _phono(FOUND, "mirror", "verify", "--mirror", str(mirror))
    _title("Each mends itself from the others, fetching only what is damaged, until none is")
    for mirror, other in zip(nodes.values(), reversed(nodes.values()), strict=True):
        other_copy = next((other / "archives").iterdir())
        _phono(DONE, "mirror", "repair", "--from", str(other_copy), "--mirror", str(mirror))
        _phono(DONE, "mirror", "verify", "--mirror", str(mirror))
    _title("Each says what it holds, with proof of it; the archive counts the copies")
    for mirror in nodes.values():
        statement = folder / f"{mirror.name}.jsonl"
        _phono(DONE, "mirror", "report", "--to", str(statement), "--mirror", str(mirror))
        _phono(DONE, "--archive", str(archive), "mirror", "accept", str(statement))
    _title("If the archive were lost: what was shared comes back; what was not is named")
    disks = [word for mirror in nodes.values() for word in ("--from", str(mirror))]
    print("  No mirror has people.sqlite (names and evidence) or keys/: backups of the owner do.")
    _phono(FOUND, "mirror", "restore", str(folder / "restored"), *disks)
    _lay_back(archive, folder / "restored")


def _lay_back(archive: Path, restored: Path) -> None:
    """Give the restored archive what only its owner has, as from a backup."""
    import shutil

    shutil.copy2(archive / "people.sqlite", restored)
    shutil.copytree(archive / "keys", restored / "keys", dirs_exist_ok=True)
    print("  people.sqlite and keys/ are laid back, from the archive that is not lost here")


def _damage_at_random(mirror: Path, seed: int) -> None:
    import random

    rng = random.Random(seed)
    flipped, cut, lost = rng.sample(sorted(mirror.glob("archives/*/objects/??/??/*")), 3)
    for path in (flipped, cut):
        path.chmod(0o644)
    with open(flipped, "r+b") as file:
        at = rng.randrange(flipped.stat().st_size)
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1 << rng.randrange(8)]))
    with open(cut, "r+b") as file:
        file.truncate(cut.stat().st_size // 2)
    lost.unlink()
    print(
        f"  {mirror.name}: a bit of {flipped.name[:12]}, half of {cut.name[:12]}, {lost.name[:12]}"
    )


def _hear_damage(folder: Path, label: Path, at: tuple[str, str]) -> None:
    _title("Take in a broken download: two thirds of a track. What is missing is heard")
    whole = _some_track(label)
    found = folder / "found"
    found.mkdir()
    data = whole.read_bytes()
    (found / "broken download.ogg").write_bytes(data[: len(data) * 2 // 3])
    _phono(FOUND, *at, "add", str(found))
    _title("What is it? It sounds like something we hold. Such copies are linked, never merged")
    _phono(DONE, *at, "duplicates")


def _dress_and_undress(folder: Path, label: Path, at: tuple[str, str]) -> None:
    import hashlib

    _title("Correct a title: the file stays as it is, a copy of it says what is right")
    name = hashlib.sha256(_some_track(label).read_bytes()).hexdigest()[:12]
    copy = folder / "copy.ogg"
    _phono(DONE, *at, "edit", name, "title=Two Spoons, One Saucer")
    _phono(DONE, *at, "dress", name, "--to", str(copy))
    _title("Get the very original back from the copy, to the last bit")
    _phono(DONE, *at, "reconstruct", str(copy), "--to", str(folder / "originals"))


def _find(at: tuple[str, str]) -> None:
    _title(
        "Make a catalogue of what is held, and find things in it: a slip of the finger is forgiven"
    )
    _phono(DONE, *at, "catalogue", "build")
    _phono(DONE, *at, "search", "two spons")
    _phono(DONE, *at, "search", "artist:gantry", "year:2022..", "free:yes")


def _some_track(label: Path) -> Path:
    return min(label.glob("*/03 *.ogg"))


def _say_goodbye(folder: Path, seconds: float) -> None:
    print(f"""
== What happened, in {seconds:.0f} seconds
  A label's folder became an archive that keeps every byte and the terms of each file; it was
  proven, sealed into volumes, fetched over BitTorrent and checked with sha256sum; two mirrors
  were damaged, mended each other, and gave the archive back; one wrong bit was found in the
  archive itself, named and mended. What had no licence on record was kept and not shared. A broken
  download was heard to be one, and a copy with a corrected title led back to its original. All of
  it can be searched.

== Look around, then do it with your own music
  ls {folder}/archive                   the archive; its README.txt needs no software of ours
  phono --archive {folder}/archive serve          then listen: http://127.0.0.1:8043/
  phono --archive {folder}/archive status
  phono --archive {folder}/archive search --live
  phono init ~/my-archive --name "My label"
  phono --archive ~/my-archive add ~/music --licence CC-BY-4.0 --evidence "we made it"
  rm -r {folder}                        when you have seen enough""")
