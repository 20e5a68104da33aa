"""The archive of the item pages (two albums, one item that may not be shared, one removed since the
catalogue was built), and its API without a rim around it."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from tests.cli.phono import copy_archive

from listen.api.asking import Api
from listen.items.conftest import stock  # noqa: F401  # a fixture
from phonotheque.archive.listening.copies import ArchiveCopies
from phonotheque.archive.listening.desk import Desks
from phonotheque.archive.listening.facts import ArchiveItems
from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.listen.api.routes import api_routes


@pytest.fixture(scope="session")
def shelf(stock, tmp_path_factory):  # noqa: F811
    """A copy of the archive; not to be changed."""
    return copy_archive(stock, tmp_path_factory.mktemp("api") / "archive").root


@pytest.fixture(scope="session")
def library(shelf):
    """Its library, of this thread."""
    found = ArchiveLibrary(shelf)
    yield found
    found.close()


def app_of(root):
    """The API of an archive as an application."""
    library, desks = ArchiveLibrary(root), Desks(root)
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    items = ArchiveItems(desks, library, ArchiveCopies(desks, library, ""))
    app.include_router(api_routes(library, items))
    return app


@pytest.fixture(scope="session")
def app(shelf):
    """The API of the archive as an application."""
    return app_of(shelf)


@pytest.fixture(scope="session")
def api(app):
    """Asking it."""
    with Api(app) as opened:
        yield opened
