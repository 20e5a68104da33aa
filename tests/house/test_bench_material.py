"""What the figures are measured on: sound that readers take for sound, lines that make a chain."""

from __future__ import annotations

import hashlib
import io
import wave
from pathlib import Path

from bench import add, status
from bench.archives import make_recordings, objects_of, wav_header
from bench.tracks import paths_of

from phonotheque.audio import read_facts
from phonotheque.music.facts import Readability
from phonotheque.register.chain import Head, decode_line, encode_line
from phonotheque.register.events import Accession, Deposit, Fixity, Rights


def test_a_header_of_ours_is_read_as_the_sound_it_was_made_for() -> None:
    """The standard library reads length, rate and channels out of a header as they were put in."""
    with wave.open(io.BytesIO(wav_header(4_000, rate_hz=8_000, channels=1) + bytes(4_000))) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (2_000, 8_000, 1)


def test_recordings_are_different_readable_and_as_long_as_is_said(tmp_path: Path) -> None:
    """Every file is sound, no two are equal, and the sum of their bytes is the one returned."""
    size_bytes = make_recordings(tmp_path, files=5, total_bytes=400_000)
    paths = paths_of(tmp_path)
    assert sum(path.stat().st_size for path in paths) == size_bytes
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in paths}) == 5
    for path in paths:
        assert read_facts(io.BytesIO(path.read_bytes())).readability is Readability.READABLE


def test_small_files_are_different_readable_and_tagged(tmp_path: Path) -> None:
    """Every small file is read by the readers of the archive, every MP3 has its own title."""
    add.make_small_files(tmp_path, 6)
    paths = paths_of(tmp_path)
    assert len({path.read_bytes() for path in paths}) == 6
    facts = [read_facts(io.BytesIO(path.read_bytes())) for path in paths]
    assert {one.readability for one in facts} == {Readability.READABLE}
    assert [one.tags.title for one in facts][1::2] == ["Piece 1", "Piece 3", "Piece 5"]


def test_events_follow_each_other_in_a_chain() -> None:
    """Every event can be written, read back equal, and names only what came before it."""
    head, taken, kinds = Head(1, "0" * 64), set(), set()
    for at, event in status.iter_events(2, 2_000):
        line, after = encode_line(head, at, event)
        entry, head = decode_line(head, line)
        assert (entry.event, head) == (event, after)
        kinds.add(type(event))
        match event:
            case Accession(deposit=deposit, sha256=sha256):
                assert deposit < entry.seq
                taken.add(sha256)
            case Rights(sha256=sha256):
                assert sha256 in taken
    assert kinds == {Accession, Deposit, Fixity, Rights}
    assert head.seq == 2_000


def test_objects_are_found_beside_the_lists_of_volumes(tmp_path: Path) -> None:
    """Files of objects are listed in order of their names; lists of volumes are not among them."""
    names = ["cd/12/cd12", "ab/ff/abff.ogg", "lists/v/SHA256SUMS"]
    for name in names:
        (tmp_path / "objects" / name).parent.mkdir(parents=True)
        (tmp_path / "objects" / name).write_bytes(b"x")
    found = [path.relative_to(tmp_path / "objects").as_posix() for path in objects_of(tmp_path)]
    assert found == ["ab/ff/abff.ogg", "cd/12/cd12"]
