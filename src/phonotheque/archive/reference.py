"""From what a person types to the object they mean."""

from __future__ import annotations

import re

from phonotheque.errors import BadReferenceError
from phonotheque.register.holdings import Held
from phonotheque.register.index import Index

_PREFIX = re.compile(r"[0-9a-f]{6,64}")


def resolve_object(index: Index, reference: str) -> Held:
    """Find the object that a SHA-256, or at least its first 6 digits, names.

    Raises:
        BadReferenceError: It names none, or more than one.
    """
    prefix = reference.lower().removeprefix("sha256:")
    if not _PREFIX.fullmatch(prefix):
        raise BadReferenceError(
            reference,
            "it is not a SHA-256 or the first 6 or more digits of one",
            "`phono add --json` and manifest.tsv list the names of objects.",
        )
    found = index.find(prefix)
    if not found:
        raise BadReferenceError(reference, "no object has this name", "Check the digits.")
    if len(found) > 1:
        raise BadReferenceError(
            reference, "several objects have names that begin so", "Give more digits."
        )
    return found[0]
