"""The fact sheet: what a publication holds, counted, with what it does not say.

`facts/fact-sheet.json` is this value; the page and the text are written from it alone, so the three
cannot differ. `docs/reference/fact-sheet.md` says what each key means.

Laws: every figure is a sum over the listings of what is offered, or a count in the register;
nothing is estimated here but the share of listens, which comes with its bounds; the same archive
gives the same sheet, whoever asks and whenever (no clock is read); no title and no name of a maker
stands in it, so that a removal need not change it by hand.

Not here: sentences (`words`), forms (`text`, `page`), reading an archive (`phonotheque.archive`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from phonotheque.music.licence import parse_licence
from phonotheque.publish.facts.listing import Format, TorrentFacts
from phonotheque.publish.index.lines import KINDS, TIERS
from phonotheque.publish.pages.texts import KIND_WORDS, TIER_WORDS

SCHEMA = 1
"""Number of the form. A newer one may have more keys; keys never change their meaning."""


class Share(msgspec.Struct, frozen=True):
    """A share between 0 and 1, and the bounds that it lies in whatever is unknown."""

    low: float
    likely: float
    high: float


class Coverage(msgspec.Struct, frozen=True):
    """How much of all known music is in the publication.

    Attributes:
        known_recordings: Recordings that the catalogue knows, held or not.
        shared_recordings: Of these, in volumes that are offered.
        known_releases: Releases that the catalogue knows.
        shared_releases: Of these, with every recording in volumes that are offered.
        listens: Share of all known listens that go to what is shared; None where none are known.
        is_own_plays_only: Whether the listens are only this archive's own plays, which make every
            archive look complete.
        note: How that was counted, in a sentence.
    """

    known_recordings: int
    shared_recordings: int
    known_releases: int
    shared_releases: int
    listens: Share | None
    is_own_plays_only: bool
    note: str


class Heap(msgspec.Struct, frozen=True):
    """One kind of torrents, or one tier.

    Attributes:
        name: Word for it in names of torrents.
        meaning: What it is.
        torrents: Number of torrents.
        items: Recordings, or small things in packs; 0 where nobody counted them.
        size_bytes: Bytes of all files.
    """

    name: str
    meaning: str
    torrents: int
    items: int
    size_bytes: int


class LicenceCount(msgspec.Struct, frozen=True):
    """How many recordings stand under one licence."""

    licence: str
    name: str
    recordings: int


class Reason(msgspec.Struct, frozen=True):
    """Why something is not in the publication, or what is wrong with it, and how often."""

    reason: str
    recordings: int


class Counted(msgspec.Struct, frozen=True):
    """What the register says of an archive, beside its torrents.

    Attributes:
        archive: UUID of the archive.
        name: Its short name.
        title: Its name as people write it.
        address: Where it is published; "" when unknown.
        as_of: When what is offered changed last, UTC; "" when nothing was ever offered.
        cut_off: When the newest recording came in, UTC; "" when there is none.
        began: When the oldest one did.
        held: Recordings that are held, shared or not.
        held_bytes: Their bytes.
        bad_bytes: Recordings whose bytes were found damaged or missing and are not mended yet.
        removed: Objects that were ever taken down.
        retired: Torrents that are not offered any more.
        lost_lists: Volumes of which nobody knows any more what they hold.
        do_tags_count: Whether a licence tag in a file was enough to share it.
        catalogue_licence: Licence of what the archive itself says; "" when unknown.
    """

    archive: str
    name: str
    title: str
    address: str = ""
    as_of: str = ""
    cut_off: str = ""
    began: str = ""
    held: int = 0
    held_bytes: int = 0
    bad_bytes: int = 0
    removed: int = 0
    retired: int = 0
    lost_lists: int = 0
    do_tags_count: bool = False
    catalogue_licence: str = ""


class Totals(msgspec.Struct, frozen=True):
    """What is offered, together.

    Attributes:
        torrents: Number of torrents.
        volumes: Of these, with recordings.
        packs: Of these, with metadata, art and other small things.
        recordings: Number of recordings.
        files: Number of files of all torrents.
        size_bytes: Bytes of all files.
        music_bytes: Of these, bytes of recordings.
        length_ms: Length of the recordings together, as far as it is known.
        lossless: Recordings whose coding keeps every sample.
        lossy: Recordings whose coding does not.
        unattributed: Recordings of which the maker's name is unknown.
        damaged_sound: Recordings whose sound was damaged when they came in.
    """

    torrents: int
    volumes: int
    packs: int
    recordings: int
    files: int
    size_bytes: int
    music_bytes: int
    length_ms: int
    lossless: int
    lossy: int
    unattributed: int
    damaged_sound: int


class FactSheet(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one publication.

    Attributes:
        publication: Number of the index that it belongs to.
        mining: Recordings by "reserved", "not-reserved" and "unknown".
        left: What is held and not in the publication, by reason, the most frequent first.
    """

    publication: int
    counted: Counted
    totals: Totals
    kinds: tuple[Heap, ...]
    tiers: tuple[Heap, ...]
    licences: tuple[LicenceCount, ...]
    formats: tuple[Format, ...]
    mining: dict[str, int]
    coverage: Coverage | None
    left: tuple[Reason, ...]


def make_sheet(
    counted: Counted,
    torrents: Sequence[TorrentFacts],
    coverage: Coverage | None,
    left: Iterable[Reason],
    *,
    publication: int,
) -> FactSheet:
    """Add up what the listings of all torrents say."""
    reasons = sorted(left, key=lambda one: (-one.recordings, one.reason))
    return FactSheet(
        publication=publication,
        counted=counted,
        totals=_totals(torrents),
        kinds=_heaps(torrents, "kind", KINDS, KIND_WORDS),
        tiers=_heaps([one for one in torrents if one.recordings], "tier", TIERS, TIER_WORDS),
        licences=_licences(torrents),
        formats=_formats(torrents),
        mining=_sums(one.mining for one in torrents),
        coverage=coverage,
        left=tuple(reasons),
    )


def _totals(torrents: Sequence[TorrentFacts]) -> Totals:
    formats = [form for one in torrents for form in one.formats]
    return Totals(
        torrents=len(torrents),
        volumes=sum(one.recordings > 0 for one in torrents),
        packs=sum(one.recordings == 0 for one in torrents),
        recordings=sum(one.recordings for one in torrents),
        files=sum(one.files for one in torrents),
        size_bytes=sum(one.size_bytes for one in torrents),
        music_bytes=sum(one.music_bytes for one in torrents),
        length_ms=sum(one.length_ms for one in torrents),
        lossless=sum(form.recordings for form in formats if form.is_lossless),
        lossy=sum(form.recordings for form in formats if not form.is_lossless),
        unattributed=sum(one.unattributed for one in torrents),
        damaged_sound=sum(one.damaged for one in torrents),
    )


def _heaps(
    torrents: Sequence[TorrentFacts], field: str, order: Sequence[str], words: dict[str, str]
) -> tuple[Heap, ...]:
    """Torrents by kind or tier, in the order in which the index names these."""
    heaps = []
    for name in order:
        ones = [one for one in torrents if getattr(one, field).removeprefix("t") == name]
        if ones:
            items = sum(one.recordings or one.items for one in ones)
            size_bytes = sum(one.size_bytes for one in ones)
            heaps.append(Heap(name, words[name], len(ones), items, size_bytes))
    return tuple(heaps)


def _sums(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))


def _licences(torrents: Sequence[TorrentFacts]) -> tuple[LicenceCount, ...]:
    total = _sums(one.licences for one in torrents)
    most_first = sorted(total.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        LicenceCount(licence, parse_licence(licence).name, count) for licence, count in most_first
    )


def _formats(torrents: Sequence[TorrentFacts]) -> tuple[Format, ...]:
    heaps: dict[tuple[str, bool], tuple[int, int]] = {}
    for form in (form for one in torrents for form in one.formats):
        key = (form.codec, form.is_lossless)
        count, size_bytes = heaps.get(key, (0, 0))
        heaps[key] = (count + form.recordings, size_bytes + form.size_bytes)
    most_first = sorted(heaps.items(), key=lambda one: (-one[1][0], one[0]))
    return tuple(Format(*key, *heap) for key, heap in most_first)
