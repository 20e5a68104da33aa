"""The laws of every form in which people have their own lists, proven of each by a subclass.

They are those of the importers of open data (`tests.catalogue.sources.contract`), as far as a list
has them: it gives lines and no tables, and is read in one go. A subclass says how songs are written
in its form (`write`) and what that form can say (`FIELDS`); all else is inherited.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from phonotheque.catalogue.match.entry import Entry, Plays
from phonotheque.catalogue.match.reading import lines
from phonotheque.catalogue.match.reading.formats import read_list
from phonotheque.catalogue.private_lists.gathering import gathering
from phonotheque.catalogue.private_lists.song import Song, song_of
from phonotheque.errors import BadRequestError


@dataclass(frozen=True)
class Heard:
    """One line of a list, as a subclass writes it down; `at` counts in histories only."""

    title: str
    artist: str
    album: str = ""
    length_ms: int | None = None
    isrc: str = ""
    mbid: str = ""
    at: datetime = datetime(2021, 3, 4, 10, 20, tzinfo=UTC)

    @property
    def second(self) -> int:
        """The instant in seconds since 1970."""
        return int(self.at.timestamp())


ALL_FIELDS = frozenset(("title", "artist", "album", "length_ms", "isrc", "mbid"))


def numbered(count: int) -> list[Heard]:
    """Ordinary lines, all different."""
    return [
        Heard(
            f"Títle {number} さくら" if number % 3 == 0 else f"Title {number}",
            f"Artist {number}",
            f"Album {number // 4}",
            1000 * (number + 60),
            f"GBAAA{number:07}",
            f"44704dda-b877-4551-a2a8-{number:012x}",
        )
        for number in range(1, count + 1)
    ]


class ListContract:
    """Laws of a form of lists."""

    FIELDS: frozenset[str] = ALL_FIELDS
    """What a line can say in this form."""

    IS_HISTORY = True
    """Whether a line is a play at an instant."""

    BAD_LINES: Sequence[tuple[str, bytes]] = ()
    """Lines that are none, each with words that stand in the reason of its refusal."""

    IS_READ_WHOLE = False
    """Whether it is one document or a zip, and not read line by line."""

    def write(self, heard: Sequence[Heard], bad_lines: Sequence[bytes] = ()) -> bytes:
        """Write lines in the form; `bad_lines` stand after the first of them."""
        raise NotImplementedError

    def read(self, heard: Sequence[Heard], **options: Sequence[bytes]) -> list[Entry]:
        return list(read_list(io.BytesIO(self.write(heard, **options)), "mine"))

    def one(self, heard: Heard) -> Song:
        entry, *others = self.read([heard])
        assert not others
        assert not entry.wrong
        return song_of(entry)

    def need(self, *fields: str) -> None:
        if lacking := set(fields) - self.FIELDS:
            pytest.skip(f"this form has no {', '.join(sorted(lacking))}")

    def gathered(self, data: bytes) -> tuple[list[Song], int]:
        with gathering() as found:
            found.take(read_list(io.BytesIO(data), "mine"), "mine", lambda _: None)
            return list(found.songs()), found.counts.refused

    # -- content

    def test_lines_rebuild_what_was_said(self) -> None:
        """Every line comes, in its order, with all that the form can say; nothing is refused."""
        heard = numbered(40)
        entries = self.read(heard)
        assert [one.wrong for one in entries] == [""] * 40
        for one, wanted in zip(map(song_of, entries), heard, strict=True):
            artist, title = one.named
            assert (artist, title) == (wanted.artist, wanted.title)
            said = {
                "album": one.album,
                "length_ms": one.length_ms,
                "isrc": one.isrcs and one.isrcs[0],
                "mbid": one.mbids and one.mbids[0],
            }
            for field in self.FIELDS & said.keys():
                assert said[field] == getattr(wanted, field)

    def test_the_same_input_gives_the_same_lines(self) -> None:
        """Reading twice gives the same."""
        assert self.read(numbered(20)) == self.read(numbered(20))

    @pytest.mark.parametrize(
        "written",
        [
            *("Two  spaces", "\u05d0\u05d1", '5" of "quotes"', "back\\slash \\N"),
            *("comma, semicolon; bar|", "<b>&amp;</b>", "it's =1", "\U0001f3b5"),
        ],
    )
    def test_texts_arrive_as_they_are(self, written: str) -> None:
        """A title arrives letter by letter, whatever stands in it."""
        assert self.one(Heard(written, "Ada")).named == ("Ada", written)

    @pytest.mark.parametrize(("written", "kept"), [(-5, None), (0, None), (3_600_000, 3_600_000)])
    def test_lengths(self, written: int, kept: int | None) -> None:
        """A length of nothing or below is none; the line stays."""
        self.need("length_ms")
        assert self.one(replace(numbered(1)[0], length_ms=written)).length_ms == kept

    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            ("GB-AAA-99-00303", ("GBAAA9900303",)),
            ("gbaaa9900303", ("GBAAA9900303",)),
            ("GBAAA990030", ()),
        ],
    )
    def test_isrcs(self, written: str, kept: tuple[str, ...]) -> None:
        """An ISRC is read as people write it; what is none is dropped."""
        self.need("isrc")
        assert self.one(replace(numbered(1)[0], isrc=written)).isrcs == kept

    # -- plays

    def test_plays_are_added_up_by_day(self) -> None:
        """A song is kept once, with how often it was played, the first and the last day; a list
        that is no history says nothing of plays."""
        one, other = numbered(2)
        days = [datetime(2021, 3, day, 23, 59, tzinfo=UTC) for day in (4, 2, 9)]
        data = self.write([other, *(replace(one, at=at) for at in days)])
        songs, _ = self.gathered(data)
        found = {song.named.title: song.plays for song in songs}
        assert len(songs) == 2
        if self.IS_HISTORY:
            assert songs[0].named.title == one.title
            assert found[one.title] == Plays(3, date(2021, 3, 2), date(2021, 3, 9))
        else:
            assert found == {one.title: None, other.title: None}

    # -- lines that cannot be read

    def test_bad_lines_are_refused_and_counted(self) -> None:
        """A line that is none is told with its place and reason; all others come."""
        if not self.BAD_LINES:
            pytest.skip("this form has no lines that can be bad")
        heard = numbered(20)
        entries = self.read(heard, bad_lines=[line for _, line in self.BAD_LINES])
        good = {one.readings[0].title for one in entries if not one.wrong}
        assert good == {one.title for one in heard}
        bad = [one for one in entries if one.wrong]
        assert len(bad) == len(self.BAD_LINES)
        assert all(one.number for one in bad)
        for words, _ in self.BAD_LINES:
            assert any(words in one.wrong for one in bad), words
        _, refused = self.gathered(self.write(heard, [self.BAD_LINES[0][1]] * 300))
        assert refused == 300

    def test_a_file_that_was_cut_is_read_or_refused(self) -> None:
        """Cut anywhere, it gives lines, or is refused in our words."""
        data = self.write(numbered(6))
        for end in range(1, len(data), max(1, len(data) // 25)):
            with suppress(BadRequestError):
                self.gathered(data[:end])

    # -- memory

    def test_it_is_read_step_by_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Never is more of a file read than what was given of it and a few chunks."""
        if self.IS_READ_WHOLE:
            pytest.skip("a document is read whole, a zip from its end")
        monkeypatch.setattr(lines, "HEAD", 1_024)
        monkeypatch.setattr(lines, "_CHUNK", 1_024)
        count = 400
        stream = io.BytesIO(self.write(numbered(count)))
        size = len(stream.getvalue())
        for number, _ in enumerate(read_list(stream, "mine"), start=1):
            assert stream.tell() <= size * number / count + 4_096
        assert number == count
