"""Recordings that an archive has facts of, and nothing else: no file of them exists.

Law: register lines and rows are those that `phono add` leaves, with facts of the usual length: a
fingerprint of two minutes, a waveform, loudness, tags of an album.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator

from bench import register_lines
from phonotheque.archive.opening import Archive
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical
from phonotheque.music.sound import Integrity, IntegrityVerdict, Loudness, Sound
from phonotheque.register.events import Accession, Role

_ON_AN_ALBUM = 12
_FINGERPRINT_BYTES = 2_100
"""Of two minutes of music, as it is stored: compressed already."""


def take_in(archive: Archive, count: int, seed: int) -> None:
    """Write register lines and index rows of so many recordings."""
    chance = random.Random(seed)
    register_lines.take_in(
        archive, _recordings(chance, register_lines.begin_deposit(archive), count)
    )


def _recordings(chance: random.Random, deposit: int, count: int) -> Iterator[register_lines.Taken]:
    for number in range(count):
        album = number // _ON_AN_ALBUM
        sound = _sound(chance)
        technical = Technical("flac", "flac", sound.decoded_ms, 44_100, 2, 900_000, 16)
        integrity = Integrity(
            IntegrityVerdict.WHOLE, ("MD5 of all samples", "every packet decodes")
        )
        event = Accession(
            deposit,
            chance.randbytes(32).hex(),
            chance.randrange(9_000_000, 30_000_000),
            chance.randbytes(32).hex(),
            "flac",
            f"Artist {album % 977}/Album {album}/{number:02d} {_name(number)}.flac",
            Role.RECORDING,
            rights=(register_lines.STATED,),
            readability=Readability.READABLE,
            technical=technical,
            integrity=integrity,
            sound=sound,
        )
        tags = Tags(
            title=_name(number),
            artists=(f"Artist {album % 977}",),
            album=f"Album {album}",
            track_number=number % _ON_AN_ALBUM + 1,
            date=str(1970 + album % 55),
        )
        facts = AudioFacts(
            Readability.READABLE,
            technical,
            tags,
            fingerprint=chance.randbytes(_FINGERPRINT_BYTES),
            waveform=_waveform(chance),
        )
        yield register_lines.Taken(event, facts)


def _sound(chance: random.Random) -> Sound:
    loudness = Loudness(-round(chance.uniform(7, 20), 2), round(chance.uniform(3, 12), 2), -0.3)
    length_ms = chance.randrange(100_000, 300_000)
    return Sound(length_ms, chance.randbytes(32).hex(), loudness, chance.randrange(900))


def _name(number: int) -> str:
    digits = hashlib.sha256(str(number).encode()).hexdigest()
    return " ".join(digits[at : at + 5].title() for at in (0, 5))


def _waveform(chance: random.Random) -> bytes:
    """400 points, peak and mean of two channels: a slow swell with some noise on it."""
    rate, points = chance.uniform(0.01, 0.05), bytearray()
    for at in range(400):
        peak = int(150 + 80 * math.sin(at * rate)) + chance.randrange(12)
        points += bytes((peak, peak // 3, peak - chance.randrange(6), peak // 3))
    return bytes(points)
