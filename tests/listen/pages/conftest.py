"""The pages over a small library, asked without a network."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from listen.pages.browsing import served
from listen.pages.page_list import all_pages
from listen.pages.shop import Shop, make_shop_app
from publish.pages.chromium import Chromium


class Asked:
    """Asks an application as a browser would."""

    def __init__(self, app) -> None:
        self.app = app

    def __call__(self, path: str, method: str = "GET", **more) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            headers = {"accept": "text/html", **more.pop("headers", {})}
            async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as one:
                return await one.request(method, path, headers=headers, **more)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def shop():
    return Shop()


@pytest.fixture(scope="module")
def ask(shop, tmp_path_factory):
    return Asked(make_shop_app(shop, tmp_path_factory.mktemp("shop")))


@pytest.fixture(scope="session")
def one_browser():
    """A browser for all tests of a worker; a skip with its reason where there is none."""
    with Chromium() as one:
        yield one


@pytest.fixture
def browser(one_browser):
    """The browser, wide and light, with nothing kept from the test before."""
    one_browser.look(width=1280, height=900)
    return one_browser


@pytest.fixture(scope="module")
def door(shop, tmp_path_factory):
    """Address of the small library on loopback."""
    all_pages(shop)
    app = make_shop_app(shop, tmp_path_factory.mktemp("door"))
    with served(app) as address:
        door = Door(address)
        door.plays = app.state.plays
        yield door


class Door(str):
    """An address; `plays` has what was reported to it."""

    plays: list[dict]
