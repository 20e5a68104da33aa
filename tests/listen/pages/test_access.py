"""Everybody can use every page: axe, in both modes, wide and on a phone, without scripts too."""

from __future__ import annotations

import pytest

from listen.pages.browsing import axe_script, complaints, findings
from listen.pages.page_list import all_pages
from listen.pages.shop import Shop

PAGES = all_pages(Shop())
WIDE, PHONE = 1280, 320  # the width of WCAG 2.2, 1.4.10 "Reflow"


def looked_at(browser, door, names, width, is_dark):
    """What is wrong with some pages in one look."""
    script, found = axe_script(), []
    browser.look(width=width, height=900, is_dark=is_dark)
    for name in names:
        browser.open(f"{door}{PAGES[name]}")
        browser.until("!document.querySelector('.scripted[hidden]')")
        found += [f"{name}: {one}" for one in (*findings(browser, script), *complaints(browser))]
        wide = browser.run("document.documentElement.scrollWidth")
        found += [f"{name}: {wide} px wide"] if wide > width else []
    return found


@pytest.mark.parametrize(
    ("width", "is_dark"), [(WIDE, False), (PHONE, True)], ids=["wide", "phone"]
)
def test_axe_finds_nothing_on_any_page(browser, door, width, is_dark):
    """No finding of WCAG 2.2 AA or good practice, no complaint, nothing wider than the window."""
    names = sorted(PAGES)[is_dark::2]
    assert looked_at(browser, door, names, width, is_dark) == []


@pytest.mark.torture
@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("is_dark", [False, True])
def test_axe_finds_nothing_in_any_look(browser, door, width, is_dark):
    """The same for each page in both modes, wide and on a phone."""
    assert looked_at(browser, door, sorted(PAGES), width, is_dark) == []
