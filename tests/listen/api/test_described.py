"""The API is what its description says: fuzzed with schemathesis against our own OpenAPI."""

from __future__ import annotations

import re
from contextlib import suppress
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.control import SkipTest
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="session")
def described(app):
    """The API with its own description."""
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


def _references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_every_address_and_parameter_is_described(api):
    """Each operation has a summary, each parameter a description, each reference its schema, each
    field of a value its place; nothing is described that nobody refers to."""
    told = api.json("/openapi.json")
    for path, operations in told["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for parameter in operation.get("parameters", []):
                assert parameter["description"], (path, parameter["name"])
    schemas = told["components"]["schemas"]
    named = {one.rpartition("/")[2] for one in _references(told)}
    assert named == set(schemas)
    for name in ("Hit", "Song", "Album", "Listing", "Problem", "Drawn"):
        assert schemas[name]["properties"]
        assert schemas[name]["description"]


def test_every_path_answers_what_its_schema_says(api):
    """Answers about what the archive really has conform, in every field, to the description."""
    import jsonschema

    told = api.json("/openapi.json")
    song = api.json("/songs", params={"held": True})["hits"][0]
    gids = {"songs": song["gid"], "items": song["gid"], "gid": song["gid"]}
    gids |= {"albums": song["album"]["gid"], "artists": song["artist"]["gid"]}
    for path, operations in told["paths"].items():
        first = path.split("/")[3]
        known = {"gid": gids.get(first, ""), "facet": "year", "isrc": "DEA231200001"}
        known["barcode"] = "04006381333931"
        if "get" not in operations or ("{gid}" in path and not known["gid"]):
            continue
        asked = re.sub(r"\{(\w+)\}", lambda one, known=known: known[one[1]], path)
        answer = api.json(
            asked.removeprefix("/api/v1"),
            params={"q": "piece"} if first in ("search", "suggest") else {},
        )
        content = operations["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": told["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer)


def _fuzz(described, examples, mode):
    bounded = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    described.config.generation.update(modes=[mode])
    for result in described.get_all_operations():
        operation = result.ok()

        @bounded
        @_given(operation, mode)
        def one(case):
            case.call_and_validate(checks=CHECKS)

        with suppress(SkipTest):  # nothing can be wrong where nothing can be given
            one()


def _given(operation, mode):
    from hypothesis import given

    return given(operation.as_strategy(generation_mode=mode))


def test_what_the_description_allows_and_forbids_is_answered_as_it_says(described):
    """Requests made from the description are answered by it; others are refused, never with a fault
    of ours."""
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        _fuzz(described, 2, mode)


@pytest.mark.torture
def test_much_more_of_it(described):
    """The same with a hundred requests to each address."""
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        _fuzz(described, 100, mode)


def test_a_gid_is_any_uuid(api):
    """Gids are read in any case and form that UUIDs have."""
    gid = api.json("/songs")["hits"][0]["gid"]
    for form in (gid.upper(), UUID(gid).hex):
        assert api.json(f"/gid/{form}")["gid"] == gid
