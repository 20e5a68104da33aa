"""The page about reports names every reason that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "import-report.md"
_REASON = re.compile(r"[a-z].* .*", re.IGNORECASE)


def reasons() -> list[str]:
    """Texts to which modules of the sources give public names in capitals: reasons are those."""
    found = []
    for path in sorted((ROOT / "src/phonotheque/catalogue/sources").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)
                ) if name.isupper() and not name.startswith("_") and _REASON.fullmatch(text):
                    found.append(text)
    return found


def test_reasons_are_found() -> None:
    """The search below looks at something."""
    assert {"no such date", "a wrong number of columns"} <= set(reasons())


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_every_reason_is_explained(reason: str) -> None:
    """Every reason for which a row or a value is left out stands on the page, word by word."""
    assert f"| {reason} |" in PAGE.read_text(encoding="utf-8")
