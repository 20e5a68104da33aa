"""Why a server cannot be asked is told in words, not in what a library says."""

import socket

import pytest

from phonotheque.errors import UnavailableError
from phonotheque.publish.trust.source import WebSource


def test_a_server_that_is_down_is_told_in_plain_words():
    """Host and reason, and nothing of connection pools."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(UnavailableError) as caught:
        list(WebSource(f"http://127.0.0.1:{port}/published/").read("index"))
    assert caught.value.wrong == f"127.0.0.1:{port} cannot be asked: connection refused"


def test_a_host_that_has_no_name_is_told_in_plain_words():
    """A name that cannot be looked up: `.invalid` never can (RFC 2606)."""
    with pytest.raises(UnavailableError) as caught:
        list(WebSource("http://archive.invalid/").read("index"))
    assert caught.value.wrong == "archive.invalid cannot be asked: its name is not known here"
