"""Every container of the zoo is told, decoded and read in full."""

import io

import pytest
from tests.audio import zoo

from phonotheque.audio import CONTAINERS, read_facts, sniff_file
from phonotheque.music.facts import Readability


@pytest.mark.parametrize("name", zoo.NAMES)
class TestEachFormat:
    def test_container(self, name: str) -> None:
        """Its bytes alone tell the container."""
        specimen = zoo.specimen(name)
        assert sniff_file(io.BytesIO(specimen.data)) == specimen.container

    def test_tags(self, name: str) -> None:
        """Every field its makers wrote is read, in order, in the same words in every container."""
        specimen = zoo.specimen(name)
        assert read_facts(io.BytesIO(specimen.data)).tags == specimen.tags

    def test_technical(self, name: str) -> None:
        """Codec, rate, channels, depth and length are those it was made with."""
        specimen = zoo.specimen(name)
        facts = read_facts(io.BytesIO(specimen.data))
        technical = facts.technical
        assert (facts.readability, facts.reason) == (Readability.READABLE, "")
        assert technical is not None
        assert (technical.container, technical.codec) == (specimen.container, specimen.codec)
        assert technical.sample_rate_hz == specimen.sample_rate_hz
        assert technical.channels == specimen.channels
        assert technical.bit_depth == specimen.bit_depth
        assert technical.duration_ms == pytest.approx(
            specimen.duration_ms, abs=25
        )  # AAC and Opus pad
        assert technical.bit_rate_bps is not None
        assert technical.bit_rate_bps > 8000


def test_zoo_is_complete() -> None:
    """No container is without a specimen."""
    assert {zoo.specimen(name).container for name in zoo.NAMES} == set(CONTAINERS)
