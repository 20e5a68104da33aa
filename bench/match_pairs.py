"""Labelled pairs: lines of lists as people write them, and what each of them means.

Law: what is stored (`match_pairs.tsv`) is which row, which change and a number for chance; no
title and no name. With the data at hand the lines are made again, the same ones every time.

`python -m bench.match_pairs` draws the stored pairs again from the real data.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from bench.match_songs import Song, data_folder, real_songs
from phonotheque.catalogue.match.entry import Said
from phonotheque.catalogue.match.forms import name_forms, title_skeleton
from phonotheque.catalogue.match.versions import versioned

STORED = Path(__file__).with_name("match_pairs.tsv")
SEED = 20240506
SAME, NEAR_MISSES = 30, 45
"""Pairs of each rule that keeps what is meant; of each that changes it."""
_ALIKE = 75

Rule = Callable[[Song, random.Random, "World"], Said | None]


@dataclass(frozen=True, slots=True)
class Pair:
    """One line.

    Attributes:
        rule: What was done to the row: of `SAME_RULES`, or of `OTHER_RULES`: then nothing in the
            catalogue is meant by the line.
    """

    song: str
    rule: str
    chance: int

    @property
    def is_same(self) -> bool:
        """Whether the line means the recording of the row."""
        return self.rule in SAME_RULES


class World:
    """All songs, by id and by who made them."""

    def __init__(self, songs: Sequence[Song]) -> None:
        self.songs = songs
        self.by_id = {song.id: song for song in songs}
        self.by_artist: dict[str, list[Song]] = defaultdict(list)
        for song in songs:
            self.by_artist[name_forms(song.artist).skeleton].append(song)
        self.meanings = {meaning_of(song.artist, song.title) for song in songs}

    def siblings(self, song: Song) -> list[Song]:
        """Other songs of the same artist."""
        mine = meaning_of(song.artist, song.title)
        others = self.by_artist[name_forms(song.artist).skeleton]
        return [one for one in others if meaning_of(one.artist, one.title) != mine]

    def without(self, pairs: Iterable[Pair]) -> list[Song]:
        """The songs of the catalogue: without those whose lines must find nothing."""
        gone = {
            meaning_of(song.artist, song.title)
            for pair in pairs
            if pair.rule in HELD_OUT
            for song in [self.by_id[pair.song]]
        }
        return [one for one in self.songs if meaning_of(one.artist, one.title) not in gone]


def meaning_of(artist: str, title: str) -> tuple[str, str]:
    """Return what rows of the same song have in common: repeated rows are one song."""
    return name_forms(artist).skeleton, title_skeleton(title)


# -- what people do to a line that still means the same ------------------------------------------


def _number(song: Song, chance: random.Random, _: World) -> Said:
    head = chance.choice(["{:02d} - ", "{:02d}. ", "{:02d} ", "1-{:02d} "])
    return _said(song, title=head.format(chance.randrange(1, 20)) + song.title)


def _edition(song: Song, chance: random.Random, _: World) -> Said:
    tails = [" - 2011 Remaster", " (Remastered 2009)", " [Bonus Track]", " (Album Version)"]
    return _said(song, title=song.title + chance.choice([*tails, " - Remastered"]))


def _article(song: Song, _: random.Random, __: World) -> Said:
    has = song.artist.casefold().startswith("the ")
    return _said(song, artist=song.artist[4:] if has else f"The {song.artist}")


def _guest(song: Song, chance: random.Random, _: World) -> Said:
    if chance.random() < 0.5:
        return _said(song, title=f"{song.title} (feat. Somebody Else)")
    return _said(song, artist=f"{song.artist} feat. Somebody Else")


def _first(song: Song, _: random.Random, __: World) -> Said | None:
    if len(name_forms(song.artist).names) > 1:
        return None
    return _said(song, artist=f"{song.artist}, Somebody Else")


def _bare(song: Song, _: random.Random, __: World) -> Said | None:
    text = unicodedata.normalize("NFKD", f"{song.artist}\n{song.title}")
    bare = "".join(c for c in text if not unicodedata.combining(c) and c not in "'.,!?")
    artist, title = bare.split("\n", 1)
    return _said(song, artist=artist.upper(), title=title.lower()) if title.strip() else None


def _in_latin(song: Song, _: random.Random, __: World) -> Said | None:
    table = str.maketrans({"ø": "o", "æ": "ae", "ł": "l", "ß": "ss", "đ": "d", "œ": "oe"})
    artist, title = song.artist.translate(table), song.title.translate(table)
    return None if (artist, title) == (song.artist, song.title) else _said(song, artist, title)


def _title_slip(song: Song, chance: random.Random, _: World) -> Said | None:
    title = _slip(song.title, chance)
    return _said(song, title=title) if title else None


def _name_slip(song: Song, chance: random.Random, _: World) -> Said | None:
    artist = _slip(song.artist, chance)
    return _said(song, artist=artist) if artist else None


def _slip(text: str, chance: random.Random) -> str | None:
    """Mistype one letter of a long word; None when there is none."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    if not long:
        return None
    place = chance.choice(long)
    word, at = words[place], chance.randrange(1, len(words[place]) - 1)
    ways = [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        word[:at] + chance.choice("aeinrst") + word[at + 1 :],
    ]
    words[place] = chance.choice(ways)
    return None if " ".join(words) == text else " ".join(words)


def _one_text(song: Song, chance: random.Random, _: World) -> Said | None:
    if " - " in song.title or " - " in song.artist:
        return None
    ends = (song.artist, song.title) if chance.random() < 0.7 else (song.title, song.artist)
    return Said(title=" - ".join(ends))


def _as_it_is(song: Song, _: random.Random, __: World) -> Said:
    return _said(song)


def _said(song: Song, artist: str = "", title: str = "") -> Said:
    return Said(artist or song.artist, title or song.title, length_ms=song.length_ms)


SAME_RULES: dict[str, Rule] = {
    "as it is": _as_it_is,
    "track number": _number,
    "edition": _edition,
    "article": _article,
    "guest": _guest,
    "first artist": _first,
    "signs and case": _bare,
    "latin letters": _in_latin,
    "slip in title": _title_slip,
    "slip in name": _name_slip,
    "one text": _one_text,
}

# -- what looks alike and is something else ------------------------------------------------------


def _other_artist(song: Song, chance: random.Random, world: World) -> Said | None:
    other = chance.choice(world.songs).artist
    if name_forms(other).is_nobody or meaning_of(other, song.title) in world.meanings:
        return None
    return Said(other, song.title)


def _other_version(song: Song, chance: random.Random, _: World) -> Said | None:
    tails = [" (Live)", " - Live at Wembley", " (Acoustic)", " (Karaoke Version)", " (Demo)"]
    tails += [" (Club Remix)", " (Instrumental)", " - Extended Mix", " (Cover)", " (Radio Edit)"]
    return (
        None
        if versioned(song.title).kinds
        else Said(song.artist, song.title + chance.choice(tails))
    )


def _held_out(song: Song, _: random.Random, world: World) -> Said | None:
    """A song that the catalogue lacks while it has others of the artist that are called alike."""
    title = song.title.casefold()
    alike = (fuzz.ratio(title, one.title.casefold()) for one in world.siblings(song))
    return Said(song.artist, song.title) if max(alike, default=0) >= _ALIKE else None


def _held_out_version(song: Song, _: random.Random, world: World) -> Said | None:
    """A version that the catalogue lacks while it has the song, or another version of it."""
    base = versioned(song.title).base.casefold()
    others = (versioned(one.title) for one in world.siblings(song))
    return Said(song.artist, song.title) if base in {o.base.casefold() for o in others} else None


def _other_number(song: Song, chance: random.Random, world: World) -> Said | None:
    digits = [
        place for place, letter in enumerate(song.title) if letter in "0123456789" and place > 2
    ]
    if not digits:
        return None
    at = chance.choice(digits)
    title = song.title[:at] + str((int(song.title[at]) + 1) % 10) + song.title[at + 1 :]
    is_there = meaning_of(song.artist, title) in world.meanings
    is_same = title_skeleton(title) == title_skeleton(song.title)
    return None if is_there or is_same else Said(song.artist, title)


OTHER_RULES: dict[str, Rule] = {
    "title by another": _other_artist,
    "another version": _other_version,
    "held out, called alike": _held_out,
    "held out version": _held_out_version,
    "another number": _other_number,
}
HELD_OUT = frozenset({"held out, called alike", "held out version"})
RULES = {**SAME_RULES, **OTHER_RULES}


def line_of(pair: Pair, world: World) -> Said | None:
    """Make the line of a pair, every other one with a length where its row has one; None when the
    rule cannot be done to the row."""
    said = RULES[pair.rule](world.by_id[pair.song], random.Random(pair.chance), world)
    return said._replace(length_ms=None) if said is not None and pair.chance % 2 else said


def draw(world: World, seed: int) -> list[Pair]:
    """Draw pairs of every rule, as many as there are up to its number."""
    chance = random.Random(seed)
    pairs, gone = [], set()
    for rule in (*OTHER_RULES, *SAME_RULES):
        wanted = SAME if rule in SAME_RULES else NEAR_MISSES
        songs = chance.sample(world.songs, len(world.songs))
        for song in songs:
            pair = Pair(song.id, rule, chance.randrange(1 << 30))
            meaning = meaning_of(song.artist, song.title)
            if meaning in gone or name_forms(song.artist).is_nobody or not meaning[1]:
                continue
            if line_of(pair, world) is not None:
                pairs.append(pair)
                wanted -= 1
                if rule in HELD_OUT:
                    gone.add(meaning)
            if not wanted:
                break
    return pairs


def read_pairs(path: Path = STORED) -> list[Pair]:
    """Read the stored pairs."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    parts = (line.split("\t") for line in lines)
    return [Pair(song, rule, int(chance)) for song, rule, chance in parts]


def write_pairs(pairs: Iterable[Pair], path: Path = STORED) -> None:
    """Store pairs."""
    lines = [f"{one.song}\t{one.rule}\t{one.chance}\n" for one in pairs]
    path.write_text("song\trule\tchance\n" + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    folder = data_folder()
    if folder is None:
        sys.exit("The real data is not here: set PHONOTHEQUE_DATA to its folder.")
    write_pairs(draw(World(real_songs(folder)), SEED))
