"""The fact sheet as a page: `facts/fact-sheet.html`, in the frame of the torrents page.

Law: it says what the text says (`text.sections`); no script, no style and no markup of a stranger's
is in it.
"""

from __future__ import annotations

from phonotheque.publish.facts.sheet import FactSheet
from phonotheque.publish.facts.text import sections, title_line
from phonotheque.publish.facts.words import title_of
from phonotheque.publish.pages.rendering import environment


def page(sheet: FactSheet) -> str:
    """Write the page."""
    template = environment("phonotheque.publish.facts").get_template("fact-sheet.html")
    return template.render(
        title=title_line(sheet),
        archive=title_of(sheet),
        root="../",
        here="facts",
        sections=sections(sheet),
        as_of=sheet.counted.as_of,
        publication=sheet.publication,
    )
