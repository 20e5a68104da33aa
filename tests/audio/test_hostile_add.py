"""Hostile files through `phono add`: kept byte for byte, told line by line, come what may."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.audio import attacks, zoo
from tests.audio.laws import unharmed
from tests.cli.phono import Phono, found, tree
from tests.torture.hostile import add_animals
from tests.zoo import animals

from phonotheque.audio import warm_up, warmth
from phonotheque.music.facts import AudioFacts, Readability, Tags, Technical

EVERY = 16
"""Of so many animals one is taken: `make torture` takes all."""


def test_the_zoo_in_one_go(tmp_path: Path) -> None:
    """Every animal is told once with its digest and a fitting outcome; its bytes are kept, the
    source is as it was, and the command says with status 1 that something was found."""
    small = [animal for animal in animals()[::EVERY] if len(animal.data()) < 4 << 20]
    add_animals(tmp_path, small)


@pytest.fixture
def phono(tmp_path: Path) -> Phono:
    """A new archive, used in this process."""
    warm_up()
    return found(tmp_path / "archive")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three sound files."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("vorbis.ogg", "comments.flac", "info.wav"):
        (folder / name).write_bytes(zoo.specimen(name).data)
    return folder


def _lie(technical: Technical | None, reason: str = "", licence: str = "") -> AudioFacts:
    is_readable = technical is not None
    readability = Readability.READABLE if is_readable else Readability.UNREADABLE
    return AudioFacts(readability, technical, Tags(licence=licence or None), reason)


_LIES = {
    "numbers beyond any index": _lie(Technical("wav", "pcm", 1 << 63, (1 << 64) - 1, 1 << 63)),
    "negative numbers": _lie(Technical("wav", "pcm", -1, -44100, -2, -1, -16)),
    "no container of ours": _lie(Technical("../../etc/passwd", "x" * 100_000)),
    "unreadable without reason": _lie(None),
    "a reason of a megabyte": _lie(None, "x" * 1_000_000),
    "a reason with an end": _lie(None, "one\n\0two\x1b[2J"),
    "readable and without sound": AudioFacts(Readability.READABLE),
    "a licence of a megabyte": _lie(Technical("wav", "pcm", 1, 1, 1), licence="y" * 1_000_000),
}


class TestLies:
    @pytest.mark.parametrize("name", _LIES)
    def test_a_child_that_lies(
        self, name: str, phono: Phono, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A child that was taken over and says what cannot be costs its own file at most: all are
        kept, and the archive can be opened, checked and rebuilt."""
        lie = _LIES[name]
        real = warmth.facts_of

        def facts_of(descriptor: int, *rest: object) -> AudioFacts:
            is_victim = os.pread(descriptor, 4, 0) == b"fLaC"
            return lie if is_victim else real(descriptor, *rest)

        monkeypatch.setattr(warmth, "facts_of", facts_of)
        with unharmed():
            done = phono("add", source, "--json", "--jobs", "1")
        assert done.status in (0, 1), done
        told = {one["path"]: one["outcome"] for one in done.lines()}
        assert told.keys() == {"vorbis.ogg", "comments.flac", "info.wav"}
        assert {told["vorbis.ogg"], told["info.wav"]} == {"added"}
        monkeypatch.undo()
        phono("verify", "--json").expect(0)
        phono("status", "--json").expect(0)
        phono("rebuild", "--json").expect(0)

    def test_a_disk_that_did_not_fail(
        self, phono: Phono, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A child that only says that the disk failed stops no other file: who can read the file
        knows better."""
        real = warmth.facts_of

        def facts_of(descriptor: int, *rest: object) -> AudioFacts:
            if os.pread(descriptor, 4, 0) == b"fLaC":
                raise OSError(5, "Input/output error")
            return real(descriptor, *rest)

        monkeypatch.setattr(warmth, "facts_of", facts_of)
        done = phono("add", source, "--json", "--jobs", "1")
        assert done.status in (0, 1), done
        assert {one["outcome"] for one in done.lines()} <= {"added", "unreadable"}
        assert len(done.lines()) == 3

    @pytest.mark.parametrize("attempts", [1, 3])
    def test_a_child_that_dies(
        self, attempts: int, phono: Phono, source: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When one attempt dies or all do, the file is kept with its status, and no other minds."""
        real = {name: getattr(warmth, name) for name in _ATTEMPTS}

        def dying(name: str) -> object:
            def attempt(descriptor: int, *rest: object) -> AudioFacts:
                if os.pread(descriptor, 4, 0) == b"fLaC":
                    attacks.abort()
                return real[name](descriptor, *rest)

            return attempt

        for name in _ATTEMPTS[:attempts]:
            monkeypatch.setattr(warmth, name, dying(name))
        before = tree(source)
        told = phono.add(source, status=1 if attempts == 3 else 0)
        assert told["comments.flac"]["outcome"] == ("unreadable" if attempts == 3 else "added")
        if attempts == 3:
            assert "SIGABRT" in told["comments.flac"]["reason"]
        assert {told["vorbis.ogg"]["outcome"], told["info.wav"]["outcome"]} == {"added"}
        assert tree(source) == before


_ATTEMPTS = ("facts_of", "facts_by_sndfile_of", "facts_of_tags_of")
