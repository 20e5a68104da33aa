"""All facts of one recording, gathered from the register for its page.

Laws: what is told of rights is what the resolver says at this moment; a file that may not be given
has no address; a document of evidence is never shown, only that there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from phonotheque.archive.bulk.facts import site_of
from phonotheque.archive.bulk.whereabouts import why_not
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.history import history_of, words_of
from phonotheque.archive.opening import Archive, today
from phonotheque.derive.sound_words import exact_clock
from phonotheque.listen.item_values import (
    Elsewhere,
    Evidence,
    FileFacts,
    Item,
    Permission,
    Sounding,
    Wholeness,
)
from phonotheque.listen.items.citing import cite
from phonotheque.listen.ports import Copies, Library
from phonotheque.listen.values import Gone, Hit, Song
from phonotheque.music.digest import Sha256
from phonotheque.music.doors import Door, ask
from phonotheque.music.facts import Technical
from phonotheque.music.licence import parse_licence
from phonotheque.music.rights import Basis, RightsStatement, Tdm, Use, Verdict, resolve
from phonotheque.music.sound import format_integrity
from phonotheque.music.tdm_statement import mining_of, sentence_of
from phonotheque.publish.pages.texts import plain
from phonotheque.publish.web.shelves import sound_type
from phonotheque.register.holdings import Held
from phonotheque.register.provenance import links_of, statements_about

REFERENCE_LUFS = -18.0
"""What playing is levelled to (ReplayGain 2.0, section 4)."""

_USES = (Use.STREAM, Use.REDISTRIBUTE, Use.COMMERCIAL, Use.DERIVE)
_MOST_ALIKE = 20


class ArchiveItems:
    """Facts of recordings of one archive; shared by threads.

    Args:
        desks: The archive.
        library: What the catalogue knows.
        copies: Where the bulk door has a recording.
    """

    def __init__(self, desks: Desks, library: Library, copies: Copies) -> None:
        self._desks = desks
        self._library = library
        self._copies = copies

    def item(self, gid: UUID) -> Item | Gone | None:
        """Return the facts of a song; None when nothing has the gid."""
        song = self._library.song(gid)
        if song is None or isinstance(song, Gone):
            return song
        archive = self._desks.here().archive()
        found = (archive.index.held(name) for name in song.objects)
        masters = [held for held in found if held is not None and held.condition != "removed"]
        return self._held(archive, song, masters) if masters else self._unheld(archive, song)

    def _unheld(self, archive: Archive, song: Song) -> Item:
        cited = cite(song.hit, None, site_of(archive).title, _address(archive, song.hit), "")
        said = "This archive knows of it and does not hold it."
        return Item(hit=song.hit, albums=song.albums, cite=cited, why_not_shared=said)

    def _held(self, archive: Archive, song: Song, masters: Sequence[Held]) -> Item:
        master = masters[0]
        stated = statements_about(archive.index, master.sha256)
        statements = [statement for _, statement in stated]
        verdict = _redistributing(archive, statements)
        licence = parse_licence(verdict.statement.licence).name if verdict.statement else ""
        cited = cite(
            song.hit,
            master.sha256,
            site_of(archive).title,
            _address(archive, song.hit),
            licence,
        )
        copies = self._copies.copies(song.hit.gid)
        return Item(
            hit=song.hit,
            permissions=_permissions(archive, statements),
            evidence=_evidence(stated, verdict.statement),
            mining=sentence_of(mining_of(statements, today())),
            files=_files(archive, song.hit, masters),
            wholeness=_wholeness(master),
            sounding=_sounding(master),
            copies=copies,
            elsewhere=self._elsewhere(archive, master),
            albums=song.albums,
            happened=history_of(archive, master),
            cite=cited,
            why_not_shared="" if copies else why_not(archive, master),
            collection=_collection(archive, master),
        )

    def _elsewhere(self, archive: Archive, held: Held) -> tuple[Elsewhere, ...]:
        """What sounds alike, the likest first; each song once."""
        alike: dict[Sha256, tuple[str, float | None]] = {}
        for _, link in links_of(archive.index, held.sha256):
            other = link.other if link.sha256 == held.sha256.hex else link.sha256
            alike[Sha256.parse(other)] = (link.likeness.value, link.bit_errors)
        if held.sound and held.sound.payload_sha256:
            for twin in archive.index.with_payload(held.sound.payload_sha256):
                alike[twin.sha256] = ("same", None)
        alike.pop(held.sha256, None)
        found: dict[UUID, Elsewhere] = {}
        for name, (likeness, errors) in list(alike.items())[:_MOST_ALIKE]:
            hit = self._library.song_of(name)
            if hit is not None:
                found.setdefault(hit.gid, Elsewhere(hit=hit, likeness=likeness, bit_errors=errors))
        return tuple(sorted(found.values(), key=lambda one: one.bit_errors or 0.0))


def _address(archive: Archive, hit: Hit) -> str:
    base = site_of(archive).base
    return f"{base}item/{hit.gid}" if base else ""


def _collection(archive: Archive, held: Held) -> str:
    first = archive.index.accessions(held.sha256)[0]
    return archive.index.depositor_and_collection(first.deposit)[1]


def _redistributing(archive: Archive, statements: Sequence[RightsStatement]) -> Verdict:
    counts = archive.config["rights.licence_tags_count"]
    return resolve(statements, Use.REDISTRIBUTE, today(), None, claims_count=counts)


def _permissions(archive: Archive, statements: Sequence[RightsStatement]) -> tuple[Permission, ...]:
    counts = archive.config["rights.licence_tags_count"]
    found = []
    for use in _USES:
        verdict = resolve(statements, use, today(), None, claims_count=counts)
        found.append(Permission(use=use.value, is_allowed=verdict.allowed, reason=verdict.reason))
    mining = mining_of(statements, today())
    said = {Tdm.RESERVED: False, Tdm.NOT_RESERVED: True, Tdm.UNKNOWN: None}[mining.tdm]
    return (*found, Permission(use="mine", is_allowed=said, reason=sentence_of(mining)))


_SAID_BY = {
    Basis.DECISION: "The archive decided so",
    Basis.DEPOSITOR: "The depositor said so",
    Basis.RULES: "A rule in the deposit says so",
    Basis.CLAIM: "A tag in the file says so",
}


def _evidence(
    stated: Sequence[tuple[int, RightsStatement]], governing: RightsStatement | None
) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            basis=_SAID_BY[one.basis],
            licence=parse_licence(one.licence).name,
            text=words_of(one),
            address=one.licence if one.licence.startswith(("http://", "https://")) else None,
            stated_at=one.stated_at,
            is_governing=one == governing,
            seq=seq,
            has_document=bool(one.evidence),
        )
        for seq, one in reversed(stated)
    )


def _files(archive: Archive, hit: Hit, masters: Sequence[Held]) -> tuple[FileFacts, ...]:
    """The masters and what is made of the first one, each with its address where it may be had."""
    first = masters[0]
    found = [_master(archive, hit, held, is_first=held is first) for held in masters]
    if first.technical is None:
        return tuple(found)
    dressed = FileFacts(
        form="dressed",
        sha256=None,
        name=found[0].name,
        size_bytes=None,
        about="The master with the tags and cover of today, put together when it is asked for",
        media_type=found[0].media_type,
        address=_path(archive, hit, first, Door.DOWNLOAD_DRESSED, "dressed"),
    )
    access = FileFacts(
        form="opus",
        sha256=None,
        name=f"{found[0].name.rpartition('.')[0] or found[0].name}.opus",
        size_bytes=None,
        about="For listening on a slow line: Opus, about 75 kbit/s, made when it is asked for",
        media_type="audio/ogg",
        address=_path(archive, hit, first, Door.DOWNLOAD, "opus"),
    )
    return (*found, dressed, access)


def _master(archive: Archive, hit: Hit, held: Held, *, is_first: bool) -> FileFacts:
    path = archive.index.accessions(held.sha256)[0].path
    name = plain(path.rpartition("/")[2])
    form = form_of(held.technical)
    return FileFacts(
        form="original",
        sha256=held.sha256,
        name=name,
        size_bytes=held.size_bytes,
        about=f"Preservation master, as received. {form}" if form else "As received",
        media_type=sound_type(held.extension),
        address=_path(archive, hit, held, Door.DOWNLOAD, "original") if is_first else None,
    )


def _path(archive: Archive, hit: Hit, held: Held, door: Door, form: str) -> str | None:
    """Where a form can be had, if the resolver gives it now and the bytes are right."""
    counts = archive.config["rights.licence_tags_count"]
    statements = archive.index.statements(held.sha256)
    verdict = ask(door, statements, today(), claims_count=counts)
    is_had = verdict.allowed and held.condition == "intact"
    return f"/download/{hit.gid}?form={form}" if is_had else None


_CODECS = {"flac": "FLAC", "vorbis": "Ogg Vorbis", "opus": "Opus", "mp3": "MP3", "aac": "AAC"}


def form_of(technical: Technical | None) -> str:
    """Return how the sound is stored, for people: "FLAC, 44.1 kHz, 16 bit, 2 channels"."""
    if technical is None:
        return ""
    codec = technical.codec
    is_plain = codec.startswith("pcm_")
    said = [f"{technical.container.upper()}, PCM" if is_plain else _CODECS.get(codec, codec)]
    if technical.sample_rate_hz:
        said.append(f"{technical.sample_rate_hz / 1000:g} kHz")
    if technical.bit_depth:
        said.append(f"{technical.bit_depth} bit")
    elif technical.bit_rate_bps:
        said.append(f"{round(technical.bit_rate_bps / 1000)} kbit/s")
    if technical.channels:
        said.append({1: "mono", 2: "stereo"}.get(technical.channels, "") or _channels(technical))
    return ", ".join(said)


def _channels(technical: Technical) -> str:
    return f"{technical.channels} channels"


def _wholeness(held: Held) -> Wholeness:
    """Bytes first: where these are wrong, what was heard in them says nothing."""
    if held.condition != "intact":
        reason = f"its bytes were found {held.condition}"
        return Wholeness(verdict=held.condition, reason=reason, checked_at=held.checked_at)
    if held.integrity is None:
        reason = held.reason or "nobody looked at its sound yet"
        return Wholeness(verdict="unknown", reason=reason, checked_at=held.checked_at)
    said = format_integrity(held.integrity)
    if held.sound is not None:
        said += f". Decoded to the end, {exact_clock(held.sound.decoded_ms)}"
    verdict = {"whole": "intact"}.get(held.integrity.verdict.value, held.integrity.verdict.value)
    return Wholeness(verdict=verdict, reason=said, checked_at=held.checked_at)


def _sounding(held: Held) -> Sounding:
    loudness = held.sound.loudness if held.sound else None
    lufs = loudness.integrated_lufs if loudness else None
    peak_dbfs = loudness.sample_peak_dbfs if loudness else None
    technical = held.technical
    return Sounding(
        loudness_lufs=lufs,
        gain_db=None if lufs is None else round(REFERENCE_LUFS - lufs, 2),
        peak=None if peak_dbfs is None else round(10 ** (peak_dbfs / 20), 6),
        codec=technical.codec if technical else None,
        sample_rate_hz=technical.sample_rate_hz if technical else None,
        channels=technical.channels if technical else None,
    )
