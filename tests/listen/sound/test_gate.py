"""Every byte of sound is asked for, by what is on record about it at this moment."""

from __future__ import annotations

import threading
from ipaddress import ip_address

import pytest

from listen.door import open_on_loopback
from listen.sound.stock import IN_COPYRIGHT, decide, set_listening
from phonotheque.archive.guarding.spending import Spending
from phonotheque.archive.listening import desk
from phonotheque.archive.opening import open_to_write
from phonotheque.errors import NotShareableError, UnavailableError
from phonotheque.listen.allowance import Allowance
from phonotheque.listen.gate import Gate, Passed, Refusal, Wish
from phonotheque.listen.listener import Listener
from phonotheque.listen.sound.ports import Offer, Place, Purpose
from phonotheque.listen.values import SoundForm
from phonotheque.music.digest import Sha256
from phonotheque.music.rights import Basis, Code, RightsStatement, Use, Verdict
from phonotheque.register.events import Rights

HEARD = ("/sound/{}", "/sound/{}?form=opus", "/sound/{}?form=dressed", "/sound/{}?form=preview")
KEPT = ("/download/{}", "/download/{}?form=opus", "/download/{}?form=dressed")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("short.flac", {*HEARD, *KEPT}),
        ("streamed.wav", {"/sound/{}", "/sound/{}?form=opus"}),
        ("previewed.flac", {"/sound/{}", "/sound/{}?form=preview"}),
        ("unchanged.flac", {"/sound/{}", "/sound/{}?form=opus", "/download/{}",
                            "/download/{}?form=opus"}),
        ("unknown.wav", set()),
        ("german.flac", set()),
        ("onsite.wav", set()),
    ],
)  # fmt: skip
def test_only_what_is_allowed_leaves(stock, door, name, allowed):
    """Each form of each recording leaves exactly where its rights allow that use."""
    answers = {path: door.get(path.format(stock.gid(name))) for path in (*HEARD, *KEPT)}
    assert {path for path, answer in answers.items() if answer.status == 200} == allowed
    refused = [answer for answer in answers.values() if answer.status != 200]
    assert {answer.status for answer in refused} <= {451}
    assert all(answer.json["error"] == "not-shareable" for answer in refused)


def test_what_may_only_be_previewed_is_previewed(stock, door):
    """Asked for nothing in particular, the door gives half a minute, and says so."""
    answer = door.get(f"/sound/{stock.gid('previewed.flac')}")
    assert answer.headers["x-sound-form"] == "preview"
    assert answer.body != stock.data("previewed.flac")


def test_a_decision_counts_from_the_next_request(own, monkeypatch):
    """What is decided while the door is open holds at once, both ways; so does a removal."""
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    path, sha256 = f"/sound/{own.gid('unknown.wav')}", own.names["unknown.wav"]
    with open_on_loopback(own.root) as door:
        assert door.get(path).status == 451
        decide(own.phono, sha256, licence=IN_COPYRIGHT, granted=(Use.STREAM,))
        assert door.get(path).status == 200
        decide(own.phono, sha256, licence=IN_COPYRIGHT)
        assert door.get(path).status == 451
        why = ("--reason", "it was a mistake", "--requested-by", "the maker")
        taken = own.phono("takedown", own.names["long.wav"], *why)
        assert taken.status in (0, 1), taken
        assert door.get(f"/sound/{own.gid('long.wav')}").status == 404
        assert not door.faults


def test_nothing_is_written_where_all_others_wait(own, monkeypatch):
    """What the guard has to ask a file is asked in a thread, and once: then it is known."""
    threads, open_one = [], Spending.open_one

    def asked(self, *given):
        threads.append(threading.current_thread())
        return open_one(self, *given)

    monkeypatch.setattr(Spending, "open_one", asked)
    path = f"/sound/{own.gid('streamed.wav')}"
    with open_on_loopback(own.root) as door:
        for _ in range(3):
            assert door.get(path).status == 200
        before = len(threads)
        assert before
        assert door.get(path).status == 200
        assert len(threads) == before
    assert all("AnyIO worker thread" in thread.name for thread in threads)


def test_what_one_listener_was_given_no_shared_cache_keeps(own):
    """With what may be heard and not kept goes a token that says who it is: no other gets it, of a
    whole, a part, or a repeated answer; what is free may be kept."""
    path = f"/sound/{own.gid('streamed.wav')}"
    with open_on_loopback(own.root) as door:
        whole = door.get(path)
        part = door.get(path, Range="bytes=0-9")
        known = door.get(path, If_None_Match=whole.headers["etag"])
        free = door.get(f"/sound/{own.gid('short.flac')}")
    assert [one.status for one in (whole, part, known, free)] == [200, 206, 304, 200]
    for answer in (whole, part, known):
        assert "set-cookie" in answer.headers
        assert answer.headers["cache-control"] == "private, no-cache"
    assert free.headers["cache-control"] == "no-cache"


def test_what_is_told_half_way_through_a_decision_is_not_kept(own, monkeypatch):
    """Between a line of the register and its row in the index the old is told, and not kept."""
    monkeypatch.setattr(desk, "_LOOK_S", 0.0)
    sha256, asked = own.sha256("unknown.wav"), desk.Desk(own.root)

    def told():
        return len(asked.recall("it", lambda archive: archive.index.statements(sha256)))

    before = told()
    with open_to_write(own.root, "decide") as archive:
        statement = RightsStatement(
            licence=IN_COPYRIGHT, basis=Basis.DECISION, stated_at=archive.now()
        )
        written = archive.writing.append(archive.now(), [Rights(sha256.hex, statement)])
        assert told() == before
        with archive.index.transaction():
            archive.index.apply(written)
    assert told() == before + 1
    asked.close()


def test_countries_and_rooms_are_asked_about(own):
    """A proxy that is trusted says the country; the archive's own rooms are told by addresses."""
    set_listening(own, 'country_header = "X-Country"', 'premises = ["10.1.0.0/16"]')
    german, onsite = f"/sound/{own.gid('german.flac')}", f"/sound/{own.gid('onsite.wav')}"
    with open_on_loopback(own.root) as door:
        assert door.get(german, X_Forwarded_For="9.9.9.9", X_Country="de").status == 200
        assert door.get(german, X_Forwarded_For="9.9.9.9", X_Country="FR").status == 451
        assert door.get(german, X_Forwarded_For="9.9.9.9").status == 451
        assert door.get(onsite, X_Forwarded_For="10.1.2.3").status == 200
        assert door.get(onsite, X_Forwarded_For="10.2.2.3").status == 451
        assert door.get(f"{onsite}?form=dressed", X_Forwarded_For="10.1.2.3").status == 451


# -- the gate and the allowance alone --------------------------------------------------------------

FILE = Sha256(bytes(32))
YES, NO = Verdict(Code.GRANTED, "Yes."), Verdict(Code.NOT_EVALUATED, "Nothing is known.")


class _Sounds:
    """Sounds of which all may be heard and nothing kept, or nothing at all."""

    def __init__(self, verdict):
        self._verdict = verdict

    def may(self, asked):
        return Offer(FILE, self._verdict if asked.purpose is Purpose.HEAR else NO, is_free=False)

    def form_for(self, gid):
        return SoundForm.ORIGINAL


def _wish(gid, address="192.0.2.7"):
    return Wish(gid, Listener(ip_address(address), Place()))


def test_a_guard_that_fails_refuses_nobody(gids):
    """Rights do not depend on the guard: without it, what is allowed is allowed."""

    class Broken:
        def refuses(self, wish):
            raise UnavailableError("the guard", "is away", "Wait.")

    assert isinstance(Gate(_Sounds(YES), Broken()).ask(_wish(gids[0])), Passed)
    with pytest.raises(NotShareableError):
        Gate(_Sounds(NO), Broken()).ask(_wish(gids[0]))


def test_an_address_opens_so_many_new_recordings_in_an_hour(gids):
    """The allowance counts new recordings, not requests; what was opened before stays open."""
    now = [0.0]
    gate = Gate(_Sounds(YES), Allowance(lambda: now[0], in_hour=3, in_day=5))
    for gid in gids[:3]:
        assert all(isinstance(gate.ask(_wish(gid)), Passed) for _ in range(100))
    refused = gate.ask(_wish(gids[3]))
    assert isinstance(refused, Refusal)
    assert refused.retry_after_s == 3601
    assert isinstance(gate.ask(_wish(gids[0])), Passed)
    assert isinstance(gate.ask(_wish(gids[3], "192.0.2.8")), Passed)
    now[0] = 3600.0
    assert isinstance(gate.ask(_wish(gids[3])), Passed)
    assert isinstance(gate.ask(_wish(gids[4])), Passed)
    now[0] = 7300.0
    assert isinstance(gate.ask(_wish(gids[5])), Refusal)  # five in a day
    now[0] = 86_400.0
    assert isinstance(gate.ask(_wish(gids[5])), Passed)


def test_a_household_has_one_allowance(gids):
    """2**64 addresses of one IPv6 network count as one."""
    gate = Gate(_Sounds(YES), Allowance(lambda: 0.0, in_hour=1, in_day=5))
    assert isinstance(gate.ask(_wish(gids[0], "2001:db8::1")), Passed)
    assert isinstance(gate.ask(_wish(gids[1], "2001:db8::2")), Refusal)
    assert isinstance(gate.ask(_wish(gids[1], "2001:db8:0:1::1")), Passed)


def test_what_is_free_is_never_counted(own):
    """Of what everybody may copy, one address may open everything, as often as it likes."""
    set_listening(own, "restricted_in_hour = 0")
    with open_on_loopback(own.root) as door:
        paths = [f"/sound/{own.gid(name)}" for name in ("long.wav", "short.flac")]
        assert [door.get(path, Range="bytes=0-9").status for path in paths * 3] == [206] * 6
        refused = door.get(f"/sound/{own.gid('streamed.wav')}")
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "/torrents/" in refused.headers["link"]
