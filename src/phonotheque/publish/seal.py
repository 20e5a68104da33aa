"""Sealing a volume: every byte proven once more, then lists, torrent, record, pointers.

Order: objects proven -> lists durable -> torrent durable under a hidden name -> register line
durable -> index -> torrent's name and the volume's link. A crash leaves at worst lists that no line
names, which the next run of the same number writes anew; `finish` sets pointers that are missing.

Laws: no volume holds an object that did not hash to its name in this very run; assembling the
torrent reads no audio; a sealed volume never changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonotheque.disk import Disk, make_folders, write_whole
from phonotheque.errors import NotHeldError, PhonothequeError
from phonotheque.hands import Hands
from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.publish import lists
from phonotheque.publish.plan import Candidate, PlannedVolume
from phonotheque.publish.sealed import finish, hidden_path
from phonotheque.publish.torrent import Torrent, TorrentFile, assemble
from phonotheque.register.chain import in_lines
from phonotheque.register.events import Fixity, Volume
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index
from phonotheque.register.journal import Journal
from phonotheque.store.digests import digest_file
from phonotheque.store.objects import LISTS, ObjectName, Store


@dataclass(frozen=True, slots=True)
class Proof:
    """One object read whole. `digests` is None when it is damaged, and `finding` says how."""

    digests: Digests | None
    finding: Finding | None


def prove(store: Store, name: ObjectName) -> Proof:
    """Read an object once, giving every digest if, and only if, it is what its name says."""
    try:
        with store.open(name) as file:
            digests = digest_file(file)
    except NotHeldError:
        return Proof(None, Finding(FindingKind.MISSING, name.path, "no file of this name is there"))
    except (OSError, PhonothequeError) as error:
        return Proof(None, Finding(FindingKind.UNREADABLE, name.path, str(error)))
    except ValueError:
        return Proof(None, Finding(FindingKind.TRUNCATED, name.path, "it is empty"))
    if digests.sha256 != name.sha256:
        detail = f"its bytes hash to {digests.sha256}"
        return Proof(None, Finding(FindingKind.CHANGED, name.path, detail))
    return Proof(digests, None)


@dataclass(frozen=True, slots=True)
class Press:
    """What sealing needs, handed over by the archive.

    Attributes:
        title: The archive's name as people write it.
        trackers: Tracker URLs for the torrents.
        web_seeds: Web seed URLs for the torrents.
        now: The instant that register lines carry.
    """

    disk: Disk
    journal: Journal
    index: Index
    hands: Hands[ObjectName, Proof]
    title: str
    trackers: tuple[str, ...]
    web_seeds: tuple[str, ...]
    now: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of a planned volume. `torrent` is None when no object was sound."""

    planned: PlannedVolume
    torrent: Torrent | None
    findings: tuple[Finding, ...]


def prove_all(press: Press, candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Proof]]:
    """Read every candidate's object once, on many hands; in the order they get ready."""
    by_name = {name_of(candidate.held): candidate for candidate in candidates}
    for results in press.hands.work(list(by_name)):
        for name, result in results:
            if isinstance(result, PhonothequeError):
                finding = Finding(FindingKind.UNREADABLE, name.path, str(result))
                result = Proof(None, finding)
            yield by_name[name], result


def name_of(held: Held) -> ObjectName:
    """The name of an object as it lies in the store."""
    return ObjectName(held.sha256, held.extension)


def seal(
    press: Press,
    planned: PlannedVolume,
    candidates: Sequence[Candidate],
    proofs: dict[Sha256, Proof],
) -> Sealed:
    """Seal what is sound of a planned volume; record what is not.

    Args:
        press: The archive's parts.
        planned: The volume.
        candidates: Its recordings, in order.
        proofs: What `prove_all` found for each of its candidates.
    """
    findings = tuple(proof.finding for proof in proofs.values() if proof.finding)
    if findings:
        _record_findings(press, findings)
    sound = [c for c in candidates if proofs[c.held.sha256].digests is not None]
    if not sound:
        return Sealed(planned, None, findings)
    digests = {sha256: proof.digests for sha256, proof in proofs.items() if proof.digests}
    lines = [_line(press.index, candidate) for candidate in sound]
    listed = _write_lists(press, planned, lines)
    files = [
        TorrentFile((*name.folder.split("/"), name.file), digests[name.sha256])
        for name in (line.name for line in lines)
    ]
    torrent = assemble(
        planned.name,
        [*files, *listed],
        announce=press.trackers,
        web_seeds=press.web_seeds,
        creator="Phonotheque",
    )
    write_whole(press.disk, hidden_path(planned.name), torrent.data)
    _record_volume(press, planned, lines, torrent, digests)
    finish(press.disk, [planned.name])
    return Sealed(planned, torrent, findings)


def _record_findings(press: Press, findings: tuple[Finding, ...]) -> None:
    events = []
    for part in in_lines(findings):
        names = tuple(finding.path.rpartition("/")[2][:64] for finding in part)
        events.append(Fixity(len(part), 0, objects=names, findings=part))
    written = press.journal.append(press.now, events)
    with press.index.transaction():
        press.index.apply(written)


def _line(index: Index, candidate: Candidate) -> lists.Line:
    held = candidate.held
    tags = index.tags(held.sha256)
    path = index.accessions(held.sha256)[0].path
    statement = candidate.verdict.statement
    return lists.Line(
        name=name_of(held),
        size_bytes=held.size_bytes,
        title=tags.title or path.rpartition("/")[2],
        artists="; ".join(tags.artists or tags.album_artists),
        release=tags.album or "",
        licence=statement.licence if statement else "",
    )


def _write_lists(
    press: Press, planned: PlannedVolume, lines: Sequence[lists.Line]
) -> list[TorrentFile]:
    """Write the lists that travel in the volume, and digest them."""
    volume = planned.name
    texts = {
        "ATTRIBUTION.txt": lists.attribution(volume, lines),
        "README.txt": lists.readme(volume, press.title, planned.licence_class.value, lines),
        "manifest.tsv": lists.manifest(lines),
    }
    sums = [(line.name.sha256.hex, line.path) for line in sorted(lines, key=lambda x: x.path)]
    for name, text in texts.items():
        sums.append((hashlib.sha256(text.encode()).hexdigest(), f"lists/{volume}/{name}"))
    texts["SHA256SUMS"] = lists.checksums(sums)
    make_folders(press.disk, f"{LISTS}/{volume}")
    files = []
    for name, text in texts.items():
        path = f"{LISTS}/{volume}/{name}"
        write_whole(press.disk, path, text.encode(), is_frozen=True)
        with press.disk.open(path) as file:
            files.append(TorrentFile(("lists", volume, name), digest_file(file)))
    return files


def _record_volume(
    press: Press,
    planned: PlannedVolume,
    lines: Sequence[lists.Line],
    torrent: Torrent,
    digests: dict[Sha256, Digests],
) -> None:
    manifest = lists.manifest(lines).encode()
    event = Volume(
        name=planned.name,
        licence_class=planned.licence_class.value,
        objects=len(lines),
        size_bytes=sum(line.size_bytes for line in lines),
        manifest=hashlib.sha256(manifest).hexdigest(),
        torrent=hashlib.sha256(torrent.data).hexdigest(),
        info_hash_v2=torrent.info_hash_v2.hex(),
        info_hash_v1=torrent.info_hash_v1.hex(),
    )
    written = press.journal.append(press.now, [event])
    with press.index.transaction():
        press.index.apply(written)
        press.index.seal_into(planned.name, press.now, (line.name.sha256 for line in lines))
        for found in digests.values():
            press.index.remember(found)
