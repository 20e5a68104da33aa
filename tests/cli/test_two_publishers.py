"""Two publishers at once, as real processes: one publishes, the other waits or is told, and nothing
is doubled."""

import json
import signal

import pytest
from tests.cli.small_music import make_music
from tests.torture.command import Phono, found
from tests.torture.invariants import check_archive

LICENSED = ("--licence", "CC-BY-4.0", "--evidence", "we made it")
RUN = ("publish", "run", "--jobs", "1", "--json")


@pytest.fixture
def phono(tmp_path):
    """The command with an archive of recordings that may be shared, in no volume yet."""
    archive = found(tmp_path / "archive")
    make_music(tmp_path / "music", 4)
    archive.run("add", tmp_path / "music", *LICENSED, "--jobs", "1").expect(0)
    return archive


def volumes(records):
    return [one["volume"] for one in records if one.get("sealed")]


def check_nothing_doubled(phono: Phono, records):
    """Each recording is in one volume, and what was published is what the register says."""
    facts = check_archive(phono.archive, records, at_rest=True)
    roles = {name: known[0]["role"] for name, known in facts.accessions.items()}
    assert sorted(facts.sealed) == sorted(name for name in roles if roles[name] == "recording")
    numbers = [event["number"] for event in facts.events if event["event"] == "publication"]
    assert numbers == list(range(1, len(numbers) + 1))
    offered = json.loads((phono.archive / "published/torrents.json").read_text(encoding="utf-8"))
    names = [one["id"] for one in offered["torrents"]]
    assert sorted(names) == sorted((facts.volumes.keys() | facts.packs.keys()) - facts.retired)
    phono.run("publish", "check", phono.archive / "published").expect(0)


def test_a_second_publisher_is_told_who_holds_the_archive(phono):
    """While one is stopped behind its first volume, `run` and `fold` end with 6 and change nothing;
    the first then finishes as if it had been alone."""
    first = phono.start_and_stop(1, *RUN)
    try:
        for command in (RUN, ("publish", "fold", "--json")):
            refused = phono.run(*command).expect(6)
            assert '"error": "archive-busy"' in refused.err
            assert f"process {first.pid} on" in refused.err
            assert not refused.out
        first.signal(signal.SIGCONT, group=True)
        records = first.end().expect(0).records
    finally:
        first.close()
    check_nothing_doubled(phono, records)


def test_two_patient_publishers_seal_everything_once(phono):
    """Started at the same moment with --wait, both end well; one has sealed all, the other none."""
    both = [phono.start(*RUN, "--wait") for _ in range(2)]
    try:
        ended = [running.end().expect(0).records for running in both]
    finally:
        for running in both:
            running.close()
    assert sorted(len(volumes(records)) for records in ended) == [0, 1]
    check_nothing_doubled(phono, [*ended[0], *ended[1]])
