"""`phono people`: who gave what can be forgotten, and the register stays valid."""

import json

from tests.cli.phono import found
from tests.cli.small_music import make_music


def test_names_and_evidence_are_erased_and_the_register_stays(tmp_path):
    """What is erased is told as erased, stands nowhere in the archive, and nothing else changed;
    who was never known is refused."""
    make_music(tmp_path / "music", 1)
    phono = found(tmp_path / "archive")
    assert "Nobody is known by name" in phono("people", "list").expect(0).out
    given = (
        "--depositor",
        "Zebulon Quince",
        "--licence",
        "CC-BY-4.0",
        "--evidence",
        "Zebulon: yes",
    )
    phono("add", tmp_path / "music", "--jobs", "1", *given).expect(0)
    person, document = map(json.loads, phono("people", "list", "--json").expect(0).out.splitlines())
    assert person == {"id": "p1", "text": "Zebulon Quince"}
    assert "Zebulon: yes" in document["text"]
    phono("people", "erase", "p1", "--dry-run").expect(0)
    assert "Zebulon Quince" in phono("people", "list").expect(0).out
    for one in (person["id"], document["id"]):
        phono("people", "erase", one).expect(0)
    assert phono("people", "list").expect(0).out.count("erased") == 2
    files = [path for path in phono.root.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Zebulon" in path.read_bytes()]
    phono("verify").expect(0)
    assert "p9" in phono("people", "erase", "p9").expect(2).err
