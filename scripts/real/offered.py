"""What is offered at the bulk door, checked without anything of ours, then one item taken down.

Copies are dressed and published again; the originals come back from the packs alone; the index is
proven by Debian's minisign, packs by coreutils, feeds by a feed reader. At last one recording is
removed, and its name is looked for in everything that is offered.

Law: a check returns what it found, never more than it looked at; a tool that is not here is said.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import feedparser
from backports import zstd

from scripts.real.archive import Held
from scripts.real.checks import Check, few
from scripts.real.steps import Step, run_step

FOUND_SOMETHING = (0, 1)
REASON = "Removed to show how a removal goes"

_TOLD = ("tombstones.jsonl", "register.jsonl.zst")
"""Ends of the files that name what was removed: the public log, and the register's own line."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The steps that were taken at the bulk door, and what the checks found."""

    steps: tuple[Step, ...]
    checks: tuple[Check, ...]


def run_offered(on: Sequence[str], archive: Path, held: Iterable[Held], work: Path) -> Offered:
    """Dress, publish, reconstruct, remove; check after each.

    Args:
        on: Program and archive.
        held: What was taken in.
        work: An existing folder; what commands write goes to `said` in it.

    Raises:
        StepFailedError: A command failed.
    """
    said, copies, originals = work / "said", work / "copies", work / "originals"
    shared = _one_of_each_format(archive, held)
    if not shared:
        return Offered((), (Check("copies dressed and turned back", "nothing is shared"),))
    copies.mkdir(exist_ok=True)
    steps = [
        run_step(
            f"dress {number}",
            [*on, "dress", one.sha256, "--to", str(copies / str(number)), "--force"],
            said,
        )
        for number, one in enumerate(shared, 1)
    ]
    publish = [*on, "publish", "run"]
    steps.append(run_step("publish again", publish, said, FOUND_SOMETHING))
    program = on[: on.index("--archive")]
    found = [str(path) for path in sorted(copies.iterdir())]
    packs = str(archive / "published" / "packs")
    back = [*program, "reconstruct", *found, "--packs", packs, "--to", str(originals)]
    steps.append(run_step("reconstruct", back, said))
    checks = [
        check_originals(originals, [one.sha256 for one in shared]),
        check_index(archive / "published"),
        check_packs(archive / "published" / "packs"),
        check_feeds(archive / "published" / "feeds"),
    ]
    gone = min(shared, key=lambda one: one.duration_ms)
    remove = [*on, "takedown", gone.sha256, "--reason", REASON]
    steps.append(run_step("takedown", remove, said))
    steps.append(run_step("publish without it", publish, said, FOUND_SOMETHING))
    checks.append(check_gone(archive, gone.sha256))
    return Offered(tuple(steps), tuple(checks))


def _one_of_each_format(archive: Path, held: Iterable[Held]) -> list[Held]:
    """A recording of each format that is in a volume, the first one in order of name."""
    manifests = (archive / "volumes").glob("*/lists/*/manifest.tsv")
    listed = "".join(path.read_text(encoding="utf-8") for path in sorted(manifests))
    formats: dict[str, Held] = {}
    for one in sorted(held, key=lambda one: one.sha256):
        if one.format and f"{one.sha256}\t" in listed:
            formats.setdefault(one.format, one)
    return list(formats.values())


def check_originals(folder: Path, wanted: Iterable[str]) -> Check:
    """Every copy gave its original back, byte for byte."""
    there = {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*")}
    names = list(wanted)
    wrong = [f"{name[:12]} did not come back" for name in names if name not in there]
    return Check(
        "originals got back from dressed copies and packs alone (hashlib)",
        f"{len(names)} formats",
        few(wrong),
    )


def check_index(published: Path) -> Check:
    """Let Debian's minisign prove the newest index."""
    what = "the signed index: minisign -V"
    if shutil.which("minisign") is None:
        return Check(what, "not done: minisign is not installed")
    newest = max(published.glob("index-*.jsonl.zst"))
    command = ["minisign", "-V", "-p", str(published / "minisign.pub"), "-m", str(newest)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (told.stdout + told.stderr).strip()
    return Check(what, newest.name, said if told.returncode else "")


def check_packs(packs: Path) -> Check:
    """Let coreutils check every pack against its own list, and the dump within one, too."""
    lists = sorted([*packs.glob("*/SHA256SUMS"), *packs.glob("*/catalogue/SHA256SUMS")])
    wrong = []
    for sums in lists:
        command = ["sha256sum", "--check", "--strict", "--quiet", sums.name]
        told = subprocess.run(command, cwd=sums.parent, capture_output=True, text=True, check=False)
        if told.returncode:
            wrong.append(f"{sums.parent.name}: {(told.stdout + told.stderr).strip()[:200]}")
    return Check("packs: sha256sum --check", f"{len(lists)} lists", few(wrong))


def check_feeds(feeds: Path) -> Check:
    """Let a feed reader read every feed: well-formed, and each entry with a torrent to it."""
    entries, wrong = 0, []
    found = sorted(feeds.glob("*.xml"))
    for path in found:
        feed = feedparser.parse(path.read_bytes())
        entries += len(feed.entries)
        if feed.bozo:
            wrong.append(f"{path.name}: {feed.bozo_exception}")
        for entry in feed.entries:
            kinds = {one.get("type") for one in entry.get("links", ()) if one.rel == "enclosure"}
            if "application/x-bittorrent" not in kinds:
                wrong.append(f"{path.name}: {entry.title} has no torrent")
    return Check("feeds: feedparser", f"{len(found)} feeds, {entries} entries", few(wrong))


def check_gone(archive: Path, sha256: str) -> Check:
    """Look for what was removed: its bytes, and its name in whatever is offered."""
    wrong = [str(path) for path in archive.glob(f"objects/*/*/{sha256}*")]
    name, looked_at = bytes.fromhex(sha256), 0
    for path in sorted((archive / "published").rglob("*")):
        if not path.is_file():
            continue
        looked_at += 1
        data = path.read_bytes()
        if path.suffix == ".zst":
            data = zstd.decompress(data)
        if (sha256.encode() in data or name in data) and not path.name.endswith(_TOLD):
            wrong.append(f"{path.name} names it")
    return Check("a recording taken down: its bytes and name", f"{looked_at} files", few(wrong))
