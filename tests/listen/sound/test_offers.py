"""Of several files of a recording: which one is given, and what is asked about that one."""

from __future__ import annotations

from ipaddress import ip_address
from uuid import UUID

import pytest
from tests.cli.phono import damage

from listen.door import open_on_loopback
from listen.sound.stock import IN_COPYRIGHT, decide
from phonotheque.archive.listening import desk
from phonotheque.archive.listening.copyist import Workshop
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.archive.listening.sounds import ArchiveSounds
from phonotheque.errors import NotShareableError
from phonotheque.listen.gate import Gate, Wish
from phonotheque.listen.listener import Listener
from phonotheque.listen.sound.ports import Asked, NotAtHandError, Place
from phonotheque.listen.values import SoundForm
from phonotheque.music.rights import Use

GID = UUID(int=7)
ASKED = Asked(GID, SoundForm.ORIGINAL)


class _Guard:
    """Remembers whom it was asked about."""

    def __init__(self):
        self.asked = []

    def refuses(self, wish):
        self.asked.append(wish.gid)


@pytest.fixture
def sounds(own, tmp_path, monkeypatch):
    """Sounds of a recording that is held as a master to be heard and as a free copy."""
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    names = (own.sha256("streamed.wav"), own.sha256("short.flac"))
    workshop = Workshop(own.root)
    made = ArchiveSounds(own.root, Desks(own.root), lambda _: names, workshop)
    yield made
    made.close()
    workshop.close()


def test_what_is_asked_is_asked_of_the_file_that_leaves(own, sounds):
    """The copy that is free is given, uncounted; when it is damaged, the master, which is counted,
    under its own licence."""
    guard, listener = _Guard(), Listener(ip_address("192.0.2.1"), Place())
    gate = Gate(sounds, guard)
    free = gate.ask(Wish(GID, listener))
    assert (free.sha256, free.is_restricted, guard.asked) == (own.sha256("short.flac"), False, [])
    assert free.verdict.statement.licence == "https://creativecommons.org/licenses/by/4.0/"
    damage(own.path("short.flac"), lambda data: data[:-1])
    with pytest.raises(Exception, match="no whole copy"):
        sounds.open(free.asked, free.sha256)
    other = gate.ask(Wish(GID, listener))
    assert (other.sha256, other.is_restricted) == (own.sha256("streamed.wav"), True)
    assert other.verdict.statement.licence == IN_COPYRIGHT
    assert guard.asked == [GID]


def test_a_file_that_was_offered_is_asked_about_again(own, sounds):
    """What was decided between the gate and the opening counts; so it does while it is sent."""
    offer = sounds.may(ASKED)
    sent = sounds.open(ASKED, offer.sha256)
    assert sent.still_may()
    decide(own.phono, offer.sha256.hex, licence=IN_COPYRIGHT)
    assert not sent.still_may()
    sent.data.close()
    with pytest.raises(NotShareableError):
        sounds.open(ASKED, offer.sha256)


def test_what_is_told_at_once_is_what_was_told_a_moment_ago(own, sounds):
    """Nothing is looked up where waiting would hold up everybody; what changed is not told."""
    with pytest.raises(NotAtHandError):
        sounds.at_once.may(ASKED)
    offer = sounds.may(ASKED)
    assert sounds.at_once.may(ASKED) == offer
    assert sounds.at_hand(ASKED, offer.sha256) is None
    sounds.open(ASKED, offer.sha256).data.close()
    sounds.at_hand(ASKED, offer.sha256).data.close()
    decide(own.phono, own.names["unknown.wav"], licence=IN_COPYRIGHT, granted=(Use.STREAM,))
    with pytest.raises(NotAtHandError):
        sounds.at_once.may(ASKED)
    assert sounds.at_hand(ASKED, offer.sha256) is None


def test_another_file_is_given_when_one_is_damaged(own, monkeypatch):
    """The door passes over what it finds damaged or missing, before a word was said, and counts
    each once."""
    names = tuple(map(own.sha256, ("long.wav", "short.flac", "unchanged.flac")))
    monkeypatch.setattr(ArchiveLibrary, "objects", lambda it, gid: names)
    damage(own.path("long.wav"), lambda data: b"x" + data[1:])
    own.path("short.flac").unlink()
    with open_on_loopback(own.root) as door:
        for _ in range(2):
            answer = door.get(f"/sound/{GID}")
            assert (answer.status, answer.body) == (200, own.data("unchanged.flac"))
            assert answer.headers["etag"] == f'"{own.names["unchanged.flac"]}"'
        assert "phonotheque_damaged_total 2\n" in door.get("/metrics").text


def test_a_new_catalogue_reaches_sound(own):
    """A build writes no line of the register; what it says of files counts all the same."""
    music = own.root.parent / "more"
    music.mkdir()
    data = own.data("short.flac")
    (music / "more.flac").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    told = own.phono.add(music, "--licence", "CC-BY-4.0", "--evidence", "a letter")
    (sha256,) = [one["sha256"] for one in told.values()]
    own.names["more.flac"] = sha256
    path = f"/sound/{own.gid('more.flac')}?form=original"
    with open_on_loopback(own.root) as door:
        assert [door.get(path).status for _ in range(3)] == [404] * 3
        own.phono("catalogue", "build", "--jobs", "1").expect(0)
        assert [door.get(path).status for _ in range(3)] == [200] * 3
