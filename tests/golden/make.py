"""Makes the golden archive of format 1 and the golden lines: `python -m tests.golden.make DIR`.

They were made once and are only added to: what stands in them must be readable for ever. Instants,
the archive's UUID and the nonces of evidence are fixed, so that a difference can be read; the bytes
of the music come from the encoder at hand. DIR must not exist: nothing golden is overwritten here.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

from tests.cli.phono import Phono, found
from tests.cli.small_music import make_file

from phonotheque.music.facts import Readability, Technical
from phonotheque.music.finding import Finding, FindingKind
from phonotheque.music.likeness import Likeness
from phonotheque.music.rights import Basis, RightsStatement, Tdm, Use
from phonotheque.music.sound import Damage, Integrity, IntegrityVerdict, Loudness, Sound
from phonotheque.register.chain import GENESIS, encode_line, format_instant
from phonotheque.register.events import (
    Accession,
    Correction,
    CounterNotice,
    Deposit,
    Dressing,
    Edit,
    Event,
    Examination,
    Export,
    Fixity,
    Founding,
    Link,
    Pack,
    Publication,
    Removal,
    Restoration,
    Retirement,
    Rights,
    Role,
    Volume,
)

ARCHIVE_ID = "5a17e0c4-6d0f-4b52-9d3c-0a6de4f0b001"
_BEGINNING = datetime(2026, 11, 21, 5, 0, 0, 123456, tzinfo=UTC)
_CLOCKS = ("opening", "founding")

RULES = """\
[[rule]]
match = "album/*.mp3"
licence = "CC-BY-NC-SA-4.0"
evidence = "https://label.example/licence"
holder = "Bo Example"
attribution = "Bo"

[[rule]]
match = "album/*.wav"
licence = "CC0-1.0"
from = 2026-01-01
territories = ["AT", "DE"]
tdm = "reserved"
tdm_by = "holder"
"""


@contextmanager
def fixed() -> Iterator[None]:
    """Let every clock tick one second a question, from one instant, and every draw be known."""
    ticks, draws = count(), count()

    def now() -> str:
        return format_instant(_BEGINNING + timedelta(seconds=next(ticks)))

    with ExitStack() as stack:
        for module in _CLOCKS:
            stack.enter_context(patch(f"phonotheque.archive.{module}.now", now))
        stack.enter_context(
            patch("phonotheque.archive.bulk.publishing.today", lambda: date(2026, 11, 21))
        )
        stack.enter_context(patch("uuid.uuid4", lambda: UUID(ARCHIVE_ID)))
        stack.enter_context(
            patch(
                "phonotheque.register.people.secrets.token_hex",
                lambda size: f"{next(draws):0{2 * size}x}",
            )
        )
        yield


def make_archive(root: Path, music: Path) -> None:
    """Walk the whole way once, so that the register has every event that a command writes."""
    _make_music(music)
    phono = found(root, "Golden Records")
    licence = ("--licence", "CC-BY-4.0", "--evidence", "a letter of 2026-03-02")
    who = ("--depositor", "Ada Example", "--collection", "Attic")
    told = phono.add(music, *licence, *who, status=1)
    phono("rights", "set", told["decided.flac"]["sha256"], "--licence", "InC").expect(0)
    phono.publish()
    phono("verify", "--oldest", "3", "--jobs", "1").expect(0)
    _lose_and_mend(phono, told["notes.txt"]["sha256"], music / "notes.txt")
    with tempfile.TemporaryDirectory() as out:
        phono("export", told["notes.txt"]["sha256"], "--to", out).expect(0)
    shutil.rmtree(root / "state")
    shutil.rmtree(root / "keys")
    (root / "journals").rmdir()  # git keeps no empty folder


def _make_music(music: Path) -> None:
    (music / "album").mkdir(parents=True)
    for number, name in enumerate(("1.flac", "2.mp3", "3.wav", "4.flac"), start=1):
        make_file(music / "album" / name, number)
    make_file(music / "decided.flac", 5)
    (music / "album" / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\n no picture")
    (music / "album" / "rights.toml").write_text(RULES.replace("album/", ""), encoding="utf-8")
    (music / "broken.ogg").write_bytes(b"OggS and then nothing that an Ogg file has")
    (music / "notes.txt").write_text("Notes, kept for ever.\n", encoding="utf-8")


def _lose_and_mend(phono: Phono, name: str, source: Path) -> None:
    phono.object(name).unlink()
    phono("verify", name).expect(1)
    phono.add(source)


_STATEMENT = RightsStatement(
    licence="https://creativecommons.org/licenses/by/4.0/",
    basis=Basis.RULES,
    evidence=f"sha256:{'e' * 64}",
    holder="p2",
    valid_from="2026-01-01",
    valid_until="2030-01-01",
    territories=("AT", "DE"),
    granted=(Use.STREAM,),
    excluded=(Use.DERIVE,),
    tdm=Tdm.RESERVED,
    tdm_by="holder",
    stated_at="2026-11-21T05:00:00.123456Z",
)
_BARE = RightsStatement(licence="", basis=Basis.CLAIM, stated_at="2026-11-21T05:00:00Z")
_ONSITE = RightsStatement(
    licence="https://rightsstatements.org/vocab/InC/1.0/",
    basis=Basis.DECISION,
    onsite_only=True,
    stated_at="2026-11-21T05:00:00Z",
)
_A, _B = "a" * 64, "b" * 64
_TECHNICAL = Technical("flac", "flac", 1234, 44100, 2, 700_000, 16)
_PARTS = (1, _A, 4321, _B, "flac", "Côté/01 ♫.flac", Role.RECORDING)
_WHOLE = Integrity(IntegrityVerdict.WHOLE, ("MD5 of the samples",))
_UNKNOWN = Integrity(IntegrityVerdict.UNKNOWN, reason="its format has no checksum")
_DAMAGED = Integrity(
    IntegrityVerdict.DAMAGED,
    ("Ogg page checksums", "Ogg page numbers"),
    damage=(Damage("page checksum differs", 4096, 1500), Damage("it ends early")),
    damaged_places=2,
)
_LOUDNESS = Loudness(-17.2, 6.5, -0.3, 0.1)
_SOUND = Sound(1234, _B, _LOUDNESS, 20, 150, 12, is_dual_mono=True, cutoff_hz=16_000)

EVENTS: tuple[Event, ...] = (
    Founding(1, ARCHIVE_ID),
    Deposit(),
    Deposit("p1", "Attic"),
    Accession(
        *_PARTS,
        rights=(_STATEMENT, _BARE),
        readability=Readability.READABLE,
        technical=_TECHNICAL,
        integrity=_DAMAGED,
        sound=_SOUND,
    ),
    Accession(
        *_PARTS[:4],
        "",
        "\ufffd.bin",
        Role.RECORDING,
        path_base64="/y5iaW4=",
        readability=Readability.UNREADABLE,
        reason="it ends early",
    ),
    Accession(*_PARTS[:4], "txt", "notes.txt", Role.COMPANION),
    Examination(_A, Readability.READABLE, "", _TECHNICAL, _DAMAGED, _SOUND),
    Examination(_A, Readability.UNREADABLE, "it ends early", integrity=_UNKNOWN),
    Examination(_B, Readability.READABLE, integrity=_WHOLE, sound=Sound(1234, _B)),
    Link(_A, _B, Likeness.SAME, 0.0123, -700, 94_500),
    Link(_B, _A, Likeness.RELATED, 0.2),
    Dressing(_A, _B, 4400, "UEhQMQ=="),
    Rights(_A, _ONSITE),
    Fixity(0, 0, findings=(Finding(FindingKind.FOREIGN, "objects/Thumbs.db"),)),
    Fixity(2, 99, as_of=9, through_at="2026-11-21T05:00:00.123456Z", through=_B),
    Fixity(
        1,
        7,
        objects=(_A,),
        findings=(Finding(FindingKind.TRUNCATED, f"objects/aa/aa/{_A}.flac", "7 of 8 bytes"),),
    ),
    Removal(_A, "asked for by the holder", "p1", f"sha256:{'e' * 64}"),
    Removal(_B, "a copy"),
    Edit(_A, "title", "Ein anderer Titel", "p1"),
    Edit(_A, "title", ""),
    Export("tree", 12, 3456),
    Volume("x-open-all-00001", "open", 2, 8642, _A, _B, "c" * 64, "d" * 40),
    Volume("x-open-all-00002", "open", 2, 8642, _A, _B, "c" * 64, "d" * 40, "x-open-all-00001"),
    Volume("x-nc-t90-00001", "nc", 2, 8642, _A, _B, "c" * 64, "d" * 40, "", 9000, 12),
    Pack("x-art-all-00001", "art", 7, 2, 4321, _A, _B, "c" * 64, "d" * 40),
    Pack("x-art-all-00002", "art", 8, 2, 5321, _B, _A, "c" * 64, "d" * 40, "x-art-all-00001"),
    Retirement("x-open-all-00002", "one recording was removed", "x-open-all-00003"),
    Retirement("x-art-all-00001", "replaced"),
    Publication(1, _A, 4),
    Removal(_B, "asked for by the holder", case="2026-0001"),
    CounterNotice("2026-0001", "the licence was given in writing", "p2", f"sha256:{'f' * 64}"),
    CounterNotice("2026-0001", "once more"),
    Removal(_A, "asked for by the holder", requested_by="p3"),
    Accession(
        *_PARTS[:4],
        "opus",
        "01.opus",
        Role.ACCESS_COPY,
        readability=Readability.READABLE,
        parent=_B,
        recipe="opus-75",
        encoder="libopus 1.5.2",
    ),
    Restoration(ARCHIVE_ID, 34, _A),
    Restoration(ARCHIVE_ID, 35, _B, 3, _A),
    Fixity(2, 9, objects=(_A,), packs=("x-art-all-00001",)),
    Edit(_A, "title", "", reason="the file is right", is_undone=True),
    Correction(
        "recording",
        "0f0e0d0c-0b0a-5908-8706-050403020100",
        "title",
        "Ein anderer Titel",
        "misspelt by its source",
        "p1",
        "holdings",
    ),
    Correction("artist", "6c1f2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f", "end_date", is_undone=True),
)
"""Every kind of event, with all of its fields and with as few as it can have."""


def lines() -> bytes:
    """The events as one register."""
    head, written = GENESIS, []
    for number, event in enumerate(EVENTS):
        at = format_instant(_BEGINNING + timedelta(seconds=number))
        line, head = encode_line(head, at, event)
        written.append(line)
    return b"".join(written)


def main(arguments: list[str]) -> int:
    """Write `archive/` and `events.jsonl` into a new folder."""
    (to,) = arguments
    folder = Path(to)
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_bytes(lines())
    with tempfile.TemporaryDirectory() as music, fixed():
        make_archive(folder / "archive", Path(music) / "music")
    print(f"written: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
