"""SPDX identifiers and expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.music.permissions import NOTHING, LicenceClass, all_of, best_of
from phonotheque.music.spdx import GRANTS, MAX_TOKENS, parse_expression

CANONICAL = {
    "MIT": "MIT",
    "mit": "MIT",
    "((MIT))": "MIT",
    "MIT OR MIT": "MIT",
    "GPL-2+ or Artistic": "Artistic-1.0 OR GPL-2.0-or-later",
    "MIT OR Apache-2.0 OR MIT": "Apache-2.0 OR MIT",
    "(MIT OR ISC) OR Zlib": "ISC OR MIT OR Zlib",
    "MIT OR (ISC AND Zlib)": "ISC AND Zlib OR MIT",
    "MIT OR ISC AND Zlib": "ISC AND Zlib OR MIT",
    "MIT AND (GPL-2+ OR CC-BY-SA-3.0)": "(CC-BY-SA-3.0 OR GPL-2.0-or-later) AND MIT",
    "GPL-2.0-or-later with Font-exception-2.0": "GPL-2.0-or-later WITH Font-exception-2.0",
    "CC-BY-4.0 OR LicenseRef-Band": "CC-BY-4.0 OR LicenseRef-Band",
    "DocumentRef-a:LicenseRef-b": "DocumentRef-a:LicenseRef-b",
}


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items())
def test_canonical_form(text: str, canonical: str) -> None:
    """Order, case, doubles and needless brackets make no difference."""
    found = parse_expression(text)
    assert found is not None
    assert found.text == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIT OR",
        "OR MIT",
        "MIT MIT",
        "MIT AND AND ISC",
        "(MIT",
        "MIT)",
        "()",
        "MIT WITH",
        "MIT WITH no-commerce",
        "MIT WITH exception",
        "MIT OR Nonsense-1.0",
        "licenseref-band",
        "LicenseRef-",
        " AND ".join(["MIT"] * MAX_TOKENS),
        "(" * 5000 + "MIT" + ")" * 5000,
    ],
)
def test_what_is_not_wholly_understood_is_refused(text: str) -> None:
    """A part that is not understood may be the part that forbids."""
    assert parse_expression(text) is None


OPERANDS = st.sampled_from(
    [*GRANTS, "CC-BY-4.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-3.0", "LicenseRef-x"]
)
TREES = st.recursive(
    OPERANDS,
    lambda inner: st.builds(
        lambda operator, parts: f"({f' {operator} '.join(parts)})",
        st.sampled_from(["AND", "OR"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=8,
)


@given(TREES)
def test_the_canonical_form_is_read_as_itself(text: str) -> None:
    """Reading the canonical form gives it and its grants back."""
    found = parse_expression(text)
    assert found is not None
    assert parse_expression(found.text) == found


@given(TREES, TREES)
def test_operators_do_not_care_for_order(left: str, right: str) -> None:
    """`A AND B` is `B AND A`, `A OR B` is `B OR A`, text and grants."""
    for operator in ("AND", "OR"):
        one = parse_expression(f"{left} {operator} {right}")
        assert one is not None
        assert one == parse_expression(f"{right} {operator} {left}")


@given(TREES, TREES)
def test_grants_follow_the_operators(left: str, right: str) -> None:
    """AND grants what both grant together, OR what the wider one grants."""
    parts = [parse_expression(left), parse_expression(right)]
    grants = [part.permissions for part in parts if part]
    both, either = parse_expression(f"{left} AND {right}"), parse_expression(f"{left} OR {right}")
    assert both is not None
    assert either is not None
    assert both.permissions == all_of(grants)
    assert either.permissions == best_of(grants)


@pytest.mark.parametrize(
    ("text", "licence_class"),
    [
        ("MIT AND CC-BY-NC-4.0", LicenceClass.NC),
        ("CC-BY-ND-4.0 AND CC-BY-NC-4.0", LicenceClass.NC_ND),
        ("CC-BY-NC-ND-4.0 OR CC-BY-4.0", LicenceClass.OPEN),
        ("CC-BY-NC-4.0 OR CC-BY-ND-4.0", LicenceClass.ND),
        ("MIT AND LicenseRef-Band", None),
        ("MIT OR LicenseRef-Band", LicenceClass.OPEN),
        ("MIT AND CC-PDDC", None),
    ],
)
def test_examples(text: str, licence_class: LicenceClass | None) -> None:
    """AND takes the strictest, OR the widest; terms nobody read grant nothing."""
    found = parse_expression(text)
    assert found is not None
    assert found.permissions.licence_class is licence_class


def test_a_reference_grants_nothing() -> None:
    """Terms of one's own have a name and no grants."""
    found = parse_expression("LicenseRef-Band")
    assert found is not None
    assert found.permissions == NOTHING
