"""How somebody without an account is known again: what the guard says about who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who somebody is to the guard.

    Attributes:
        account: As the access log calls it: a keyed hash, 16 hexadecimal digits.
        cookie: A header that gives a token to who has none; "" for who has one.
    """

    account: str
    cookie: str = ""
