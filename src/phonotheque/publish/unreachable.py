"""Why a web server cannot be asked, in words for people, not in those of the library."""

from __future__ import annotations

import ssl

from urllib3 import exceptions

_SAID = (
    (exceptions.NameResolutionError, "its name is not known here"),
    (exceptions.SSLError, "its certificate or encryption is not accepted"),
    (exceptions.NewConnectionError, ""),  # what the system says; urllib3 calls it a timeout, too
    (exceptions.TimeoutError, "it does not answer in time"),
    (exceptions.DecodeError, "what it sent cannot be read"),
)


def why_unreachable(error: Exception) -> str:
    """Say why, in a few words without an address.

    Args:
        error: Of urllib3.
    """
    reason: BaseException = error
    if isinstance(error, exceptions.MaxRetryError) and error.reason is not None:
        reason = error.reason
    said = next((words for kind, words in _SAID if isinstance(reason, kind)), "")
    return said or _of_system(reason) or "the connection broke off"


def _of_system(error: BaseException) -> str:
    """What the operating system said below an error: "connection refused"; "" for nothing."""
    below = (error.__cause__, error.__context__, *error.args)
    for one in below:
        if isinstance(one, OSError) and not isinstance(one, ssl.SSLError) and one.strerror:
            return one.strerror.lower()
    return ""
