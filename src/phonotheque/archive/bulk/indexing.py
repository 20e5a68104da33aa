"""What is published, listed in an index and signed, so that strangers can prove it.

Order: the index and its signature for people are durable under hidden names -> the register's line
is durable -> they get their names -> what else is signed -> targets, snapshot, timestamp
(`publish.trust.repository`). A crash at any step is gone on from by the next run: the register says
which index is the last one, and the timestamp is the last pointer.

Laws: nothing that did not change is made again; an index is made anew when a line of it changes,
when the fact sheet speaks of a publication to come, or when half of its life is over; one number is
given to one index only. Not here: keys (`archive.signing.keyring`), lines (`publish.index.making`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from phonotheque.archive.bulk.closing import closures
from phonotheque.archive.opening import Archive
from phonotheque.archive.signing.keyring import (
    PUBLISHED_MINISIGN,
    Keys,
    instant,
    make_keys,
    minisign_key,
    minisign_pub,
    open_keys,
    root_expiry,
)
from phonotheque.disk import Disk, read_whole, write_changed, write_whole
from phonotheque.errors import BrokenRegisterError, NotHeldError, PhonothequeError
from phonotheque.music.decoding import UNDECODABLE
from phonotheque.music.tdm_statement import SENTENCE
from phonotheque.publish.facts.listing import read_facts
from phonotheque.publish.index import newest
from phonotheque.publish.index.chain import format_history
from phonotheque.publish.index.form import encode_index, index_name, read_index
from phonotheque.publish.index.lines import SCHEMA, Header, TorrentLine
from phonotheque.publish.index.making import Looked, Seal, Standing, known_from, line_of
from phonotheque.publish.packs.form import PackKind, folder_of
from phonotheque.publish.packs.reading import OpenPack
from phonotheque.publish.packs.register_extract import extract_after
from phonotheque.publish.packs.standing import offered_packs
from phonotheque.publish.pages.texts import counted
from phonotheque.publish.removal.tombstones import PATH as TOMBSTONES
from phonotheque.publish.removal.tombstones import write_tombstones
from phonotheque.publish.sealed import LIST_FILES, sealed_bytes, torrent_path
from phonotheque.publish.trust import minisign
from phonotheque.publish.trust.keys import Key
from phonotheque.publish.trust.repository import Content, Lives, Signing, publish
from phonotheque.register import published
from phonotheque.register.events import Pack, Publication, Volume

KEPT_INDEXES = 10
"""Older ones are taken away; their digests stay in the history and in the register."""

PUBLIC_KEY = "minisign.pub"
_FACTS = ("fact-sheet.json", "fact-sheet.html", "fact-sheet.md", "croissant.json", "datasheet.md")
_SHEET = f"{newest.FOLDER}/facts/fact-sheet.json"


@dataclass(frozen=True, slots=True)
class Published:
    """What a run of signing did.

    Attributes:
        seq: Number of the index that is published.
        torrents: That it offers.
        retired: Further lines in it: of torrents that are not offered any more.
        is_new: Whether it was made now.
        is_signed: Whether anything was signed.
        notices: What is worth telling.
    """

    seq: int
    torrents: int
    retired: int
    is_new: bool
    is_signed: bool
    notices: tuple[str, ...]


def publish_index(archive: Archive) -> str:
    """List and sign what is published; the step of `phono publish run` after volumes and packs.

    Returns:
        What was done, in a sentence; "" when nothing had changed.

    Raises:
        KeyAwayError: A key that must sign is not at hand.
        BrokenRegisterError: A later index is published than the register knows of.
    """
    if not published.sealed(archive.index):
        return ""
    done = sign_all(archive)
    said = [*done.notices]
    if done.is_new:
        retired = f", {done.retired:,} retired" if done.retired else ""
        said.insert(0, f"Signed index {done.seq} of {counted(done.torrents, 'torrent')}{retired}.")
    elif done.is_signed:
        said.insert(0, f"Signed what is published with index {done.seq} again.")
    return "\n".join(said)


def sign_all(archive: Archive, keys: Keys | None = None, *, is_renewed: bool = False) -> Published:
    """Bring index and signatures up to what the register says.

    Args:
        archive: Open to write.
        keys: Those at hand; by default what lies in `keys/` and where the settings say.
        is_renewed: Renew what others see of freshness in any case.
    """
    keys, notices = _with_keys(archive, keys or open_keys(archive))
    write_tombstones(archive.disk, archive.index)
    header, retired, is_new = _bring_index(archive, keys)
    _sign_for_people(keys, header.seq)
    contents = _contents(archive, header, keys)
    for name in (newest.HISTORY, newest.LISTINGS):
        write_changed(archive.disk, name, contents[name.rpartition("/")[2]].data)
    write_changed(archive.disk, PUBLISHED_MINISIGN, contents[PUBLIC_KEY].data)
    signing = signing_of(archive, keys)
    is_signed = publish(archive.disk, signing, contents, is_renewed=is_renewed)
    _drop_old_indexes(archive, header.seq)
    offered = header.torrents - retired
    return Published(header.seq, offered, retired, is_new, is_signed, notices)


def signing_of(archive: Archive, keys: Keys) -> Signing:
    """What signing needs of an archive."""
    config = archive.config
    lives = Lives(config["trust.index_days"], config["trust.timestamp_days"])
    return Signing(keys.roots, keys.ring, lives, instant(archive))


def _with_keys(archive: Archive, keys: Keys) -> tuple[Keys, tuple[str, ...]]:
    """The keys, made now when there are none."""
    if keys.roots:
        return keys, ()
    keys, where = make_keys(keys, (), 1, root_expiry(archive))
    notice = (
        f"Made keys in keys/. Move {where[-1]} to a stick in a drawer: it alone lets you go on "
        "when the others are lost or stolen (docs/how-to/keys.md)."
    )
    return keys, (notice,)


# -- the index -----------------------------------------------------------------------------


def _bring_index(archive: Archive, keys: Keys) -> tuple[Header, int, bool]:
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


# -- what is signed ------------------------------------------------------------------------


def _sign_for_people(keys: Keys, seq: int) -> None:
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


def _contents(archive: Archive, header: Header, keys: Keys) -> dict[str, Content]:
    """Every file that is signed through TUF, by its name below `published/`."""
    disk = archive.disk
    index = read_whole(disk, newest.index_path(header.seq))
    custom: Mapping[str, str | int] = {"seq": header.seq, "expires": header.expires}
    found = {
        index_name(header.seq): Content(index, custom),
        "index-history.sha256": Content(format_history(published.index_digests(archive.index)), {}),
        "listings.sha256": Content(_listings(archive), {}),
        "register-head.json": Content(_register_head(archive), {}, is_reason=False),
        PUBLIC_KEY: Content(minisign_pub(keys), {}),
        "tombstones.jsonl": Content(read_whole(disk, TOMBSTONES), {}),
    }
    if tail := _register_tail(archive):
        found["register-tail.jsonl"] = Content(tail, {}, is_reason=False)
    for name in _FACTS:
        path = f"{newest.FOLDER}/facts/{name}"
        if disk.stat(path) is not None:
            found[f"facts/{name}"] = Content(read_whole(disk, path), {})
    return found


def _listings(archive: Archive) -> bytes:
    """The digests of the listings of all torrents that are offered, in order of name.

    Those of others may still lie there: they are swept when the index without them is out.
    """
    names = sorted(torrent.name for torrent in published.offered(archive.index))
    known = (read_facts(archive.disk, name) for name in names)
    lines = [f"{one.listing}  files/{one.name}.jsonl.zst\n" for one in known if one is not None]
    return "".join(lines).encode()


def _register_head(archive: Archive) -> bytes:
    """Where the register stood: whoever has a copy of it can tell whether it is the same one."""
    head = archive.index.place.head
    said = {"archive": archive.index.note("archive"), "seq": head.seq, "digest": head.digest}
    return msgspec.json.encode({**said, "at": archive.index.last_at}) + b"\n"


def _register_tail(archive: Archive) -> bytes:
    """What the register says behind its extract in the packs, up to its head: with both, a copy
    can be brought back to the line that was signed."""
    ends: list[int] = []
    with suppress(PhonothequeError):  # a damaged pack is mended by the next run, and stops nothing
        for pack in offered_packs(archive.index, PackKind.REGISTER):
            with OpenPack(archive.disk, folder_of(pack.name)) as opened:
                ends += [int(entry.extra[1]) for entry in opened.entries()]
    return extract_after(archive.disk, max(ends)) if ends else b""


def _drop_old_indexes(archive: Archive, seq: int) -> None:
    """Take away old indexes, and those that are not what was signed: nobody can use them."""
    disk, digests = archive.disk, published.index_digests(archive.index)
    for old, path in newest.indexes(disk).items():
        if old <= seq - KEPT_INDEXES or sealed_bytes(disk, path, digests.get(old, "")) is None:
            disk.remove(newest.signature_path(path))
            disk.remove(path)
