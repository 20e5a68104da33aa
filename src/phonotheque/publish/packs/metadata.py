"""The pack of metadata: a dump of the catalogue that serves, as one torrent.

It is one torrent however long it is: its tables mean something only together, and who wants one of
them chooses that file in a client.

Laws: a source is in it only when its terms let everybody pass its data on; what was removed since
the catalogue was built keeps the whole pack away until it is built again; the same snapshot and
sources are dumped once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from phonotheque.catalogue.build.steps import OnProgress, quietly
from phonotheque.catalogue.bulk import translated
from phonotheque.catalogue.database import Machine
from phonotheque.catalogue.dump.choosing import Wanted
from phonotheque.catalogue.dump.dumping import dump
from phonotheque.catalogue.dump.frame import Wish
from phonotheque.catalogue.snapshot import Snapshot, SourceEntry
from phonotheque.disk import Disk, Kind, LocalDisk, make_folders
from phonotheque.music.licence import parse_licence
from phonotheque.publish.packs.form import (
    CATALOGUE,
    FORMAT,
    PACK_PIECE_BYTES,
    Head,
    PackKind,
    hidden_folder_of,
)
from phonotheque.publish.packs.making import (
    Bench,
    PacksMade,
    about_of,
    next_name,
    publish,
    retire,
)
from phonotheque.publish.packs.standing import (
    LOST,
    OUTDATED,
    WITHDRAWN,
    clear,
    is_whole,
    offered_packs,
)
from phonotheque.publish.packs.writing import Written, finish_papers
from phonotheque.publish.torrent import TorrentFile
from phonotheque.register.index import Index
from phonotheque.store.digests import digest_file

_WORK = "state/packs"
"""Where the dump is written: a dump that was stopped goes on there."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue to dump.

    Attributes:
        root: Folder of the archive.
        snapshot: What serves.
        holdings: Name of the source that the archive itself is.
    """

    root: Path
    snapshot: Snapshot
    holdings: str
    machine: Machine
    on_progress: OnProgress = quietly


def make_metadata(bench: Bench, catalogue: Catalogue, done: PacksMade) -> None:
    """Bring the pack of metadata up to the catalogue that serves.

    Raises:
        UnavailableError: The disk failed or is full; run again to go on.
    """
    standing = offered_packs(bench.index, PackKind.METADATA)
    sources = _sources(catalogue.snapshot, catalogue.holdings, done)
    is_overtaken = _is_overtaken(bench.index, sources, catalogue.holdings)
    if is_overtaken:
        done.notes.append(
            "metadata: something was removed since the catalogue was built; it is published again "
            "after `phono catalogue build`"
        )
    if not sources or is_overtaken:
        retire(bench, {WITHDRAWN: [one.name for one in standing]}, "", done)
        return
    digest = _made_of(catalogue.snapshot, sources)
    there = [one for one in standing if is_whole(bench.disk, bench.index, one)]
    if any(one.made_of == digest for one in there):
        done.kept += 1
        return
    name = next_name(bench, PackKind.METADATA)
    old = [one.name for one in standing]
    replaced = [one.name for one in there]
    retire(bench, {LOST: [one for one in old if one not in replaced]}, name, done)
    written = _write(bench, catalogue, sources, name, digest)
    pack = publish(bench, PackKind.METADATA, name, written, max(old, default=""))
    done.made.append(pack)
    retire(bench, {OUTDATED: replaced}, name, done)


def _sources(snapshot: Snapshot, holdings: str, done: PacksMade) -> tuple[SourceEntry, ...]:
    """Sources whose data everybody may pass on; why others are left out is noted."""
    chosen = []
    for one in snapshot.descriptor.sources:
        licence = parse_licence(one.licence)
        if licence.may_redistribute:
            chosen.append(one)
        else:
            unknown = "nobody said under which licence its data stand"
            why = licence.name if licence.is_evaluated else unknown
            if one.name == holdings:
                why += " (`catalogue.licence` in phonotheque.toml, then `phono catalogue build`)"
            done.hints.append(f"metadata: {one.name} is left out: {why}")
    return tuple(chosen)


def _is_overtaken(index: Index, sources: tuple[SourceEntry, ...], holdings: str) -> bool:
    """Whether something was removed that the catalogue may still say is held."""
    since = next((one.as_of for one in sources if one.name == holdings), None)
    last = index.db.execute("SELECT max(at) FROM case_line WHERE length(sha256) = 32").fetchone()
    return since is not None and last[0] is not None and last[0] > since


def _made_of(snapshot: Snapshot, sources: tuple[SourceEntry, ...]) -> str:
    made = snapshot.descriptor
    facts = (FORMAT, made.name, made.epoch, made.inputs, [one.name for one in sources])
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _write(
    bench: Bench,
    catalogue: Catalogue,
    sources: tuple[SourceEntry, ...],
    name: str,
    digest: str,
) -> Written:
    """Dump the catalogue, and lay it into the hidden folder of a pack with papers of its own."""
    folder, work = hidden_folder_of(name), f"{_WORK}/{CATALOGUE}"
    make_folders(bench.disk, _WORK)
    source_names = tuple(one.name for one in sources)
    home = catalogue.snapshot.folder.parent
    wish = Wish(Wanted(source_names), machine=catalogue.machine)
    contents = dump(home, LocalDisk(home), catalogue.root / work, wish, catalogue.on_progress)
    clear(bench.disk, folder)
    make_folders(bench.disk, folder)
    bench.disk.rename(work, f"{folder}/{CATALOGUE}")
    files = list(_digested(bench.disk, folder, CATALOGUE))
    about = about_of(bench, name)
    head = Head(
        FORMAT,
        PackKind.METADATA,
        name,
        about.archive,
        about.title,
        contents.rows.get("parquet/recordings.parquet", 0),
        "",
        0,
        (),
        digest,
        about.tdm,
    )
    return finish_papers(bench.disk, folder, head, files)


def _digested(disk: Disk, folder: str, below: str) -> list[TorrentFile]:
    """The files of a folder with their digests. An empty file cannot be in a torrent."""
    files = []
    for entry in disk.list(f"{folder}/{below}"):
        path = f"{below}/{entry.name}"
        if entry.kind is Kind.FOLDER:
            files += _digested(disk, folder, path)
        elif entry.size_bytes:
            with disk.open(f"{folder}/{path}") as file, translated(path):
                digests = digest_file(file, piece_bytes=PACK_PIECE_BYTES)
            files.append(TorrentFile(tuple(path.split("/")), digests))
    return files
