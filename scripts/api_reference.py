"""`docs/reference/api.md`: every address of the API with its parameters, every field it answers.

Made from the description that the API itself gives (`phonotheque.listen.api.openapi`), one of the
pages that `python -m scripts.reference` makes and a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phonotheque.archive.listening.library import ArchiveLibrary
from phonotheque.listen.api.openapi import description_of
from phonotheque.listen.api.opening import PREFIX
from phonotheque.listen.api.routes import api_routes

_HEAD = """\
# The API

`phono serve` answers programs below `/api/v1`, in JSON. [Ask the API from a \
notebook](../how-to/use-the-api.md) shows it at work; `/api/v1/openapi.json` describes it for \
machines (OpenAPI 3.1), and this page is made from that.

- **Nobody is asked who they are.** Reading needs no key, and any page of any web site may read \
(CORS). Who asks too fast is told so with 429 and when to come back; who wants everything takes \
[the dump](dump.md) and the torrents.
- **GET and HEAD** alone, and one POST that only reads.
- **Songs** are recordings, **albums** are releases. A *gid* is an MBID, or a UUID made here; it \
leads somewhere for ever. One that was given up for another is answered with the other: compare \
`gid` with what you asked for.
- **Lists** come in pages. `after` of a page asks for the next, whose address stands in the header \
`Link` with `rel="next"`; null is the end. A page costs the same wherever it begins. When the \
catalogue is built again meanwhile, a list may skip or repeat a few entries at the seam. \
`is_partial` says that a page is shorter than asked for because much had to be passed over: go on.
- **Answers** have a strong ETag, the digest of their bytes. Send it back in `If-None-Match`, and \
304 says that nothing changed. They may be used again unasked for 30 seconds.
- **Refusals** are problems (RFC 9457, `application/problem+json`), see `Problem` below; their \
`code` is one of [the errors](errors.md). 400: the request; 404: nothing has that name; 405: \
another method; 410: withdrawn, with the reason; 429: too fast; 503: come again.
- **Version.** Fields and addresses are only ever added below `/api/v1`. What is unknown is null.
"""


def api_page(made: str) -> str:
    """The page."""
    told = description_of(api_routes(ArchiveLibrary(Path())))  # nothing is asked of it
    parts = [made, _HEAD, *_addresses(told), "## Values\n"]
    parts += [_value(name, schema) for name, schema in told["components"]["schemas"].items()]
    return "\n".join(parts)


def _addresses(told: dict[str, Any]) -> Iterator[str]:
    for tag in told["tags"]:
        yield f"## {tag['name']}\n\n{tag['description']}\n"
        for path, operations in told["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    yield _address(method.upper(), path.removeprefix(PREFIX), operation)


def _address(method: str, path: str, operation: dict[str, Any]) -> str:
    content = operation["responses"]["200"]["content"]["application/json"]
    answered = f"{operation['summary']} Answers: {_type(content['schema'])}.\n"
    lines = [f"### `{method} {path}`\n", answered]
    if "requestBody" in operation:
        body = operation["requestBody"]["content"]["application/json"]
        lines.append(f"Takes: {_type(body['schema'])}.\n")
    if parameters := operation.get("parameters"):
        lines += ["| parameter | is | meaning |", "|---|---|---|"]
        for one in parameters:
            is_a = f"{_type(one['schema'])}{_range(one)}"
            lines.append(f"| `{one['name']}` | {is_a} | {_cell(one['description'])} |")
        lines.append("")
    return "\n".join(lines)


def _range(parameter: dict[str, Any]) -> str:
    """What a parameter may be, where it is bounded, and what it is when it is absent."""
    schemas = [parameter["schema"], *parameter["schema"].get("anyOf", ())]
    found = {name: value for schema in schemas for name, value in schema.items()}
    words = []
    if "minimum" in found:
        words.append(f"{found['minimum']} to {found['maximum']}")
    if "maxLength" in found:
        words.append(f"at most {found['maxLength']:,} characters")
    if "maxItems" in found:
        words.append(f"at most {found['maxItems']:,}")
    if parameter["required"]:
        words.append("required")
    elif found.get("default") not in (None, "", []):
        words.append(f"else `{str(found['default']).lower()}`")
    return f"; {'; '.join(words)}" if words else ""


def _value(name: str, schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"### {name}\n\nOne of {_type(schema)}.\n"
    about = _cell(schema.get("description", "").split("\n\n")[0])
    lines = [f"### {name}\n", f"{about}\n", "| field | is | meaning |", "|---|---|---|"]
    for field, one in schema["properties"].items():
        lines.append(f"| `{field}` | {_type(one)} | {_cell(one.get('description', ''))} |")
    return "\n".join([*lines, ""])


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("format") == "uuid":
        return "gid"
    if schema.get("pattern") == "^[0-9a-f]{64}$":
        return "digest"
    kind: str = schema.get("type", "")
    return {"integer": "number", "string": "text", "boolean": "true or false"}.get(kind, kind)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
