"""The templates of the guard's papers: no text becomes markup, what is not given is an error."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment() -> Environment:
    """Return what renders them; one for all."""
    loader = PackageLoader("phonotheque.guard.papers")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
