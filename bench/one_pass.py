"""The one pass: what all facts of a track cost, each by itself, and beside the tools they replace.

Everything is CPU time of this process and its children, best of the rounds; tracks are real ones
from Debian where they are (`~/.cache/phonotheque/debian/tree`), else made here; formats that Debian
lacks are encoded from them. "x real time" is seconds of sound per CPU second, by the whole way that
`phono add` takes: a limited child that reads, decodes once and measures everything but true peak.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

from bench.measure import best_in_turn, cpu_seconds, own_cpu_s, program, python_child, report_of
from bench.rows import Row, Sense
from bench.sounds import Track, make_thirty_minutes, make_tracks
from phonotheque.audio.measure import Wanted

ROUNDS = 3
LEAST_X = {"vorbis": 400, "mp3": 400, "flac": 350, "aac": 350, "opus": 250}
LEAST_FOR_THEIRS, LEAST_FOR_ALL = 4, 3
BEETS_TRACKS = ("vorbis", "flac")
MOST_ISOLATION_PERCENT = 2
MOST_PEAK_MB = 250
SMALL_ROUNDS = 40
THEIR_FACTS = replace(Wanted(), payload=False, samples_md5=False, cutoff=False, integrity=False)
"""What the separate tools tell as well: tags, loudness, fingerprint, waveform, that it decodes."""


def rows(scale: str) -> Iterator[Row]:
    """Measure tracks of one length at every scale; `full` takes more than has a floor."""
    is_full = scale == "full"
    from phonotheque.audio import warm_up

    warm_up()
    with tempfile.TemporaryDirectory(prefix="phonotheque-bench-") as name:
        tracks = make_tracks(Path(name))
        costs = best_in_turn({track.codec: _cost_of(track) for track in tracks}, rounds=ROUNDS)
        for track in tracks:
            cost_s = costs[track.codec]
            assert cost_s is not None
            label = f"all facts of {track.seconds:.0f} s of {track.codec}, {track.origin}"
            yield Row(label, track.seconds / cost_s, "x real time", LEAST_X.get(track.codec))
        yield from _isolation(tracks, costs)
        for track in tracks:
            if track.codec == "vorbis" or (is_full and track.codec == "flac"):
                yield from _prices(track)
        for track in tracks:
            if track.codec in LEAST_X:
                yield from _peers(track)
        beets_tracks = [track for track in tracks if track.codec in BEETS_TRACKS]
        yield from _beets(beets_tracks, is_full=is_full)
        yield _memory(Path(name))


def _cost_of(track: Track) -> Callable[[], float]:
    from phonotheque.audio import facts_in_child

    def measure() -> float:
        before = own_cpu_s()
        with track.path.open("rb") as file:
            facts = facts_in_child(file)
        cost = own_cpu_s() - before
        if facts.sound is None or facts.integrity is None:
            raise RuntimeError(f"{track.path}: {facts.reason}")
        return cost

    return measure


def _isolation(tracks: list[Track], costs: dict[str, float | None]) -> Iterator[Row]:
    """What a child adds to a small file, as a share of what each long track costs."""
    from phonotheque.audio import facts_in_child, read_facts
    from phonotheque.audio.warmth import tiny_wav

    with tempfile.TemporaryFile() as file:
        file.write(tiny_wav())
        file.flush()

        def repeated(read: Callable[[], object]) -> Callable[[], float]:
            def measure() -> float:
                before = own_cpu_s()
                for _ in range(SMALL_ROUNDS):
                    read()
                return (own_cpu_s() - before) / SMALL_ROUNDS

            return measure

        found = best_in_turn(
            {
                "child": repeated(lambda: facts_in_child(file)),
                "here": repeated(lambda: (file.seek(0), read_facts(file))),
            }
        )
    assert found["child"] is not None
    assert found["here"] is not None
    added_s = found["child"] - found["here"]
    yield Row("isolation, for each file", added_s * 1000, "CPU-ms")
    for track in tracks:
        cost_s = costs[track.codec]
        if track.seconds >= 180 and cost_s:
            share = added_s / cost_s * 100
            label = f"  share of a track of {track.seconds:.0f} s, {track.codec}"
            yield Row(label, share, "%", MOST_ISOLATION_PERCENT, sense=Sense.AT_MOST)


def _prices(track: Track) -> Iterator[Row]:
    """Leave out one fact after the other, and say what that saved for each second of sound."""
    cases = {"all": Wanted(), "none": Wanted(*[False] * len(fields(Wanted)))}
    for field in fields(Wanted):
        is_on = getattr(Wanted(), field.name)
        cases[field.name] = replace(Wanted(), **{field.name: not is_on})
    peers = {name: _cost_here(track, wanted) for name, wanted in cases.items()}
    costs = {name: cost for name, cost in best_in_turn(peers, rounds=2).items() if cost is not None}
    per_second = {name: cost * 1000 / track.seconds for name, cost in costs.items()}
    yield Row(f"price of facts, {track.codec}: everything", per_second["all"], "ms/s")
    yield Row("  opening, tags and decoding alone", per_second["none"], "ms/s")
    for field in fields(Wanted):
        price = abs(per_second["all"] - per_second[field.name])
        asked = "" if getattr(Wanted(), field.name) else " (only when asked for)"
        yield Row(f"  {field.name.replace('_', ' ')}{asked}", price, "ms/s")


def _cost_here(track: Track, wanted: Wanted) -> Callable[[], float]:
    from phonotheque.audio.facts import read_facts

    def measure() -> float:
        before = own_cpu_s()
        with track.path.open("rb") as file:
            read_facts(file, wanted)
        return own_cpu_s() - before

    return measure


def _peers(track: Track) -> Iterator[Row]:
    """The separate tools, one after the other, against one pass that also hashes the file."""
    tools = {name: _tool_cost(command) for name, command in _tools(track.path).items()}
    found = best_in_turn(
        {
            **tools,
            "theirs": _with_hash(track, THEIR_FACTS),
            "all": _with_hash(track, Wanted()),
        },
        rounds=2,
    )
    theirs, everything = found.pop("theirs"), found.pop("all")
    assert theirs is not None
    assert everything is not None
    absent = [name for name, cost in found.items() if cost is None]
    total = None if absent else sum(cost for cost in found.values() if cost is not None)
    told = ", ".join(
        f"{name} {'absent' if cost is None else f'{cost:.2f}'}" for name, cost in found.items()
    )
    for label, cost, floor in (
        (f"separate tools on {track.codec}, for the facts they give", theirs, LEAST_FOR_THEIRS),
        ("  with all of ours", everything, LEAST_FOR_ALL),
    ):
        ratio = None if total is None else total / cost
        shown = told if cost is theirs else f"{total or 0:.2f} CPU-s"
        yield Row(label, cost, "CPU-s", floor, shown, ratio)


def _beets(tracks: list[Track], *, is_full: bool) -> Iterator[Row]:
    """An import of the same files by beets, offline, against one pass over each of them; `full`
    imports them once more, with as much left out as we leave out."""
    paths = [track.path for track in tracks]

    def ours(wanted: Wanted) -> Callable[[], float]:
        passes = [_with_hash(track, wanted) for track in tracks]
        return lambda: sum(read() for read in passes)

    found = best_in_turn(
        {
            "true": lambda: _beets_cost(paths, "true"),
            **({"sample": lambda: _beets_cost(paths, "sample")} if is_full else {}),
            "theirs": ours(THEIR_FACTS),
            "all": ours(Wanted()),
        },
        rounds=2,
    )
    name = f"beets on {' and '.join(track.codec for track in tracks)}, for the facts it gives"
    compared: list[tuple[str, float | None, str, int | None]] = [
        (name, found["theirs"], "true", LEAST_FOR_THEIRS),
        ("  with all of ours", found["all"], "true", LEAST_FOR_ALL),
    ]
    if is_full:
        label = "  for its facts, beets told to leave true peak out"
        compared.append((label, found["theirs"], "sample", None))
    for label, cost, peak, floor in compared:
        assert cost is not None
        beets = found[peak]
        shown = "absent" if beets is None else f"import, replaygain, fingerprint: {beets:.2f} CPU-s"
        yield Row(label, cost, "CPU-s", floor, shown, None if beets is None else beets / cost)


def _beets_cost(paths: list[Path], peak: str) -> float:
    """Import files into an empty library. Nothing is looked up, copied, written or asked.

    Args:
        paths: What to import.
        peak: "true", as beets does unless told otherwise, or "sample", as we do.
    """
    beet = program("beet")
    with tempfile.TemporaryDirectory(prefix="phonotheque-beets-") as name:
        folder = Path(name)
        (folder / "music").mkdir()
        for number, path in enumerate(paths):
            (folder / "music" / f"{number}{path.suffix}").symlink_to(path)
        (folder / "config.yaml").write_text(
            json.dumps(_beets_settings(folder, peak))
        )  # YAML holds JSON
        offline = [program("env"), f"BEETSDIR={folder}", beet]
        imported = cpu_seconds([*offline, "import", "--quiet", folder / "music"])
        fingerprinted = cpu_seconds([*offline, "fingerprint"])
        listed = [*offline, "ls", "-f", "$acoustid_fingerprint", "acoustid_fingerprint::."]
        told = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    if len(told.split()) != len(paths):
        raise RuntimeError(f"beets fingerprinted {len(told.split())} of {len(paths)} files")
    return imported + fingerprinted


def _beets_settings(folder: Path, peak: str) -> dict[str, object]:
    return {
        "directory": str(folder / "library"),
        "library": str(folder / "library.db"),
        "plugins": ["replaygain", "chroma"],
        "import": {
            **dict.fromkeys(("copy", "write", "autotag", "resume"), False),
            "singletons": True,
            "duplicate_action": "keep",
        },
        "replaygain": {
            "auto": True,
            "backend": "ffmpeg",
            "peak": peak,
            "threads": 1,
            "parallel_on_import": False,
        },
        "chroma": {"auto": False},  # `beet fingerprint` computes without looking anything up
    }


def _tools(path: Path) -> dict[str, list[str | Path]]:
    quiet: list[str | Path] = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-i", path]
    return {
        "sha256sum": ["sha256sum", path],
        "ffprobe": ["ffprobe", "-v", "error", "-show_format", "-show_streams", path],
        "fpcalc": ["fpcalc", "-raw", path],
        "loudgain": ["loudgain", path],
        "ffmpeg -f null": [*quiet, "-f", "null", "-"],
        "showwavespic": [
            *quiet, "-filter_complex", "showwavespic=s=400x100", "-frames:v", "1", "-f", "null", "-"
        ],
    }  # fmt: skip


def _tool_cost(command: list[str | Path]) -> Callable[[], float]:
    def measure() -> float:
        return cpu_seconds([program(str(command[0])), *command[1:]])

    return measure


def _with_hash(track: Track, wanted: Wanted) -> Callable[[], float]:
    from phonotheque.audio.isolate import run_limited

    def measure() -> float:
        before = own_cpu_s()
        with track.path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
            descriptor = file.fileno()
            only_theirs = wanted == THEIR_FACTS
            done = run_limited(_facts, descriptor, only_theirs, descriptors=(descriptor,))
        if done.result is None:
            raise RuntimeError(done.failure)
        return own_cpu_s() - before

    return measure


def _facts(descriptor: int, only_theirs: bool) -> object:  # noqa: FBT001  # run_limited passes it
    import io
    import os

    from phonotheque.audio.facts import read_facts

    size_bytes = os.fstat(descriptor).st_size
    data = io.BytesIO(os.pread(descriptor, size_bytes, 0))
    return read_facts(data, THEIR_FACTS if only_theirs else Wanted())


def _memory(folder: Path) -> Row:
    path = make_thirty_minutes(folder)
    found = report_of(python_child("bench.one_pass", path))
    label = f"memory of the child on {found['minutes']:.0f} min, {path.stat().st_size / 1e6:.0f} MB"
    return Row(label, found["peak_bytes"] / 1e6, "MB", MOST_PEAK_MB, sense=Sense.AT_MOST)


def _peak(path: Path) -> dict[str, float]:
    """In a process of its own, whose memory is that of the readers and nothing else."""
    import msgspec

    from phonotheque.audio import warm_up, warmth
    from phonotheque.audio.isolate import run_limited
    from phonotheque.music.facts import AudioFacts

    warm_up()
    with path.open("rb") as file:
        descriptor = file.fileno()
        outcome = run_limited(warmth.facts_of, descriptor, descriptors=(descriptor,))
    if outcome.result is None:
        raise RuntimeError(outcome.failure)
    facts = msgspec.msgpack.decode(outcome.result, type=AudioFacts)
    assert facts.sound is not None
    return {"peak_bytes": outcome.peak_bytes, "minutes": facts.sound.decoded_ms / 60_000}


if __name__ == "__main__":
    print(json.dumps(_peak(Path(sys.argv[1]))))
