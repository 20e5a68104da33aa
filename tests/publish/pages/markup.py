"""A page taken apart, and what readers with other senses than eyes need of it.

Source: WCAG 2.2: 1.1.1, 1.3.1, 2.4.1, 2.4.2, 3.1.1, 4.1.2.
"""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}


class Element:
    """One element with its attributes, children and text."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element] = []
        self.texts: list[str] = []

    def all(self, tag: str = "") -> list[Element]:
        """Elements below this one, in the order of the page."""
        found = []
        for child in self.children:
            if not tag or child.tag == tag:
                found.append(child)
            found += child.all(tag)
        return found

    @property
    def text(self) -> str:
        """What is read out."""
        return " ".join(" ".join([*self.texts, *(child.text for child in self.children)]).split())

    @property
    def name(self) -> str:
        """What a screen reader calls it."""
        return self.attributes.get("aria-label") or self.text


class Page(HTMLParser):
    """A whole page; refuses elements that are closed out of order, or left open."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {}, None)
        self._at = self.root
        self.feed(data.decode())
        self.close()
        assert self._at is self.root, f"<{self._at.tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        element = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(element)
        if tag not in VOID:
            self._at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._at.tag == tag, f"</{tag}> closes <{self._at.tag}>"
        assert self._at.parent is not None
        self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        self._at.texts.append(data)


def faults(page: Page) -> list[str]:
    """What somebody who cannot see the page, or has no mouse, would stumble over."""
    found = []
    every = page.root.all()
    ids = [one.attributes["id"] for one in every if "id" in one.attributes]
    found += [f"the id {one} stands twice" for one in sorted({x for x in ids if ids.count(x) > 1})]
    html = page.root.all("html")
    if not html or html[0].attributes.get("lang") != "en":
        found.append("the page has no language")
    if len(page.root.all("title")) != 1 or not page.root.all("title")[0].text:
        found.append("the page has no title")
    if len(page.root.all("main")) != 1 or len(page.root.all("h1")) != 1:
        found.append("the page has not one main part and one first heading")
    levels = [int(one.tag[1]) for one in every if one.tag in ("h1", "h2", "h3", "h4")]
    jumps = zip([0, *levels], levels, strict=False)
    found += [f"a heading of level {b} after {a}" for a, b in jumps if b > a + 1]
    for one in every:
        found += _faults_of(one, set(ids))
    return found


def _faults_of(one: Element, ids: set[str]) -> list[str]:
    found = []
    attributes = one.attributes
    if one.tag in ("a", "button", "summary") and not one.name:
        found.append(f"<{one.tag}> has no name: {attributes}")
    if one.tag == "a" and attributes.get("href", "").startswith("#"):
        target = attributes["href"][1:]
        if target not in ids:
            found.append(f"a link to nowhere: {target}")
    if one.tag in ("input", "select", "textarea") and not attributes.get("aria-label"):
        found.append(f"<{one.tag}> has no label: {attributes}")
    is_described = attributes.get("role") == "img" and attributes.get("aria-label")
    if one.tag == "svg" and attributes.get("aria-hidden") != "true" and not is_described:
        found.append("a picture is neither hidden nor described")
    if one.tag == "img" and "alt" not in attributes:
        found.append("an image without alt")
    if one.tag == "th" and attributes.get("scope") not in ("col", "row"):
        found.append(f"a heading of a table without scope: {one.text}")
    if attributes.get("tabindex", "0") not in ("0", "-1"):
        found.append("an order of its own for the keyboard")
    for name in ("aria-labelledby", "aria-describedby"):
        if name in attributes and attributes[name] not in ids:
            found.append(f"{name} names nothing: {attributes[name]}")
    return found
