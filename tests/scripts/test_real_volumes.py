"""The report on real music says which volumes are offered, and what came in place of the others."""

import json
from pathlib import Path

import pytest
from scripts.real.archive import view_register


@pytest.mark.parametrize(("superseded_by", "said"), [("v2", "v2"), (None, "nothing")])
def test_a_closed_volume_names_its_successor(
    tmp_path: Path, superseded_by: str | None, said: str
) -> None:
    """A volume that was closed is told from one that is offered."""
    sealed = {"event": "volume", "licence_class": "open", "objects": 2, "size_bytes": 9}
    closed = {"event": "retirement", "name": "v1", "superseded_by": superseded_by}
    lines = [sealed | {"name": "v1"}, closed, sealed | {"name": "v2"}]
    (tmp_path / "register").mkdir()
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (tmp_path / "register" / "000001.jsonl").write_text(text)
    first, second = view_register(tmp_path).volumes
    assert (first.name, first.successor) == ("v1", said)
    assert (second.name, second.successor) == ("v2", "")
