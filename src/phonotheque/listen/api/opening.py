"""How an address is opened in the API: GET with its description, HEAD beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from phonotheque.listen.api.answering import JSON, PROBLEM
from phonotheque.listen.api.values import Problem
from phonotheque.listen.api.writing import reference

PREFIX = "/api/v1"

_WHY = {
    400: "The request is at fault.",
    404: "Nothing has this name.",
    405: "Another method is meant.",
    410: "It was withdrawn: the reason is told.",
    413: "Too much was sent.",
}


@dataclass(frozen=True, slots=True)
class Documented:
    """What is said of an address.

    Attributes:
        value: What it answers with.
        problems: Statuses of problems that it may answer with, beside 429, 500 and 503.
    """

    summary: str
    value: type
    tag: str
    problems: tuple[int, ...]

    @property
    def responses(self) -> dict[int | str, dict[str, Any]]:
        """What it answers with, by status."""
        found: dict[int | str, dict[str, Any]] = {
            200: {
                "description": "The answer.",
                "content": {JSON: {"schema": reference(self.value)}},
                "headers": {
                    "ETag": {
                        "description": "Digest of the answer: send it as If-None-Match.",
                        "schema": {"type": "string"},
                    }
                },
            },
            304: {"description": "The answer is the one that you have."},
        }
        for status in (*self.problems, 429, 500, 503):
            found[status] = {
                "description": _WHY.get(status, HTTPStatus(status).phrase),
                "content": {PROBLEM: {"schema": reference(Problem)}},
            }
        return found


def documented(
    summary: str, value: type, *, tag: str, problems: Sequence[int] = (400,)
) -> Documented:
    """Return what is said of an address."""
    return Documented(summary, value, tag, tuple(problems))


def add_get(
    router: APIRouter, path: str, answer: Callable[..., Response], told: Documented
) -> None:
    """Answer GET, and HEAD like it."""
    _, _, name = path.partition("/")
    router.add_api_route(
        path,
        answer,
        methods=["GET"],
        summary=told.summary,
        tags=[told.tag],
        responses=told.responses,
        operation_id="get_" + "".join(c if c.isalnum() else "_" for c in name),
        response_model=None,
    )
    router.add_api_route(
        path, answer, methods=["HEAD"], include_in_schema=False, response_model=None
    )
