"""How much damage is seen: every format, five kinds of it, beside what decoding alone notices.

Each figure is the share of damaged copies of one recording that are called damaged. Places are
drawn from a seed, in the middle half of the file. "FFmpeg decodes it" is the peer: an error, a
frame marked corrupt, or a length that does not come out. Whole files must never be called damaged:
the same decode and the same checks over the free music of Debian, where it is unpacked, count that.

`python -m bench.damage` prints the table of `docs/reference/integrity.md`.
"""

from __future__ import annotations

import io
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.real.fetch import cache_folder

from bench.damage_material import Whole, decode_facts, make_whole
from bench.rows import Row, Sense
from phonotheque.audio import sniff_file
from phonotheque.audio.containers import AUDIO_EXTENSIONS
from phonotheque.audio.integrity import examine, judge, locate
from phonotheque.audio.integrity.flac import locate_in_flac
from phonotheque.errors import MalformedError
from phonotheque.music.sound import Integrity, IntegrityVerdict

COPIES = {"default": 16, "full": 64}
MUST_BE_SEEN = ("Ogg", "MP3, checksum of LAME", "FLAC, MD5")
_SHARE_OF_TREE = {"default": 16, "full": 1}
"""One file in so many of the free music is examined."""

_ROUNDS = 5
_LONG_S = 120


def _cut(data: bytes, _at: int, _rng: random.Random) -> bytes:
    return data[: len(data) * 9 // 10]


def _zeros(data: bytes, at: int, _rng: random.Random) -> bytes:
    return data[:at] + bytes(4096) + data[at + 4096 :]


def _bit(data: bytes, at: int, rng: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _noise(data: bytes, at: int, rng: random.Random) -> bytes:
    return data[:at] + rng.randbytes(64) + data[at + 64 :]


def _removed(data: bytes, at: int, _rng: random.Random) -> bytes:
    return data[:at] + data[at + 512 :]


KINDS: dict[str, Callable[[bytes, int, random.Random], bytes]] = {
    "cut 10 %": _cut,
    "4 KB zeroed": _zeros,
    "one bit": _bit,
    "64 random bytes": _noise,
    "512 B removed": _removed,
}


def rows(scale: str) -> Iterator[Row]:
    """Measure every format against every kind of damage, then whole files, then speed."""
    for whole in make_whole():
        for kind, seen, noticed in shares(whole, COPIES.get(scale, COPIES["default"])):
            floor = 100.0 if whole.name.startswith(MUST_BE_SEEN) else None
            yield Row(f"{whole.name}, {kind} (by decoding {noticed:.0f} %)", seen, "% seen", floor)
        alarms = float(verdict_of(whole.data).verdict is IntegrityVerdict.DAMAGED)
        yield Row(
            f"false alarms: {whole.name}, as it was made", alarms, "", 0.0, sense=Sense.AT_MOST
        )
    yield _real_files(scale)
    yield from _speeds()


def shares(whole: Whole, copies: int) -> Iterator[tuple[str, float, float]]:
    """Damage copies of a file; yield (kind, % seen by the checks, % noticed by decoding)."""
    for kind, spoil in KINDS.items():
        rng = random.Random(f"{whole.name}, {kind}")
        seen = noticed = 0
        for _ in range(copies):
            size = len(whole.data)
            damaged = spoil(whole.data, rng.randrange(size // 4, size * 3 // 4), rng)
            seen += is_seen(damaged)
            noticed += is_noticed(damaged)
        yield kind, 100 * seen / copies, 100 * noticed / copies


def is_seen(data: bytes) -> bool:
    """Whether a file is called damaged, or is no audio file any more."""
    return (
        sniff_file(io.BytesIO(data)) is None or verdict_of(data).verdict is IntegrityVerdict.DAMAGED
    )


def verdict_of(data: bytes) -> Integrity:
    """Judge a file as the first pass over it does."""
    file = io.BytesIO(data)
    container = sniff_file(file)
    if container is None:
        raise ValueError("no audio file")
    try:
        codec, decoded = decode_facts(file, container)
    except MalformedError:
        codec, decoded = "", None
    examined = locate(file, examine(file, container, codec), decoded)
    return judge(examined, decoded, None, has_checking_decoder=True)


def is_noticed(data: bytes) -> bool:
    """Whether a decoder on its own would say that something is wrong."""
    file = io.BytesIO(data)
    container = sniff_file(file)
    try:
        _, decoded = decode_facts(file, container or "", is_checking=False)
    except (MalformedError, KeyError):
        return True
    declared_ms = decoded.declared_ms or decoded.decoded_ms
    missing_ms = declared_ms - decoded.decoded_ms
    return decoded.failure_count > 0 or missing_ms > max(500, declared_ms // 100)


def _real_files(scale: str) -> Row:
    """Whole files of many encoders: none may be called damaged."""
    tree = cache_folder(os.environ, Path.home()) / "tree"
    step = _SHARE_OF_TREE.get(scale, _SHARE_OF_TREE["default"])
    found = sorted(
        path for path in tree.glob("**/*.*") if path.suffix[1:].lower() in AUDIO_EXTENSIONS
    )[::step]
    if not found:
        return Row("false alarms: free music of Debian (not unpacked here)", None, "", 0.0)
    alarms = sum(
        verdict_of(path.read_bytes()).verdict is IntegrityVerdict.DAMAGED for path in found
    )
    name = f"false alarms: {len(found)} files of Debian packages"
    return Row(name, float(alarms), "", 0.0, sense=Sense.AT_MOST)


def _speeds() -> Iterator[Row]:
    """The price of the checks that read all bytes."""
    floors = {"Ogg Opus": 300.0, "MP3, checksum of LAME": 120.0}
    for whole in make_whole(_LONG_S):
        if whole.name in ("Ogg Opus", "Ogg Vorbis", "WavPack, checksums of blocks") or (
            whole.name.startswith("MP3")
        ):
            speed = _speed(whole, lambda file, w=whole: examine(file, w.container, w.codec))  # type: ignore[misc]
            yield Row(f"speed: {whole.name}", speed, "MB/CPU-s", floors.get(whole.name))
        if whole.name == "FLAC, MD5":
            head = examine(io.BytesIO(whole.data), whole.container, whole.codec)
            speed = _speed(whole, lambda file, h=head: locate_in_flac(file, h))  # type: ignore[misc]
            yield Row("speed: FLAC, walk over its frames", speed, "MB/CPU-s")


def _speed(whole: Whole, work: Callable[[io.BytesIO], object]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        start = time.process_time()
        work(io.BytesIO(whole.data))
        best = min(best, time.process_time() - start)
    return len(whole.data) / 1e6 / best


def main() -> None:
    """Print the table in Markdown: seen by the checks, and by decoding alone in brackets."""
    copies = COPIES["default"]
    print("| of 100 damaged copies seen | " + " | ".join(KINDS) + " | whole |")
    print("|---" * (len(KINDS) + 2) + "|")
    for whole in make_whole():
        cells = [f"{seen:.0f} ({noticed:.0f})" for _, seen, noticed in shares(whole, copies)]
        cells.append(verdict_of(whole.data).verdict.value)
        print(f"| {whole.name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
