"""Reading a machine-readable Debian copyright file: which paragraph speaks of which file.

Laws: the last paragraph whose globs match a file is the one that counts; `*` and `?` match any
sign, `/` too; a file that is not in this format is None, never guessed at.

Source: "Machine-readable debian/copyright file", version 1.0 (DEP-5); Debian Policy 5.1 for the
syntax of paragraphs. Not here: what the licences' short names mean (`licences`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from phonotheque.errors import MalformedError


@dataclass(frozen=True, slots=True)
class FilesParagraph:
    """One statement about a set of files of the source package.

    Attributes:
        patterns: Globs, relative to the source package.
        copyright: Lines of the Copyright field.
        licence: First line of the License field: short names joined by `or`, `and`, commas.
        comment: Lines of the Comment field, joined by spaces.
        first_line: Where it begins in the copyright file, counted from 1.
        last_line: Where it ends, inclusive.
    """

    patterns: tuple[str, ...]
    copyright: tuple[str, ...]
    licence: str
    comment: str
    first_line: int
    last_line: int

    @property
    def is_catch_all(self) -> bool:
        """Whether it speaks of everything that no other paragraph names."""
        return self.patterns == ("*",)


@dataclass(frozen=True, slots=True)
class Copyright:
    """The paragraphs about files, in the order of the copyright file."""

    paragraphs: tuple[FilesParagraph, ...]

    def paragraph_of(self, path: str) -> tuple[FilesParagraph, str] | None:
        """Find the paragraph that speaks of a source file, and its glob that matches."""
        for paragraph in reversed(self.paragraphs):
            for pattern in paragraph.patterns:
                if matches(pattern, path):
                    return paragraph, pattern
        return None


def parse_copyright(text: str, where: str) -> Copyright | None:
    """Read a copyright file.

    Args:
        text: The whole file.
        where: Its name, for errors.

    Returns:
        None when the file is in free form, without the field `Format` at its head.

    Raises:
        MalformedError: It claims the format but a line is neither field nor continuation.
    """
    if not re.match(r"Format:\s*\S*copyright-format/1\.0/?\s*$", text.partition("\n")[0]):
        return None
    found = []
    for number, block in _blocks(text):
        fields = _fields(block, number, where)
        if "files" in fields:
            found.append(_paragraph(fields, number, number + len(block) - 1))
    return Copyright(tuple(found))


def _paragraph(fields: dict[str, list[str]], first_line: int, last_line: int) -> FilesParagraph:
    return FilesParagraph(
        patterns=tuple(" ".join(fields["files"]).split()),
        copyright=tuple(line for line in fields.get("copyright", []) if line),
        licence=fields.get("license", [""])[0],
        comment=" ".join(line for line in fields.get("comment", []) if line),
        first_line=first_line,
        last_line=last_line,
    )


def _blocks(text: str) -> list[tuple[int, list[str]]]:
    """Split at lines of white space alone; each block with the number of its first line."""
    blocks: list[tuple[int, list[str]]] = []
    is_open = False
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            is_open = False
        elif is_open:
            blocks[-1][1].append(line)
        else:
            blocks.append((number, [line]))
            is_open = True
    return blocks


def _fields(block: list[str], number: int, where: str) -> dict[str, list[str]]:
    """Read the fields of one paragraph; names in lower case, values as lines."""
    fields: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for offset, line in enumerate(block):
        if line[0] in " \t" and lines is not None:
            lines.append("" if line.strip() == "." else line.strip())
            continue
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):
            raise MalformedError(
                f"{where}, line {number + offset}",
                "neither a field nor the continuation of one",
                "Read the file by hand and put its licence into packages.toml.",
            )
        lines = fields.setdefault(name.lower(), [])
        lines.append(value.strip())
    return fields


def matches(pattern: str, path: str) -> bool:
    """Whether a glob of the copyright format matches a path."""
    return _expression(pattern).fullmatch(path) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    return re.compile(
        "".join(signs.get(part) or re.escape(part[-1]) for part in parts),
        re.DOTALL,
    )
