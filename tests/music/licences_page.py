"""Makes `docs/reference/licences.md` from the code.

Run as `python -m tests.music.licences_page` to print the page;
`test_licences_page.py` fails while the page in `docs/` differs.
"""

from __future__ import annotations

from itertools import groupby

from phonotheque.music import spdx
from phonotheque.music.creative_commons import FAMILIES, Deed, iter_deeds
from phonotheque.music.licence import Licence, parse_licence
from phonotheque.music.permissions import Permissions
from phonotheque.music.rights_statements import RIGHTS_STATEMENTS, format_rights_uri

HEAD = """\
<!-- Made from the code: python -m tests.music.licences_page > docs/reference/licences.md -->

# Licences that can be named

A licence may be given as its address, its SPDX identifier or the name people use; all spellings of
one licence are one licence. `http`, `www.`, a missing last slash, `/deed.de` or `/legalcode`, upper
case and the order of the elements make no difference. A version and, where there is one, a port (a
jurisdiction) are part of the licence: `CC BY` without a version names nothing, and a version or
port that was never published names nothing either. What cannot be named is "copyright not
evaluated": kept, never served, never shared.

**Class** is the class of volume that a recording goes into: `open`, `nc` (no commerce), `nd` (no
changes), `nc-nd`; "none" means that nobody may pass copies on. **Copies** covers streaming, too.
Without **changes** the format may change, but nothing may be cut: an excerpt is a cut.
"""

EXPRESSIONS = """\
## Other licences and expressions

By SPDX identifier, in any case; also Debian's short names (`GPL-2+`, `Expat`) and the licences' own
addresses. The deprecated `GPL-2.0` means `GPL-2.0-only`, `GPL-2.0+` means `GPL-2.0-or-later`.

Expressions may use `AND`, `OR`, `WITH` and brackets, and may hold Creative Commons identifiers.

- `A OR B`: one of them is taken, whole: the one that permits most, commerce weighing more than
  changes; among equals the one with the lighter conditions.
- `A AND B`: only what both permit, under the conditions of both. If one of them grants nothing, the
  whole grants nothing.
- `A WITH exception`: what `A` grants. The exception's name has to contain `-exception`.
- `LicenseRef-…` names terms that nobody here has read: it can be recorded and grants nothing.
"""

ORDER = """\
The elements are written in the order by, nc, nd, sa; in the address of version 1.0 alone it is
`by-nd-nc/1.0`."""

PUBLIC_DOMAIN = """\
"Public domain" alone names nothing: CC0 is a waiver by its maker, the mark says that no rights are
left. Say which."""

STATEMENTS = """\
Given as the code or the address. A statement grants nothing to anybody; what a contract grants to
the archive is recorded beside it."""

_COLUMNS = "| licence | class | copies | commerce | changes | name the makers | same terms |"
_RULE = "|---|---|---|---|---|---|---|"


def _yes(is_so: bool) -> str:  # noqa: FBT001 (a cell of a table)
    return "yes" if is_so else "no"


def _cells(grants: Permissions) -> str:
    if grants.licence_class is None:
        return "none | no | no | no | - | -"
    facts = (grants.redistribute, grants.commercial, grants.derive)
    conditions = (grants.attribution, grants.share_alike)
    return " | ".join((f"`{grants.licence_class}`", *map(_yes, (*facts, *conditions))))


def _current() -> list[str]:
    lines = ["## Creative Commons", "", _COLUMNS, _RULE]
    for family in FAMILIES:
        versions = sorted({d.version for d in iter_deeds() if d.family == family})
        deed = Deed(family, "4.0")
        lines.append(f"| CC {family.upper()} {', '.join(versions)} | {_cells(deed.permissions)} |")
    lines += ["", "Ports, the same for all six licences:", "", "| version | ports |", "|---|---|"]
    by = [deed for deed in iter_deeds() if deed.family == "by"]
    for version, deeds in groupby(by, key=lambda deed: deed.version):
        ports = [deed.port or "unported" for deed in deeds]
        lines.append(f"| {version} | {' '.join(ports)} |")
    lines += [
        "",
        ORDER,
    ]
    return lines


def _retired_and_public_domain() -> list[str]:
    lines = ["## Public domain", "", _COLUMNS, _RULE]
    for family in ("zero", "mark"):
        deed = Deed(family, "1.0")
        lines.append(f"| [{deed.name}]({deed.uri}) | {_cells(deed.permissions)} |")
    lines += [
        "",
        PUBLIC_DOMAIN,
        "",
        "## Retired licences",
        "",
        _COLUMNS,
        _RULE,
    ]
    notes = []
    for deed in iter_deeds():
        if deed.family in (*FAMILIES, "zero", "mark"):
            continue
        lines.append(f"| [{deed.name}]({deed.uri}) | {_cells(deed.permissions)} |")
        if not deed.port and (note := parse_licence(deed.uri).note):
            notes.append(f"- {deed.name}: {note}.")
    return [*lines, "", *notes]


def _statements() -> list[str]:
    lines = [
        "## rightsstatements.org",
        "",
        STATEMENTS,
        "",
        "| code | statement | identifier |",
        "|---|---|---|",
    ]
    for code, name in RIGHTS_STATEMENTS.items():
        lines.append(f"| `{code}` | {name} | `{format_rights_uri(code)}` |")
    return lines


def _others() -> list[str]:
    lines = [
        *EXPRESSIONS.splitlines(),
        "",
        "| identifiers | class | name the makers | same terms |",
    ]
    lines.append("|---|---|---|---|")
    groups: dict[Permissions, list[str]] = {}
    for name, grants in spdx.GRANTS.items():
        groups.setdefault(grants, []).append(name)
    for grants, names in groups.items():
        listed = ", ".join(f"`{name}`" for name in names)
        conditions = " | ".join(map(_yes, (grants.attribution, grants.share_alike)))
        lines.append(f"| {listed} | `{grants.licence_class}` | {conditions} |")
    return lines


def _sites() -> list[str]:
    fma: Licence = parse_licence("https://freemusicarchive.org/FMA_License")
    return ["## Terms of one site", "", f"- [{fma.name}]({fma.uri}): {fma.note}."]


def licences_page() -> str:
    """Return the whole page."""
    parts = (_current(), _retired_and_public_domain(), _statements(), _others(), _sites())
    return "\n".join([HEAD, *("\n".join(part) + "\n" for part in parts)])


if __name__ == "__main__":
    print(licences_page(), end="")
