"""The register, and all that is published, hold no personal data."""

import pytest
from tests.cli.phono import LICENSED, copy_archive, found
from tests.cli.small_music import make_music

from phonotheque.register.people import People

DEPOSITOR, HOLDER, ATTRIBUTION = "Zebulon Quince", "Xanthippe Loam", "Wilhelmina Fudge"
EVIDENCE = "letter-of-Ozymandias-Vale"
SECRETS = ["Zebulon", "Xanthippe", "Wilhelmina", "Ozymandias", "private-folder"]

RULES = f"""\
[[rule]]
match = "**"
licence = "CC-BY-4.0"
holder = "{HOLDER}"
attribution = "{ATTRIBUTION}"
evidence = "https://example.org/{EVIDENCE}"
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """An archive into which people put their names in every way there is."""
    tmp_path = tmp_path_factory.mktemp("template")
    music = tmp_path / "private-folder" / "music"
    make_music(music, 2)
    phono = found(tmp_path / "archive")
    who = ("--depositor", DEPOSITOR, "--licence", "CC-BY-4.0", "--evidence", EVIDENCE)
    told = phono.add(music, *who)
    (music / "release 0" / "rights.toml").write_text(RULES, encoding="utf-8")
    phono.add(music / "release 0", *who)
    name = told["release 0/000.wav"]["sha256"]
    phono("rights", "set", name, "--licence", "CC0-1.0", "--holder", HOLDER, "--evidence", EVIDENCE)
    phono.publish()
    phono("verify").expect(0)
    phono("export", "--all", "--to", tmp_path / "private-folder" / "out").expect(0)
    return phono.root


@pytest.fixture
def phono(template, tmp_path):
    """A copy of it."""
    return copy_archive(template, tmp_path / "archive")


@pytest.mark.parametrize("folder", ["register", "published", "objects/lists", "volumes"])
def test_no_name_text_or_absolute_path_stands_there(phono, template, folder):
    """Names, evidence and the folders above what was given stand in no file of the folder."""
    data = b"".join(
        path.read_bytes() + path.name.encode()
        for path in (phono.root / folder).glob("*" if folder == "volumes" else "**/*")
        if path.is_file()
    )
    assert data or folder == "volumes"
    for secret in (*SECRETS, str(template.parent)):
        assert secret.encode() not in data


def test_they_stand_where_they_can_be_erased(phono):
    """The same names and texts are in people.sqlite, and lead from the register's ids."""
    data = (phono.root / "people.sqlite").read_bytes()
    for secret in SECRETS[:4]:
        assert secret.encode() in data
    assert {event.get("depositor") for event in phono.events("deposit")} == {"p1"}


def test_the_register_stays_valid_when_people_are_erased(phono):
    """With everybody erased the chain holds, the archive verifies, and no name is left."""
    before = (phono.root / "register/000001.jsonl").read_bytes()
    people = People(phono.root / "people.sqlite")
    digests = [row[0] for row in people._db.execute("SELECT digest FROM document").fetchall()]
    for one in ("p1", "p2", *digests):
        people.erase(one)
    people.close()
    assert (phono.root / "register/000001.jsonl").read_bytes() == before
    phono("rebuild").expect(0)
    phono("verify").expect(0)
    (*_, shown) = phono("rights", "show", phono.events("rights")[0]["sha256"], "--json").lines()
    assert shown["holder"].startswith("p")
    assert shown["evidence"].startswith("sha256:")
    for path in phono.root.rglob("*"):
        if path.is_file() and "objects" not in path.parts:
            assert not any(secret.encode() in path.read_bytes() for secret in SECRETS[:4]), path


def test_a_person_is_one_however_often_they_come(phono, tmp_path):
    """A depositor has one local id over all deposits."""
    (tmp_path / "new.txt").write_text("new")
    phono.add(tmp_path / "new.txt", *LICENSED, "--depositor", DEPOSITOR)
    assert {event["depositor"] for event in phono.events("deposit")} == {"p1"}
