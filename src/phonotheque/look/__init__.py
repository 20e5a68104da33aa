"""What all pages of the house share: its style, its mark, its typefaces.

`style/house.css` has the tokens (every colour, size and space), the base, the shell of a page and
the parts that pages are set from; a room adds rules of its own in the layer `pages`, after it.

The two typefaces are other people's work, under the SIL Open Font License 1.1: they are no part
of this repository. `python -m scripts.fonts` (and `make setup`, where npm is) puts them beside this
module; without them the stacks of system fonts that every style names hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable


@dataclass(frozen=True, slots=True)
class Typeface:
    """A typeface that pages ask for.

    Attributes:
        family: Its name in styles.
        file: Name of its file below `fonts/`.
        weights: The least and the greatest weight it has.
        licence: Name of the file with its licence, which goes where the typeface goes.
    """

    family: str
    file: str
    weights: tuple[int, int]
    licence: str


TYPEFACES = (
    Typeface("Besley", "besley.woff2", (400, 900), "besley-OFL.txt"),
    Typeface("Archivo", "archivo.woff2", (100, 900), "archivo-OFL.txt"),
)


def typeface_files() -> dict[str, bytes]:
    """Return the typefaces that were fetched, each with its licence: bytes by name of file."""
    folder = _fonts()
    found: dict[str, bytes] = {}
    for face in TYPEFACES:
        paths = [folder / face.file, folder / face.licence]
        if all(path.is_file() for path in paths):
            found |= {path.name: path.read_bytes() for path in paths}
    return found


def typeface_style(folder: str) -> str:
    """Return the style that names the typefaces that were fetched; empty without any.

    Args:
        folder: Where they lie, as seen from the style, with a slash at its end.
    """
    held = typeface_files()
    return "".join(
        f'@font-face{{font-family:{face.family};src:url({folder}{face.file}) format("woff2");'
        f"font-weight:{face.weights[0]} {face.weights[1]};font-display:swap}}\n"
        for face in TYPEFACES
        if face.file in held
    )


def house_style() -> str:
    """Return the style that every page begins with."""
    return (resources.files(__name__) / "style" / "house.css").read_text("utf-8")


def house_icon() -> bytes:
    """Return the mark of the house, as SVG."""
    return (resources.files(__name__) / "style" / "icon.svg").read_bytes()


def _fonts() -> Traversable:
    return resources.files(__name__) / "fonts"
