"""The index of what is published: made when the last one is not right any more, signed for people.

Order: the index and its signature for people are durable under hidden names -> the register's line
is durable -> they get their names. The register says which index is the last one, so a crash at any
step is gone on from by the next run.

Laws: nothing that did not change is made again; an index is made anew when a line of it changes,
when the fact sheet speaks of a publication to come, or when half of its life is over; one number is
given to one index only. Not here: its lines (`publish.index.making`).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.opening import Archive
from phonotheque.archive.signing.keyring import Keys, instant, minisign_key, minisign_pub
from phonotheque.disk import Disk, read_whole, write_whole
from phonotheque.errors import BrokenRegisterError, NotHeldError, PhonothequeError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.facts.listing import read_facts
from phonotheque.publish.index import newest
from phonotheque.publish.index.form import encode_index, index_name, read_index
from phonotheque.publish.index.lines import SCHEMA, Header, TorrentLine
from phonotheque.publish.index.making import Looked, Seal, Standing, known_from, line_of
from phonotheque.publish.sealed import LIST_FILES, torrent_path
from phonotheque.publish.trust import minisign
from phonotheque.publish.trust.keys import Key
from phonotheque.register import published
from phonotheque.register.events import Pack, Publication, Volume

_SHEET = f"{newest.FOLDER}/facts/fact-sheet.json"


def bring_index(archive: Archive, keys: Keys) -> tuple[Header, int, bool]:
    """The index that is to be published, made now if the last one is not right any more.

    Returns:
        Its header, how many of its torrents are not offered any more, and whether it was made now.
    """
    disk = archive.disk
    last = published.last_publication(archive.index)
    _finish(disk, last)
    _refuse_lost_lines(disk, last)
    before = _last_index(disk, last)
    lines = _lines(archive, before[1] if before else [])
    header, retired = _header(archive, lines, last), sum(bool(line.obsolete) for line in lines)
    if before is not None and before[1] == lines and _will_do(archive, header, before[0]):
        return before[0], retired, False
    people = minisign_key(keys)
    data = encode_index(header, lines)
    hidden = newest.hidden_index_path(header.seq)
    write_whole(disk, hidden, data)
    write_whole(disk, newest.signature_path(hidden), _signature(people, header.seq, data))
    event = Publication(header.seq, hashlib.sha256(data).hexdigest(), len(lines))
    archive.record([event])
    _finish(disk, event)
    return header, retired, True


def _finish(disk: Disk, last: Publication | None) -> None:
    """Give an index that the register knows its name. Idempotent."""
    if last is None:
        return
    hidden, shown = newest.hidden_index_path(last.number), newest.index_path(last.number)
    for old, new in (
        (newest.signature_path(hidden), newest.signature_path(shown)),
        (hidden, shown),
    ):
        if disk.stat(old) is not None:
            disk.rename(old, new)
    disk.sync_folder(newest.FOLDER)


def _refuse_lost_lines(disk: Disk, last: Publication | None) -> None:
    """Refuse to give a number twice: whoever follows would see two pasts."""
    number = last.number if last else 0
    if later := [seq for seq in newest.indexes(disk) if seq > number]:
        raise BrokenRegisterError(
            "register",
            f"{index_name(later[-1])} is published, but the last line about an index says {number}",
            "Bring a newer register back from a backup or from a mirror's register pack.",
        )


def _last_index(disk: Disk, last: Publication | None) -> tuple[Header, list[TorrentLine]] | None:
    """The index that was published last, if its file is still what the register says."""
    if last is None:
        return None
    try:
        data = read_whole(disk, newest.index_path(last.number))
        if hashlib.sha256(data).hexdigest() != last.index:
            return None
        return read_index(data)
    except PhonothequeError:
        return None  # lost or damaged: the next one is made without it


def _lines(archive: Archive, before: list[TorrentLine]) -> list[TorrentLine]:
    index = archive.index
    seals = [Seal(event, at) for event, at in published.sealed(index)]
    closed = {
        name: why.reason for name, why in closures(archive).items() if not why.is_damage
    }  # what is only damaged here is offered still by all who have it whole
    seeds = tuple(archive.config["seed.web_seeds"])
    standing = Standing(published.retirements(index), closed, seeds)
    known = known_from(before)
    return [
        line_of(seal, _look(archive.disk, seal.event, known.get(seal.event.torrent)), standing)
        for seal in seals
    ]


def _look(disk: Disk, event: Volume | Pack, known: Looked | None) -> Looked:
    """Look up what the register does not say of a torrent, unless the index before says it."""
    if known is not None and (known.licences or isinstance(event, Pack)):
        return known
    entry = disk.stat(torrent_path(event.name))
    facts = read_facts(disk, event.name)
    files = event.files if isinstance(event, Pack) else event.objects + len(LIST_FILES)
    licences = facts.licences if facts and isinstance(event, Volume) else {}
    looked = Looked(facts.files if facts else files, entry.size_bytes if entry else 0, licences)
    return looked if entry or known is None else known


def _header(archive: Archive, lines: list[TorrentLine], last: Publication | None) -> Header:
    config = archive.config
    made = instant(archive).replace(microsecond=0)
    expires = made + timedelta(days=config["trust.index_days"])
    return Header(
        schema=SCHEMA,
        archive=archive.index.note("archive"),
        name=config.name,
        title=config["title"] or config.name,
        seq=last.number + 1 if last else 1,
        previous=last.index if last else "",
        created=_format(made),
        expires=_format(expires),
        torrents=len(lines),
        size_bytes=sum(line.size_bytes for line in lines if not line.obsolete),
        tdm=SENTENCE,
        address=config["address"],
    )


def _format(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _will_do(archive: Archive, wanted: Header, before: Header) -> bool:
    """Whether the header before says the same still, and for long enough."""
    as_before = msgspec.structs.replace(
        wanted,
        seq=before.seq,
        previous=before.previous,
        created=before.created,
        expires=before.expires,
    )
    life = timedelta(days=archive.config["trust.index_days"])
    left = datetime.fromisoformat(before.expires) - instant(archive)
    is_spoken_of = _publication_in_sheet(archive.disk) <= before.seq
    return as_before == before and left > life / 2 and is_spoken_of


def _publication_in_sheet(disk: Disk) -> int:
    """The number of the publication that the fact sheet speaks of; 0 when there is none."""
    try:
        return msgspec.json.decode(read_whole(disk, _SHEET), type=_Sheet).publication
    except (NotHeldError, *UNDECODABLE):
        return 0


class _Sheet(msgspec.Struct):
    publication: int = 0


def sign_for_people(keys: Keys, seq: int) -> None:
    """Sign the index for people, unless it is signed by the key that counts."""
    disk, path = keys.disk, newest.index_path(seq)
    data = read_whole(disk, path)
    try:
        text = read_whole(disk, newest.signature_path(path)).decode("utf-8", "replace")
        public = minisign.parse_public_key(minisign_pub(keys).decode("utf-8", "replace"))
        minisign.verify(public, data, text)
    except PhonothequeError:
        signature = _signature(minisign_key(keys), seq, data)
        write_whole(disk, newest.signature_path(path), signature)


def _signature(people: Key, seq: int, data: bytes) -> bytes:
    return minisign.sign(people, data, f"file:{index_name(seq)} index:{seq}").encode()
