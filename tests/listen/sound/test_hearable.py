"""What may be heard and not kept is counted as the doors say it, not as what is held."""

from __future__ import annotations

from phonotheque.archive.guarding.hearable import count_hearable
from phonotheque.archive.opening import open_to_read


def test_what_nobody_is_served_is_no_part_of_it(own):
    """Played to all, in one country, in the archive's own rooms: these three; not what is free,
    what has an excerpt alone, what nothing is known about, nor what was removed since."""
    with open_to_read(own.root) as archive:
        assert count_hearable(own.root, archive) == 3
    own.phono("takedown", own.names["streamed.wav"], "--reason", "asked").expect(0)
    with open_to_read(own.root) as archive:
        assert count_hearable(own.root, archive) == 2
    report = own.phono("guard", "incident", "ff" * 8, "--json").expect(0).one()
    assert report["catalogue"] == 2


def test_what_was_decided_since_the_catalogue_was_built_counts(own):
    """As at the gate: what was free and may only be heard now counts, and the other way round."""
    with open_to_read(own.root) as archive:
        before = count_hearable(own.root, archive)
    contract = ("--licence", "InC", "--grant", "stream", "--evidence", "a contract")
    own.phono("rights", "set", own.names["short.flac"], *contract).expect(0)
    with open_to_read(own.root) as archive:
        assert count_hearable(own.root, archive) == before + 1
    given = ("--licence", "CC0-1.0", "--evidence", "a letter")
    own.phono("rights", "set", own.names["short.flac"], *given).expect(0)
    with open_to_read(own.root) as archive:
        assert count_hearable(own.root, archive) == before
