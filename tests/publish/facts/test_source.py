"""The source of a recording, as an attribution names it."""

import pytest

from phonotheque.music.facts import Tags
from phonotheque.publish.facts.source import source_of


@pytest.mark.parametrize(
    ("tags", "collection", "source"),
    [
        (Tags(), "", "Small Records, https://small.example"),
        (Tags(), "Tapes", "collection “Tapes” of Small Records, https://small.example"),
        (
            Tags(comments=("Made at home. See https://ada.example/one.",)),
            "Tapes",
            "https://ada.example/one",
        ),
        (
            Tags(copyright="2020 Ada http://creativecommons.org/licenses/by/4.0/"),
            "",
            "Small Records, https://small.example",
        ),
        (
            Tags(comments=("x https://a.example/" + "a" * 400,)),
            "",
            "Small Records, https://small.example",
        ),
    ],
)
def test_the_makers_address_goes_before_the_archives_words(tags, collection, source):
    """An address in the file is the source, unless it is a licence's or no address of use."""
    assert source_of(tags, collection, "Small Records", "https://small.example") == source


def test_without_an_address_the_archive_is_named():
    """An archive that has no address is named all the same."""
    assert source_of(Tags(), "", "Small Records") == "Small Records"
