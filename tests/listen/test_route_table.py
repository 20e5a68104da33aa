"""All routes as one: what it finds is what looking through them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match, Route

from phonotheque.listen.route_table import RouteTable


def _nothing(request):
    raise AssertionError(request)


PATHS = ("/", "/song/{gid}", "/song/{gid}/x", "/{name}", "/a{name}", "/{one}/{rest:path}", "/song")
PARTS = st.sampled_from(("", "song", "a", "ab", "x", "7"))


@given(
    st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(("GET", "POST"))), max_size=8),
    st.lists(PARTS, max_size=4),
    st.sampled_from(("GET", "HEAD", "POST")),
)
def test_a_table_finds_what_a_list_would(some, parts, method):
    """The first that has the path and the method; else the first that has the path alone."""
    routes = [Route(path, _nothing, methods=[one]) for path, one in some]
    scope = {"type": "http", "path": "/" + "/".join(parts), "method": method, "root_path": ""}
    found = [(route.matches(scope), route) for route in routes]
    best = [one for kind in (Match.FULL, Match.PARTIAL) for one in found if one[0][0] is kind]
    match, told = RouteTable(routes).matches(scope)
    if not best:
        assert match is Match.NONE
        return
    (expected, given_to_it), route = best[0]
    assert match is expected
    assert told.items() >= given_to_it.items()
    assert route in told.values()
