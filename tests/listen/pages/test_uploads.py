"""A file out of a form: as the browser meant it, or refused, and never dear."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import httpx
import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from phonotheque.errors import BadRequestError
from phonotheque.listen.pages.uploads import uploaded
from phonotheque.listen.threads import AnsweringThreads, answering, asking

KIND = "multipart/form-data; boundary=b"
MOST_BYTES = 1 << 20
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"'


def sent(kind, body):
    """The request that brings a body."""

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", kind.encode("latin-1"))]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read(kind, body):
    return asyncio.run(uploaded(sent(kind, body), MOST_BYTES))


def form(*heads, data=b"x"):
    """A form with one part for each head."""
    parts = [b"--b\r\n" + head + b"\r\n\r\n" + data + b"\r\n" for head in heads]
    return b"".join(parts) + b"--b--\r\n"


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\\', exclude_categories=["Cc"]))


@given(NAMES.filter(bool), st.binary())
def test_what_a_client_sends_is_what_is_read(name, data):
    """Name and bytes come out as they went in, whatever stands before them in the form."""
    files = {"file": (name, data)}
    form = httpx.Request("POST", "http://door.test", data={"more": "said"}, files=files)
    assert read(form.headers["content-type"], form.read()) == (name, data)


def test_a_body_that_is_no_form_is_the_file():
    """Programs may send it as it is."""
    assert read("audio/x-mpegurl", b"#EXTM3U") == ("", b"#EXTM3U")


def test_a_quoted_boundary_is_the_same():
    """RFC 2046 has quotation marks around those that need them, and blanks after them."""
    body = form(DISPOSITION).replace(b"--b", b"--b :b").replace(b"b\r\nC", b"b \t\r\nC")
    assert read('Multipart/Form-Data; x=y; Boundary="b :b"; z=b', body) == ("a", b"x")


def test_what_stands_around_the_parts_is_passed_over():
    """A preamble is for readers of mail; a name may look like another parameter."""
    head = b'Content-Disposition: form-data; name="; filename=x"; filename="a"'
    assert read(KIND, b"for people\r\n" + form(head) + b"the end") == ("a", b"x")


def test_brackets_in_a_name_are_letters():
    """In mail they begin a comment, which may hold another, and so on."""
    name = "(" * 4_000
    assert read(KIND, form(DISPOSITION.replace(b'"a"', name.encode()))) == (name, b"x")


@pytest.mark.parametrize(
    "head",
    [
        DISPOSITION + b"; a=b" * 100_000,
        DISPOSITION + b"(" * 5_000,
        b'Content-Disposition: form-data; filename="' + b'\\"' * 5_000 + b'"',
        b"Content-Disposition: form-data; filename=" + b"=?u?q?a?= " * 500,
        b"X: y\r\n" * 1_000 + DISPOSITION,
    ],
)
def test_the_head_of_a_part_is_short(head):
    """What reads it for seconds is not read at all: more than 4 KiB are refused."""
    with pytest.raises(BadRequestError, match="4 KiB"):
        read(KIND, form(head))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        form(b"Content-Disposition: form-data; name=file"),
        form(b"Content-Type: audio/x-mpegurl; filename=a"),
        form(b"Content-Type: multipart/mixed; boundary=c\r\n" + DISPOSITION),
        form(*[b"Content-Disposition: form-data; name=a"] * 100, DISPOSITION),
        form(DISPOSITION)[:-10],
        form(DISPOSITION).replace(b"--b\r\n", b"--bc\r\n"),
        b"".join(b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" for _ in range(5000)),
    ],
)
def test_a_form_without_one_file_is_refused(body):
    """None, nested, too many parts, without an end: the sender is told so, and nothing else."""
    with pytest.raises(BadRequestError):
        read(KIND, body)


@given(st.lists(st.sampled_from([b"--b", b"--", b"\r\n", b"\r\n\r\n", DISPOSITION, b"multipart/"])))
def test_any_form_is_read_or_refused(parts):
    """No form is anybody's mistake but the sender's."""
    try:
        name, data = read(KIND, b"--b\r\n" + b"".join(parts))
    except BadRequestError:
        return
    assert (name, b"\r\n--b" in data) == ("a", False)


@pytest.mark.parametrize(
    "kind", ["multipart/form-data", 'multipart/form-data; boundary=""', KIND * 4 + "b" * 71]
)
def test_a_form_names_its_boundary(kind):
    """Without one, or with one that is longer than RFC 2046 has it, there are no parts."""
    with pytest.raises(BadRequestError, match="boundary"):
        read(kind.replace(KIND * 4, "multipart/form-data; boundary="), form(DISPOSITION))


def test_a_form_is_read_where_answers_are_made():
    """So that one address has no more of these threads than its share."""
    threads, asked = AnsweringThreads(1), []

    class Watched:
        def run(self, function, group=""):
            asked.append(group)
            return threads.run(function, group)

    async def ask():
        answering.set(Watched())
        asking.set(str(ip_address("192.0.2.1")))
        return await uploaded(sent(KIND, form(DISPOSITION)), MOST_BYTES)

    try:
        assert asyncio.run(ask()) == ("a", b"x")
    finally:
        threads.close()
    assert asked == ["192.0.2.1"]
