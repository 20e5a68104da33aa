"""Making a volume of digests that are known: lists, torrent, record, pointers; no audio is read.

Order: lists durable -> torrent durable under a hidden name -> register lines durable -> index ->
torrent's name and the volume's link. A crash leaves at worst lists that no line names, which the
next run of the same number writes anew; `finish` sets pointers that are missing.

Laws: a volume never changes; the same members give the same bytes. Where it takes the place of
others, these are retired by lines that come before its own in the same writing, so that a crash in
between offers too little, never what was withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from phonotheque.disk import Disk, make_folders, write_whole
from phonotheque.errors import UnavailableError
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import Tags
from phonotheque.music.tdm_statement import UNSAID, mining_of
from phonotheque.publish import lists
from phonotheque.publish.facts.source import source_of
from phonotheque.publish.plan import Filled, Member, PlannedVolume
from phonotheque.publish.reread import lost_facts
from phonotheque.publish.sealed import finish, hidden_path
from phonotheque.publish.torrent import Torrent, TorrentFile, assemble
from phonotheque.register.descriptions import Description, describe
from phonotheque.register.events import Event, Retirement, Volume
from phonotheque.register.index import Index
from phonotheque.register.journal import Journal
from phonotheque.register.published import proven_at
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import LISTS, ObjectName


@dataclass(frozen=True, slots=True)
class Press:
    """What minting needs, handed over by the archive.

    Attributes:
        title: The archive's name as people write it.
        trackers: Tracker URLs for the torrents.
        web_seeds: Web seed URLs for the torrents.
        now: The instant that register lines carry.
    """

    disk: Disk
    journal: Journal
    index: Index
    title: str
    trackers: tuple[str, ...]
    web_seeds: tuple[str, ...]
    now: str


@dataclass(frozen=True, slots=True)
class Succession:
    """What a volume takes the place of.

    Attributes:
        supersedes: Name of the one volume that it corrects, "" for none.
        retired: The lines that retire what it stands for.
        most_listens: Listens of its most popular recording, where its members do not say them.
        least_listens: Of its least popular one.
    """

    supersedes: str = ""
    retired: tuple[Retirement, ...] = ()
    most_listens: int | None = None
    least_listens: int | None = None


def mint(
    press: Press,
    filled: Filled,
    succession: Succession = Succession(),
    *,
    proven: Mapping[Sha256, Digests] | None = None,
) -> Torrent:
    """Make a volume of members whose digests are known.

    Args:
        press: The archive's parts.
        filled: The volume and its members, at least one.
        succession: What it takes the place of.
        proven: Digests of every member; None for those that are stored.

    Raises:
        DigestMismatchError: A stored layer does not fold to its root; nothing was recorded.
        UnavailableError: Stored layers or tags are missing; nothing was recorded.
    """
    name = filled.planned.name
    names = [member.name for member in filled.members]
    sha256s = [one.sha256 for one in names]
    described = describe(press.index, sha256s)
    digests = (
        [proven[sha256] for sha256 in sha256s]
        if proven
        else known_digests(press.disk, names, described)
    )
    lines = _lines(press, filled.members, described)
    listed, manifest = _write_lists(press, filled.planned, lines)
    files = [
        TorrentFile(tuple(line.path.split("/")), said)
        for line, said in zip(lines, digests, strict=True)
    ]
    torrent = assembled(press, name, [*files, *listed])
    write_whole(press.disk, hidden_path(name), torrent.data)
    event = _event(filled, torrent, manifest, succession)
    written = press.journal.append(press.now, [*succession.retired, event])
    with press.index.transaction():
        press.index.apply(written)
        press.index.seal_into(name, proven_at(press.index, name), sha256s)
    finish(press.disk, [name])
    return torrent


def assembled(press: Press, name: str, files: Sequence[TorrentFile]) -> Torrent:
    """Assemble the torrent of a volume, with the trackers and web seeds of the settings."""
    return assemble(
        name,
        files,
        announce=press.trackers,
        web_seeds=press.web_seeds,
        creator="Phonotheque",
    )


def record(press: Press, events: Sequence[Event]) -> None:
    """Write lines to the register, durable, and then to the index.

    Raises:
        UnavailableError: The disk refused; nothing was recorded.
    """
    written = press.journal.append(press.now, events)
    with press.index.transaction():
        press.index.apply(written)


def known_digests(
    disk: Disk, names: Sequence[ObjectName], described: Sequence[Description]
) -> list[Digests]:
    """Return the digests that the index has, all of them; it must have the tags, too, which say
    what a list names.

    Raises:
        UnavailableError: Layers or tags are missing.
    """
    found = [known.digests for known in described if known.digests and known.tags is not None]
    if len(found) < len(described):  # without tags its names would be lost for ever
        pairs = zip(names, described, strict=True)
        lost = [name for name, known in pairs if not known.digests or known.tags is None]
        raise UnavailableError("state/index.sqlite", *lost_facts(disk, lost))
    return found


def _lines(
    press: Press, members: Sequence[Member], described: Sequence[Description]
) -> list[lists.Line]:
    """What the lists say of each member."""
    on = date.fromisoformat(press.now[:10])
    lines = []
    statements, mining = None, UNSAID
    for member, known in zip(members, described, strict=True):
        tags = known.tags or _NO_TAGS
        if known.statements is not statements:  # a deposit states the same of all its files
            statements, mining = known.statements, mining_of(known.statements, on)
        line = lists.Line(
            name=member.name,
            size_bytes=member.size_bytes,
            title=tags.title or known.path.rpartition("/")[2],
            artists="; ".join(tags.artists or tags.album_artists),
            release=tags.album or "",
            licence=member.licence,
            source=source_of(tags, known.collection, press.title),
            mining=mining,
        )
        lines.append(line)
    return lines


_NO_TAGS = Tags()


def _write_lists(
    press: Press, planned: PlannedVolume, lines: Sequence[lists.Line]
) -> tuple[list[TorrentFile], str]:
    """Write the lists that travel in the volume; their digests, and that of the manifest."""
    volume = planned.name
    texts = {
        "ATTRIBUTION.txt": lists.attribution(volume, lines),
        "README.txt": lists.readme(volume, press.title, planned.licence_class.value, lines),
        "manifest.tsv": lists.manifest(lines),
    }
    listed = {name: text.encode() for name, text in texts.items()}
    sums = [(line.name.sha256.hex, line.path) for line in sorted(lines, key=lambda x: x.path)]
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in listed.items()}
    sums += [(digest, f"lists/{volume}/{name}") for name, digest in digests.items()]
    listed["SHA256SUMS"] = lists.checksums(sums).encode()
    make_folders(press.disk, f"{LISTS}/{volume}")
    files = []
    for name, data in listed.items():
        path = f"{LISTS}/{volume}/{name}"
        write_whole(press.disk, path, data, is_frozen=True)
        with press.disk.open(path) as file:
            files.append(TorrentFile(("lists", volume, name), digest_file(file)))
    return files, digests["manifest.tsv"]


def _event(filled: Filled, torrent: Torrent, manifest: str, succession: Succession) -> Volume:
    planned = filled.planned
    listens = [member.listens for member in filled.members if member.listens is not None]
    return Volume(
        name=planned.name,
        licence_class=planned.licence_class.value,
        objects=planned.objects,
        size_bytes=planned.size_bytes,
        manifest=manifest,
        torrent=hashlib.sha256(torrent.data).hexdigest(),
        info_hash_v2=torrent.info_hash_v2.hex(),
        info_hash_v1=torrent.info_hash_v1.hex(),
        supersedes=succession.supersedes,
        most_listens=max(listens, default=succession.most_listens),
        least_listens=min(listens, default=succession.least_listens),
    )
