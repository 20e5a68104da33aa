"""The picture in the README: what `phono demo` prints, as SVG: `python -m scripts.demo_picture`.

Law: every line in the picture was printed by a run just now. For room, some parts are left out
(what is shown is chosen by the titles in `SHOWN`) and digests are abridged. Looking at the picture
fetches nothing.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "demo.svg"
COLUMNS = 118
SHOWN = (
    "Take the folder in",
    "Read every byte back",
    "Seal what may be shared",
    "Share the volumes",
    "Damage one byte",
    "Mend it",
    "Make a catalogue",
    "The archive on one page",
)
"""How the titles of the parts that are shown begin."""

_THEME = TerminalTheme(
    (24, 26, 31),
    (214, 217, 224),
    [
        *((24, 26, 31), (224, 108, 117), (152, 195, 121), (229, 192, 123)),
        *((97, 175, 239), (198, 120, 221), (86, 182, 194), (171, 178, 191)),
    ],
)


def run_demo() -> str:
    """Run the demonstration in a folder of its own and return what it prints."""
    with tempfile.TemporaryDirectory(prefix="phonotheque-picture-") as folder:
        command = [sys.executable, "-m", "phonotheque", "demo", "--to", "try"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def choose(output: str) -> list[str]:
    """Return the lines of the parts that are shown.

    Raises:
        ValueError: A part is missing: the demonstration has changed.
    """
    parts = output.split("\n== ")
    lines: list[str] = []
    for title in SHOWN:
        part = next((part for part in parts if part.startswith(title)), None)
        if part is None:
            raise ValueError(f"the demonstration has no part {title!r}")
        lines += ["", *f"== {part}".rstrip("\n").splitlines()]
    return lines[1:]


def styled(line: str) -> Text:
    """Colour a line as a terminal theme would: titles, commands, findings."""
    text = Text(_shorter(line), no_wrap=True, overflow="ellipsis")
    if line.startswith("== "):
        text.stylize("bold yellow")
    elif line.startswith("$ "):
        text.stylize("bold", 2)
        text.stylize("green", 0, 1)
    elif re.match(r"(changed|missing|truncated) ", line):
        text.stylize("red")
    return text


def _shorter(line: str) -> str:
    """Abridge digests, so that a line fits."""
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{56}\b", "\\1\N{HORIZONTAL ELLIPSIS}", line)


def draw(lines: list[str]) -> str:
    """Return the SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(styled(line))
    svg = console.export_svg(title="phono demo", theme=_THEME, unique_id="demo")
    # rich names a font on a server; whoever looks at the picture should not be made to fetch it.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return _INDENTED.sub(_moved, svg)


_INDENTED = re.compile(
    r'x="([0-9.]+)" (y="[0-9.]+") textLength="([0-9.]+)"([^>]*>)((?:&#160;)+)(?=[^<])'
)
_SIGN_WIDTH = 12.2  # rich's, at its font size of 20


def _moved(line: re.Match[str]) -> str:
    """Write an indent as a place: some viewers leave out spaces at the beginning of a text."""
    x, y, length, rest, spaces = line.groups()
    indent = len(spaces) // len("&#160;") * _SIGN_WIDTH
    return f'x="{float(x) + indent:.1f}" {y} textLength="{float(length) - indent:.1f}"{rest}'


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(choose(run_demo())), encoding="utf-8")
