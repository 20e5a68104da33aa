"""`phono rights show|set|check`: what may be done, and on what evidence."""

import pytest
from tests.cli.phono import LICENSED


@pytest.fixture
def phono(stocked):
    """An archive of whose recordings nothing is known."""
    return stocked[0]


@pytest.fixture
def name(stocked):
    """One of these recordings."""
    return stocked[1]["release 0/000.wav"]


def check(phono, name, *arguments, status=0):
    return phono("rights", "check", name, "--json", *arguments).expect(status).one()


def decide(phono, name, *arguments):
    return phono("rights", "set", name, *arguments).expect(0)


def test_nothing_known_is_never_shared(phono, name):
    """Without a statement every use is refused with 3, and nothing is published."""
    for use in ("stream", "preview", "redistribute", "commercial", "derive", "on-premises"):
        assert check(phono, name, "--use", use, status=3)["code"] == "not-evaluated"
    assert phono.publish() == []
    assert "not evaluated" in phono("rights", "show", name).expect(0).out
    assert phono("rights", "show", name, "--json").expect(0).out == ""


def test_a_refusal_says_who_must_act(phono, name):
    """Exit 3 comes with the object, the reason and the next step."""
    done = phono("rights", "check", name).expect(3)
    assert done.out == ""
    assert done.err.startswith(f"phono: {name[:12]}: Nothing is known about its rights")
    assert "`phono rights show`" in done.err


def test_a_decision_overrides(phono, name, tmp_path):
    """The newest decision governs over the depositor and older decisions; all stay on record."""
    path = tmp_path / "music/release 0/000.wav"
    phono.add(path, *LICENSED)
    assert check(phono, name)["allowed"] is True
    decide(phono, name, "--licence", "InC", "--evidence", "the band wrote")
    assert check(phono, name, status=3)["code"] == "licence-forbids"
    phono.add(path, "--licence", "CC0-1.0")
    assert check(phono, name, status=3)["code"] == "licence-forbids"
    decide(phono, name, "--licence", "CC-BY-ND-4.0")
    assert check(phono, name)["allowed"] is True
    assert check(phono, name, "--use", "derive", status=3)["code"] == "licence-forbids"
    shown = phono("rights", "show", name, "--json").expect(0).lines()
    assert [one["stated_by"] for one in shown] == ["depositor", "decision", "depositor", "decision"]
    assert shown[1]["evidence"] == "Licence as given: InC\nEvidence: the band wrote"


def test_dates_are_half_open(phono, name):
    """A decision holds from its first day until, and not on, the day it holds no more."""
    decide(phono, name, "--licence", "CC0-1.0", "--from", "2027-01-01", "--until", "2028-01-01")
    codes = {
        "2026-12-31": "not-yet",
        "2027-01-01": "licensed",
        "2027-12-31": "licensed",
        "2028-01-01": "expired",
    }
    for day, code in codes.items():
        status = 0 if code == "licensed" else 3
        assert check(phono, name, "--on", day, status=status)["code"] == code


def test_territories_limit_and_keep_out_of_torrents(phono, name):
    """What is allowed in DE and AT is refused elsewhere, without a place, and in every volume."""
    decide(phono, name, "--licence", "CC0-1.0", "--territory", "de", "--territory", "AT")
    assert check(phono, name, "--in", "AT")["allowed"] is True
    assert check(phono, name, "--in", "de")["allowed"] is True
    assert check(phono, name, "--in", "FR", status=3)["code"] == "territory"
    assert check(phono, name, status=3)["code"] == "territory-limited"
    assert phono.publish() == []
    (shown,) = phono("rights", "show", name, "--json").expect(0).lines()
    assert shown["territories"] == "AT, DE"


def test_on_the_premises_only(phono, name):
    """What may be heard in the archive's rooms may be heard there and nowhere else."""
    decide(phono, name, "--licence", "InC", "--onsite-only", "--holder", "Bo Example")
    assert check(phono, name, "--use", "on-premises")["code"] == "onsite"
    assert check(phono, name, "--use", "stream", status=3)["code"] == "onsite-only"
    (shown,) = phono("rights", "show", name, "--json").expect(0).lines()
    assert (shown["holder"], shown["on_the_premises_only"]) == ("Bo Example", "yes")


GRANT = ("--licence", "InC", "--grant", "stream", "--evidence", "Agreement of 2026-01-12")


def test_what_is_granted_is_granted_to_this_archive_alone(phono, name):
    """By a decision: the use, and no other; within its days and countries, in no volume; and
    `rights show` says what was granted."""
    limits = ("--from", "2026-01-01", "--until", "2036-01-01", "--territory", "DE")
    done = decide(phono, name, *GRANT, *limits)
    assert "InC/1.0/ from now on; granted to this archive: stream.\n" in done.out
    stream = ("--use", "stream", "--in", "DE")
    assert check(phono, name, *stream, "--on", "2035-12-31")["code"] == "granted"
    assert check(phono, name, *stream, "--on", "2036-01-01", status=3)["code"] == "expired"
    assert check(phono, name, *stream, "--on", "2025-12-31", status=3)["code"] == "not-yet"
    assert check(phono, name, "--use", "stream", "--in", "FR", status=3)["code"] == "territory"
    for use in ("preview", "redistribute", "commercial", "derive", "on-premises"):
        told = check(phono, name, "--use", use, "--in", "DE", status=3)
        assert told["code"] == "licence-forbids"
    assert phono.publish() == []
    shown = phono("rights", "show", name, "--json").expect(0).one()
    assert (shown["granted"], shown["territories"]) == ("stream", "DE")
    assert shown["evidence"] == "Licence as given: InC\nEvidence: Agreement of 2026-01-12"
    assert "granted               stream\n" in phono("rights", "show", name).expect(0).out
    assert phono.events("rights")[0]["statement"]["granted"] == ["stream"]


def test_a_rule_grants_what_a_decision_does(phono, tmp_path):
    """`granted` in a rights.toml; a decision without a grant takes it back, and a trial of one
    changes nothing."""
    rule = 'match = "**"\nlicence = "InC"\ngranted = ["preview", "stream"]\n'
    (tmp_path / "music/rights.toml").write_text(f"[[rule]]\n{rule}")
    told = phono.add(tmp_path / "music")
    name = told["release 0/000.wav"]["sha256"]
    (shown,) = phono("rights", "show", name, "--json").expect(0).lines()
    assert (shown["stated_by"], shown["granted"]) == ("rules", "stream, preview")
    assert check(phono, name, "--use", "stream")["reason"].startswith(
        "This archive was granted streaming (stated in rights.toml on "
    )
    before = phono.events()
    assert phono("rights", "set", name, "--licence", "InC", "--dry-run", "--json").expect(0).one()
    assert phono.events() == before
    decide(phono, name, "--licence", "InC")
    assert check(phono, name, "--use", "stream", status=3)["code"] == "licence-forbids"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--licence", "InC", "--grant", "sing"), "One of: stream"),
        (("--licence", "CC-BY-4.0", "--grant", "stream"), "allows everybody streaming"),
        (("--licence", "InC", "--onsite-only", "--grant", "stream"), "own rooms"),
        (("--grant", "stream"), "licence"),
    ],
)
@pytest.mark.parametrize("trial", [(), ("--dry-run",)])
def test_a_grant_that_cannot_be_meant_is_refused(phono, name, arguments, words, trial):
    """An unknown use, one that everybody has, one that leaves the rooms: 2, what to write, and
    nothing on record, of people neither."""
    before = phono("people", "list", "--json").out
    done = phono("rights", "set", name, *arguments, "--holder", "Bo", *trial).expect(2)
    assert words in done.err
    assert not phono.events("rights")
    assert phono("people", "list", "--json").out == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--licence", "CC-BY"),
        ("--licence", "CC0-1.0", "--from", "tomorrow"),
        ("--licence", "CC0-1.0", "--from", "2027-02-30"),
        ("--licence", "CC0-1.0", "--from", "2028-01-01", "--until", "2027-01-01"),
        ("--licence", "CC0-1.0", "--territory", "UK"),
        ("--licence", "CC0-1.0", "--territory", "Germany"),
    ],
)
def test_a_decision_that_cannot_be_meant_is_refused(phono, name, arguments):
    """A licence, date or territory that cannot be read ends with 2 and decides nothing."""
    done = phono("rights", "set", name, *arguments).expect(2)
    assert done.err.startswith("phono: ")
    assert not phono.events("rights")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--use", "dance"], "One of: stream"),
        (["--on", "soon"], "2027-01-31"),
        (["--in", "UK"], "GB"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(phono, name, arguments, words):
    """An unknown use, day or country ends with 2 and says how it is written."""
    assert words in phono("rights", "check", name, *arguments).expect(2).err


def test_an_end_keeps_out_of_torrents(phono, name):
    """What may be shared today but ends some day is shared, and never sealed."""
    decide(phono, name, "--licence", "CC0-1.0", "--until", "2999-01-01")
    assert check(phono, name)["allowed"] is True
    assert phono.publish() == []
    assert "a torrent does not" in phono("publish", "run").expect(0).out
