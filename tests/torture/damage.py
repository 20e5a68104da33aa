"""Damage on the disk behind the archive's back: `phono verify` finds all of it and nothing else."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.torture.command import Phono
from tests.torture.invariants import iter_objects, read_register
from tests.torture.kill import Stage


def _keeping_times(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file's bytes but not its times: damage does not announce itself."""
    before = path.stat()
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(change(data))
    path.chmod(0o444)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _flip(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _zero(rng: random.Random, data: bytes) -> bytes:
    """Zeros over a stretch that did hold something."""
    at = rng.choice([n for n, byte in enumerate(data) if byte])
    end = min(len(data), at + rng.choice((1, 512, 4096)))
    return data[:at] + bytes(end - at) + data[end:]


def damage(stage: Stage, seed: int) -> str:
    """Damage some objects of a copy, verify, put the bytes back by `add`, verify again."""
    rng = random.Random(seed)
    phono = Phono(stage.folder / f"damaged-{seed}")
    shutil.copytree(stage.folder / "sealed", phono.archive, symlinks=True)
    objects = sorted(iter_objects(phono.archive))
    wanted: dict[str, str] = {}
    chosen = rng.sample(objects, rng.randint(1, 6))
    sound = sorted(set(objects) - set(chosen))
    for path in chosen:
        wanted[str(path.relative_to(phono.archive))] = _hurt(rng, path, sound)
    for number in range(rng.randint(0, 2)):
        stray = phono.archive / "objects" / rng.choice(("00", "ab")) / f"stray {number}"
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(b"?")
        wanted[str(stray.relative_to(phono.archive))] = "foreign"
    *found, _ = phono.run("verify", "--json").expect(1).records
    assert {one["path"]: one["kind"] for one in found} == wanted, f"seed {seed}"
    phono.run("status").expect(1 if set(wanted.values()) != {"foreign"} else 0)
    _mend(stage, phono, wanted)
    shutil.rmtree(phono.archive)
    return f"{len(wanted)} damages found"


def _hurt(rng: random.Random, path: Path, sound: list[Path]) -> str:
    """Damage one object; the bytes of a sound one may take its place: a damaged one's could be its
    own. Returns the kind that must be found."""
    kind = rng.choice(("flip", "zero", "truncate", "grow", "swap", "delete", "folder", "link"))
    size_bytes = path.stat().st_size
    if kind in ("delete", "folder", "link"):
        path.unlink()
        if kind == "folder":
            path.mkdir()
        if kind == "link":
            path.symlink_to("/etc/hostname")
        return "missing"
    other = rng.choice(sound)
    changes: dict[str, Callable[[bytes], bytes]] = {
        "flip": lambda data: _flip(rng, data),
        "zero": lambda data: _zero(rng, data),
        "truncate": lambda data: data[: rng.randrange(len(data))],
        "grow": lambda data: data + b"\0",
        "swap": lambda _data: other.read_bytes(),
    }
    _keeping_times(path, changes[kind])
    return "truncated" if path.stat().st_size < size_bytes else "changed"


def _mend(stage: Stage, phono: Phono, wanted: dict[str, str]) -> None:
    """Adding the sources again puts every damaged object back; strays stay where they are."""
    for path, kind in wanted.items():
        at = phono.archive / path
        if kind == "foreign":
            at.unlink()
        elif at.is_dir():
            at.rmdir()
    sources = (stage.music, stage.folder / "first")
    for source in sources:
        phono.run("add", source, "--json").expect(0)
    *found, summary = phono.run("verify", "--json").expect(0).records
    assert not found
    assert summary["examined"] == len(read_register(phono.archive).accessions)
