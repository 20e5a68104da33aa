"""What is asked about many objects at once is what each alone would have answered."""

import random

from tests.register.test_projection import accession, index_of, statement

from phonotheque.music.digest import Digests, Sha256
from phonotheque.music.facts import Tags
from phonotheque.register.descriptions import describe, known_layers
from phonotheque.register.events import Deposit, Founding, Rights

COUNT = 1200
"""More than go into one question."""

NAMES = [Sha256(random.Random(number).randbytes(32)) for number in range(COUNT)]


def index_of_many():
    """An index of objects: each third came twice, each fifth has a second statement; some lost
    their layers, some their tags."""
    came = [
        accession(name.hex, 2, f"{number}.flac", rights=(statement(1),) * (number % 7 > 0))
        for number, name in enumerate(NAMES)
    ]
    again = [accession(name.hex, 3, "again.flac") for name in NAMES[::3]]
    stated = [Rights(name.hex, statement(2)) for name in NAMES[::5]]
    deposits = [Deposit("", "tapes"), Deposit("", "other")]
    index = index_of([Founding(1, "x"), *deposits, *came, *again, *stated])
    with index.transaction():
        for number, name in enumerate(NAMES):
            if number % 11:
                index.remember(Digests(10, name, name.raw, b"", bytes([number % 256]) * 20))
            if number % 13:
                index.remember_tags(name, Tags(title=f"T{number}"))
    return index


def test_each_object_is_described_as_if_asked_alone():
    """In the order that was asked for, with the first path, its deposit's collection, and every
    statement, oldest first."""
    index = index_of_many()
    asked = random.Random(1).sample(range(COUNT), COUNT)
    for number, known in zip(asked, describe(index, [NAMES[n] for n in asked]), strict=True):
        name = NAMES[number]
        assert known.path == f"{number}.flac"
        assert known.collection == "tapes"
        assert list(known.statements) == list(index.statements(name))
        assert known.digests == index.digests(index.held(name))
        assert (known.digests is None) is (number % 11 == 0)
        assert known.tags == (Tags(title=f"T{number}") if number % 13 else None)


def test_what_is_stated_alike_is_one_tuple():
    """Objects of one deposit share their statements, so what follows from them is asked once."""
    described = describe(index_of_many(), NAMES)
    assert len({id(known.statements) for known in described}) == 4


def test_layers_are_known_where_they_are_kept():
    """An object whose layer is lost is not among those that have one."""
    known = known_layers(index_of_many(), NAMES)
    assert known == {name for number, name in enumerate(NAMES) if number % 11}
