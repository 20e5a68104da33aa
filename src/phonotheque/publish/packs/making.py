"""Packs are made, recorded and taken away, in an order that no crash can spoil.

A new pack: its files durable under a hidden name -> the folder's name -> its torrent, hidden ->
the register's line -> the index -> the torrent's name. One that goes: the register's line -> its
torrent -> its files. `standing.finish_packs` does again, at every opening, what a crash left undone
after a line.

Laws: a pack that must not be offered any more goes before anything new is made; one that is folded
goes when what takes its place is recorded; an unchanged archive makes no pack and writes nothing;
no pack takes the place of another and lacks what is only missing or damaged here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from phonotheque.disk import Disk, make_folders, write_whole
from phonotheque.errors import IntegrityError, NotHeldError
from phonotheque.publish.names import number_of
from phonotheque.publish.packs.form import (
    MOST_BYTES,
    MOST_ITEMS,
    PACK_PIECE_BYTES,
    PACKS,
    PackKind,
    folder_of,
    hidden_folder_of,
    pack_name,
)
from phonotheque.publish.packs.papers import About
from phonotheque.publish.packs.planning import Decision, State, Version, compare, decide, meet
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.source import PackSource, Wanted
from phonotheque.publish.packs.standing import (
    FOLDED,
    LOST,
    OUTDATED,
    WITHDRAWN,
    clear,
    finish_packs,
    is_whole,
    offered_packs,
)
from phonotheque.publish.packs.temporary import fill
from phonotheque.publish.packs.writing import PackWriter, Written
from phonotheque.publish.sealed import hidden_path
from phonotheque.publish.torrent import assemble
from phonotheque.register.events import Event, Pack, Retirement
from phonotheque.register.index import Index
from phonotheque.register.journal import Journal
from phonotheque.register.published import packs

_GATHERED = "passing INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, version TEXT"


@dataclass(frozen=True, slots=True)
class Bench:
    """What making packs needs, handed over by the archive.

    Attributes:
        name: Short name of the archive.
        archive: Its UUID.
        title: Its name as people write it.
        trackers: Tracker URLs for the torrents.
        web_seeds: Web seed URLs for the torrents.
        now: Gives the instant that a register line carries.
        tdm: The archive's statement on text and data mining.
        on_progress: Told the kind and how many things of how many are packed.
    """

    disk: Disk
    journal: Journal
    index: Index
    name: str
    archive: str
    title: str
    trackers: tuple[str, ...]
    web_seeds: tuple[str, ...]
    now: Callable[[], str]
    tdm: str
    on_progress: Callable[[PackKind, int, int], None] = lambda _kind, _done, _all: None


@dataclass(slots=True)
class PacksMade:
    """What a run did.

    Attributes:
        made: Packs that are new.
        retired: Packs that are not offered any more.
        kept: How many stay as they are.
        notes: What people should know whenever a run ends.
        hints: What they should know when packs were made.
        findings: What could not be done as it should be, each with what to do about it.
    """

    made: list[Pack] = field(default_factory=list)
    retired: list[Retirement] = field(default_factory=list)
    kept: int = 0
    notes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def make_kind(bench: Bench, source: PackSource, done: PacksMade) -> None:
    """Bring the packs of one kind up to what is wanted now.

    Args:
        done: Told what was made and retired.

    Raises:
        UnavailableError: The disk failed or is full; run again to go on.
    """
    lost: dict[str, Pack] = {}
    with ExitStack() as stack:
        while True:  # again when a pack turns out to be damaged on the way
            standing = _standing(bench, source.kind, lost, stack)
            states = [State(one.name, one.size_bytes, one.items) for one, _ in standing]
            try:
                news = compare(meet(source.wanted(), _versions(standing, lost)), states)
            except _DamagedError:
                continue
            break
        decided = decide(states, news.steady, may_be_stale=source.may_be_stale)
        if not (any(news) or lost or decided.leave):
            done.kept += len(decided.kept)
            return
        count = _gather_beside(bench, source, standing, decided)
        absent = _absent(bench.index, source) if _replaces(decided, lost) else []
        if absent:  # what others have is not given up for a pack that lacks it
            decided = decided.without_replacing()
            count = _gather_beside(bench, source, standing, decided)
    if absent and lost:
        retire(bench, {WITHDRAWN: decided.withdrawn}, "", done)
        done.kept += len(decided.kept) + len(lost)
        done.findings.append(_kept_for(sorted(lost), absent))
        return
    done.kept += len(decided.kept)
    _make(bench, source, decided, tuple(lost), count, done)


def _replaces(decided: Decision, lost: Mapping[str, Pack]) -> bool:
    return bool(lost or decided.outdated or decided.folded)


def _gather_beside(
    bench: Bench, source: PackSource, standing: Sequence[tuple[Pack, OpenPack]], decided: Decision
) -> int:
    kept = [pair for pair in standing if pair[0].name in decided.kept]
    return _gather(bench.index, source, _versions(kept, {}))


def _absent(index: Index, source: PackSource) -> list[str]:
    """Keys of what was gathered and is missing or damaged here."""
    keys = index.db.cursor().execute("SELECT key FROM temp.gathered ORDER BY key")
    return [key for (key,) in keys if not source.is_there(key)]


def _kept_for(names: Sequence[str], absent: Sequence[str]) -> str:
    return (
        f"{', '.join(names)}: its files are lost, and made again now it would lack what is missing "
        f"or damaged here: {_listed(absent)}. It keeps its place. {REPAIR_FIRST}"
    )


def _listed(keys: Sequence[str]) -> str:
    shown = ", ".join(key[:12] for key in keys[:3])
    return shown if len(keys) <= 3 else f"{shown} and {len(keys) - 3:,} more"


REPAIR_FIRST = "Run `phono verify` and `phono repair --from DIR`, then run again."


def _make(
    bench: Bench,
    source: PackSource,
    decided: Decision,
    lost: tuple[str, ...],
    count: int,
    done: PacksMade,
) -> None:
    following = next_name(bench, source.kind) if count else ""
    retire(bench, {LOST: lost, WITHDRAWN: decided.withdrawn}, following, done)
    replaced = (*lost, *decided.leave)
    supersedes = max(replaced, key=number_of, default="")
    last = ""
    packed = 0
    left_out: list[str] = []
    for things in _in_packs(bench.index):
        with PackWriter(
            bench.disk,
            hidden_folder_of(next_name(bench, source.kind)),
            source.kind,
            source.columns,
        ) as writer:
            for thing in things:
                if not _add(writer, source, thing, done):
                    left_out.append(thing.key)
                packed += 1
                bench.on_progress(source.kind, packed, count)
                if writer.items >= MOST_ITEMS or writer.packed_bytes >= MOST_BYTES:
                    break
            if writer.items:
                name = next_name(bench, source.kind)
                written = writer.close(about_of(bench, name))
                done.made.append(publish(bench, source.kind, name, written, supersedes))
                last, supersedes = name, ""
    retire(bench, {OUTDATED: decided.outdated, FOLDED: decided.folded}, last, done)
    if left_out:
        done.findings.append(
            f"{source.kind}: {len(left_out):,} missing or damaged here and left out: "
            f"{_listed(left_out)}. {REPAIR_FIRST}"
        )


def _add(writer: PackWriter, source: PackSource, thing: Wanted, done: PacksMade) -> bool:
    """Pack a thing; false when it is left out since what it is made of is missing or damaged."""
    content = source.content(thing.key)
    if content is not None:
        writer.add(thing.key, thing.version, content.data, content.extra)
    elif source.is_there(thing.key):  # tags that promise a picture that is none, say
        done.notes.append(f"{source.kind}: {thing.key} cannot be had, and was left out")
    else:
        return False
    return True


class _DamagedError(Exception):
    """A pack whose index cannot be read to its end; its name stands among the lost ones."""


def _standing(
    bench: Bench, kind: PackKind, lost: dict[str, Pack], stack: ExitStack
) -> list[tuple[Pack, OpenPack]]:
    """Packs of a kind that are offered, opened, the oldest first; what is lost is added there."""
    standing = []
    for pack in offered_packs(bench.index, kind):
        if pack.name in lost:
            continue
        if not is_whole(bench.disk, bench.index, pack):
            lost[pack.name] = pack
            continue
        try:
            opened = stack.enter_context(OpenPack(bench.disk, folder_of(pack.name)))
        except (NotHeldError, IntegrityError):
            lost[pack.name] = pack
        else:
            if opened.head.made_of == pack.made_of:
                standing.append((pack, opened))
            else:  # another file lies in its place
                lost[pack.name] = pack
    return standing


def _versions(
    standing: Sequence[tuple[Pack, OpenPack]], lost: dict[str, Pack]
) -> list[Iterator[Version]]:
    return [_versions_of(*pair, lost) for pair in standing]


def _versions_of(pack: Pack, opened: OpenPack, lost: dict[str, Pack]) -> Iterator[Version]:
    try:
        yield from opened.versions()
    except (NotHeldError, IntegrityError) as error:
        lost[pack.name] = pack
        raise _DamagedError from error


def _gather(index: Index, source: PackSource, kept: Sequence[Iterable[Version]]) -> int:
    """Lay what no kept pack says in the order in which it is packed; return how much that is."""
    rows = (
        (one.wanted.is_passing, one.wanted.order, one.key, one.wanted.version)
        for one in meet(source.wanted(), kept)
        if one.wanted is not None and not one.is_spoken_for
    )
    return fill(index, "gathered", _GATHERED, rows)


def _in_packs(index: Index) -> Iterator[Iterator[Wanted]]:
    """What was gathered, in parts of which each goes into packs of its own; a part may be taken
    in several goes. What is passing comes last, by itself."""
    for passing in (0, 1):
        query = """SELECT key, version, place, passing FROM temp.gathered WHERE passing = ?
                   ORDER BY place, key"""
        rows = index.db.cursor().execute(query, (passing,))
        while (row := rows.fetchone()) is not None:
            yield _from(row, rows)


def _from(
    first: tuple[str, str, int, int], rows: Iterator[tuple[str, str, int, int]]
) -> Iterator[Wanted]:
    key, version, place, passing = first
    yield Wanted(key, version, place, bool(passing))
    for key, version, place, passing in rows:
        yield Wanted(key, version, place, bool(passing))


def about_of(bench: Bench, name: str) -> About:
    """What a pack is told about itself."""
    return About(name, bench.archive, bench.title, bench.tdm)


def next_name(bench: Bench, kind: PackKind) -> str:
    """The name of the next pack of a kind: no number is given twice."""
    numbers = [number_of(one.name) for one in packs(bench.index) if one.kind == kind]
    return pack_name(bench.name, kind, max(numbers, default=0) + 1)


def publish(bench: Bench, kind: PackKind, name: str, written: Written, supersedes: str) -> Pack:
    """Give a written pack its name, its torrent and its line in the register."""
    make_folders(bench.disk, PACKS)
    clear(bench.disk, folder_of(name))  # what a crash left before its line was written
    bench.disk.rename(hidden_folder_of(name), folder_of(name))
    bench.disk.sync_folder(PACKS)
    torrent = assemble(
        name,
        written.files,
        piece_bytes=PACK_PIECE_BYTES,
        announce=bench.trackers,
        web_seeds=[pack_seed(base) for base in bench.web_seeds],
        creator="Phonotheque",
    )
    write_whole(bench.disk, hidden_path(name), torrent.data)
    event = Pack(
        name=name,
        kind=kind.value,
        items=written.items,
        files=len(written.files),
        size_bytes=written.size_bytes,
        made_of=written.made_of,
        torrent=hashlib.sha256(torrent.data).hexdigest(),
        info_hash_v2=torrent.info_hash_v2.hex(),
        info_hash_v1=torrent.info_hash_v1.hex(),
        supersedes=supersedes,
    )
    _record(bench, [event])
    finish_packs(bench.disk, bench.index)
    return event


def pack_seed(base: str) -> str:
    """Where packs are served by a web seed whose volumes are served at a base."""
    base = base if base.endswith("/") else f"{base}/"
    return f"{base.removesuffix('volumes/')}packs/" if base.endswith("/volumes/") else base


def retire(
    bench: Bench, names: Mapping[str, Sequence[str]], superseded_by: str, done: PacksMade
) -> None:
    """Record that packs are not offered any more; the harmful ones are gone when this returns.

    Args:
        names: Of packs, by the reason why they go.
        superseded_by: Name of the pack that takes their place; "" for none.
    """
    retirements = [Retirement(name, why, superseded_by) for why in names for name in names[why]]
    if not retirements:
        return
    _record(bench, retirements)
    finish_packs(bench.disk, bench.index)
    done.retired += retirements


def retire_lost(bench: Bench, kind: PackKind, done: PacksMade) -> None:
    """Let go of damaged packs of a kind of which none can be made now; the others stay."""
    standing = offered_packs(bench.index, kind)
    lost = [one.name for one in standing if not is_whole(bench.disk, bench.index, one)]
    retire(bench, {LOST: lost}, "", done)
    done.kept += len(standing) - len(lost)


def _record(bench: Bench, events: Sequence[Event]) -> None:
    written = bench.journal.append(bench.now(), events)
    with bench.index.transaction():
        bench.index.apply(written)
