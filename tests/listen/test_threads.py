"""Threads that answer, and the routes whose answers they make."""

from __future__ import annotations

import asyncio
from threading import Barrier, Event, get_ident
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from phonotheque.errors import BadRequestError
from phonotheque.listen.threads import AnsweringThreads, PageRoute, ThreadRoute, answering

PATIENCE_S = 120


@pytest.fixture
def threads():
    some = AnsweringThreads(3)
    yield some
    some.close()


def test_who_answered_last_answers_next(threads):
    """While one is enough it is always the same, so that what it has open stays warm."""

    async def ask():
        return {await threads.run(get_ident) for _ in range(20)}

    assert len(asyncio.run(ask())) == 1


def test_no_more_answer_at_once_than_there_are(threads):
    """Others wait, and are begun in the order in which they came."""
    may_go_on, begun, three = Event(), [], Barrier(4)

    def work(number):
        begun.append(number)
        if number < 3:
            three.wait(PATIENCE_S)
        assert may_go_on.wait(PATIENCE_S)
        return get_ident()

    async def ask():
        asked = [asyncio.create_task(threads.run(lambda n=n: work(n))) for n in range(9)]
        await asyncio.to_thread(three.wait, PATIENCE_S)
        at_once = list(begun)
        may_go_on.set()
        return at_once, await asyncio.gather(*asked)

    at_once, who = asyncio.run(ask())
    assert sorted(at_once) == [0, 1, 2]
    assert len(begun) == 9
    assert len(set(who)) == 3


def test_all_are_made_ready(threads):
    """What is done at the beginning is done once in each, and a mistake in it ends none."""
    ready = []

    def once():
        ready.append(get_ident())
        raise BadRequestError("x", "is no query", "Ask otherwise.")

    threads.begin(once)
    assert len(ready) == len(set(ready)) == 3

    async def ask():
        return await asyncio.gather(*(threads.run(get_ident) for _ in range(12)))

    assert set(asyncio.run(ask())) <= set(ready)


@pytest.mark.parametrize(
    ("raised", "told"),
    [(BadRequestError("a", "b", "c"), BadRequestError), (StopIteration(), RuntimeError)],
)
def test_whoever_asked_is_told_of_a_mistake(threads, raised, told):
    """An error comes out where the answer was waited for, whatever it is; the thread goes on."""

    def work():
        raise raised

    async def ask():
        with pytest.raises(told):
            await threads.run(work)
        return await threads.run(lambda: "well")

    assert asyncio.run(ask()) == "well"


def test_nobody_need_wait_for_an_answer(threads):
    """Who is cancelled leaves no thread behind, and no answer to the next."""
    may_go_on, begun = Event(), Event()

    def work():
        begun.set()
        return may_go_on.wait(PATIENCE_S)

    async def ask():
        gone = asyncio.create_task(threads.run(work))
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        may_go_on.set()
        return [await threads.run(lambda n=n: n) for n in range(4)]

    assert asyncio.run(ask()) == [0, 1, 2, 3]


def _app(route_class, threads):
    router = APIRouter(route_class=route_class)

    @router.get("/text/{name}")
    def text(request: Request, name: str, q: str = "none", after: str | None = None) -> Response:
        return Response(repr((request.method, name, q, after)))

    @router.get("/rest/{rest:path}")
    def rest(request: Request) -> Response:
        return Response(request.url.path)

    @router.get("/number/{gid}")
    def number(request: Request, gid: UUID, page: int = 1) -> Response:
        return Response(repr((request.method, gid, page)))

    @router.get("/own")
    async def own(request: Request, q: str = "") -> Response:
        return Response(repr((request.method, q)))

    app = FastAPI()
    app.router.routes.extend(router.routes)

    async def door(scope, receive, send):
        answering.set(threads)
        await app(scope, receive, send)

    return door


@pytest.mark.parametrize(
    "path",
    [
        "/text/a",
        "/text/a%2Fb",
        "/text/%C3%A9?q=x&after=7",
        "/text/a?q=&after=",
        "/text/a?q=1&q=2&other=3",
        "/text/a?q=%26%3D+%20",
        "/rest/a/b",
        "/number/5f3f1a52-7ab1-4a0c-9d0e-1f6f4f6f2b11?page=3",
        "/number/nobody?page=x",
        "/own?q=a",
    ],
)
def test_pages_are_asked_as_the_framework_asks(threads, path):
    """The short way to a page gives it what the long way does, refusals included."""

    async def ask(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as one:
            return await one.get(path)

    short, long = (asyncio.run(ask(_app(kind, threads))) for kind in (PageRoute, ThreadRoute))
    assert (short.status_code, short.text) == (long.status_code, long.text)
