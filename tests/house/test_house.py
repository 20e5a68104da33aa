"""The house's own measure: how long things may be, how they are called, what is not said here."""

import ast
import functools
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_MODULE_LINES = 400
MEDIAN_MODULE_LINES = 250
MAX_FUNCTION_LINES = 40
MAX_PARAMETERS = 6

LONG_FUNCTIONS: frozenset[str] = frozenset()
"""Functions that may be longer, with a reason each. Empty, and meant to stay so."""


def tracked(*suffixes):
    """Files of the repository with these endings, all without any, as git sees them, new ones
    included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this is no git work tree")
    paths = (ROOT / name for name in done.stdout.decode().split("\0") if name)
    return sorted(p for p in paths if p.is_file() and (p.suffix in suffixes or not suffixes))


def modules(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@functools.cache
def text_of(path):
    """The text of a file, read once for all laws about it."""
    return path.read_text(encoding="utf-8")


def label(path):
    return path.relative_to(ROOT).as_posix()


PRODUCT = modules("src", "bench", "scripts")


PARTS = ("body", "orelse", "handlers", "finalbody", "cases")
"""Where statements stand in others: nothing is defined below an expression."""


@dataclass(frozen=True)
class Definition:
    """A function or a class: what the laws ask about it."""

    name: str
    is_function: bool
    is_explained: bool
    is_command: bool = False
    lines: int = 0
    parameters: int = 0


@dataclass(frozen=True)
class Module:
    """What the laws ask about a module. Its syntax is let go of: to have that of all modules at
    once keeps the collector busy longer than it takes to parse them."""

    is_silent: bool
    sleeps: bool
    definitions: tuple[Definition, ...]

    @property
    def functions(self):
        return [one for one in self.definitions if one.is_function]


@functools.cache
def module_of(path):
    """A module, parsed once for all laws about it."""
    tree = ast.parse(text_of(path))
    is_silent = bool(tree.body) and not is_explained(tree)
    found = tuple(definition(name, node) for name, node in defined_in(tree, label(path)))
    return Module(is_silent, "sleep" in text_of(path) and calls_sleep(tree), found)


def is_explained(node):
    """Whether it has a docstring with anything in it."""
    return bool((ast.get_docstring(node, clean=False) or "").strip())


def defined_in(node, name):
    """Every function and class below a node with its dotted name."""
    for child in (child for part in PARTS for child in getattr(node, part, ())):
        inner = name
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{name}.{child.name}"
            yield inner, child
        yield from defined_in(child, inner)


def definition(name, node):
    """What is asked about one function or class."""
    if isinstance(node, ast.ClassDef):
        return Definition(name, is_function=False, is_explained=is_explained(node))
    args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return Definition(
        name,
        is_function=True,
        is_explained=is_explained(node),
        is_command=is_command(name, node),
        lines=length_of(name, node),
        parameters=len([one for one in args if one.arg not in ("self", "cls")]),
    )


def is_command(name, node):
    """Whether typer reads the function's parameters as options: it is given a context, names its
    options in annotations, or shows people an example."""
    if "cli" not in name:
        return False
    is_shown = "Example:" in (ast.get_docstring(node) or "")
    return is_shown or "typer." in ast.unparse(node.args)


def length_of(name, function):
    """Lines of a function but for its docstring; of a command also but for its options."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = function.body[0]
    spent = docstring.end_lineno - docstring.lineno + 1 if has_docstring else 0
    first = function.body[0].lineno if is_command(name, function) else function.lineno
    return function.end_lineno - first + 1 - spent


def calls_sleep(tree):
    """Whether anything in a module sleeps."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return "sleep" in {getattr(func, "attr", getattr(func, "id", "")) for func in calls}


def test_a_module_can_be_read_in_one_sitting():
    """No module is longer than 400 lines."""
    lengths = {label(path): len(path.read_bytes().splitlines()) for path in PRODUCT}
    assert not {name: n for name, n in lengths.items() if n > MAX_MODULE_LINES}


def test_most_modules_are_short():
    """Half of the product's modules with anything in them are below 250 lines."""
    lengths = [len(text_of(path).splitlines()) for path in modules("src")]
    assert statistics.median(length for length in lengths if length > 5) < MEDIAN_MODULE_LINES


def test_a_function_fits_on_a_screen():
    """No function is longer than 40 lines beside its docstring; every exception is needed."""
    found = {one.name: one.lines for path in PRODUCT for one in module_of(path).functions}
    long = {name: n for name, n in found.items() if n > MAX_FUNCTION_LINES}
    assert set(long) == LONG_FUNCTIONS, long


def test_a_function_has_few_parameters():
    """At most six parameters, beyond that a named type; commands have as many as options."""
    found = [one for path in PRODUCT for one in module_of(path).functions]
    many = {one.name: one.parameters for one in found if not one.is_command}
    many = {name: n for name, n in many.items() if n > MAX_PARAMETERS}
    assert not many


def test_every_public_name_is_explained():
    """Modules, public classes and public functions say what they are for."""
    silent = []
    for path in modules("src"):
        module = module_of(path)
        silent += [label(path)] * module.is_silent
        public = re.compile(re.escape(label(path)) + r"\.[^_.][^.]*")
        silent += [
            one.name
            for one in module.definitions
            if public.fullmatch(one.name) and not one.is_explained
        ]
    assert not silent


VAGUE = ("utils", "util", "helpers", "helper", "manager", "common", "misc", "handler")
NAMED_BY_OTHERS = frozenset({"get_route_handler"})
"""Methods whose name a library asks for: FastAPI's, of a route."""


def test_names_say_what_a_thing_is():
    """No module, class or function is called by a word that fits everything."""
    vague = []
    for path in modules("src", "tests", "bench", "scripts"):
        defined = [one.name for one in module_of(path).definitions]
        names = [path.stem, *(name.rpartition(".")[2] for name in defined)]
        ours = [name for name in names if name not in NAMED_BY_OTHERS]
        vague += [f"{label(path)}: {name}" for name in ours if words_of(name) & set(VAGUE)]
    assert not vague


def words_of(name):
    """The words that a name is put together of."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_tests_wait_for_events_and_not_for_time():
    """No test sleeps: it waits for what it needs, with a deadline."""
    sleeping = [label(path) for path in modules("tests") if module_of(path).sleeps]
    assert not sleeping


def test_every_test_states_its_law():
    """The docstring of each test is the law that it proves."""
    silent = [
        one.name
        for path in modules("tests")
        if path.stem.startswith("test_")
        for one in module_of(path).functions
        if one.name.rpartition(".")[2].startswith("test_") and not one.is_explained
    ]
    assert not silent


# Put together here, so that this file does not hold what it looks for.
LEFT_OPEN = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b")
WORKPLACE = re.compile(
    "|".join(
        (
            r"(?<![\w.])/" + r"work/",
            r"(?<![\w.])/" + r"root/",
            "pypi" + r"\.org",
            "pythonhosted" + r"\.org",
            "artifac" + "tory",
            "cla" + "ude",
            "anthro" + "pic",
            r"\bsub" + r"-?agents?\b",
            r"\b(?:iss" + r"ue|pull requ" + r"est) #\d",
        )
    ),
    re.IGNORECASE,
)
TEXTS = (".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".sh", ".cfg", ".svg", ".jsonl", "")


def said_in_repository(pattern):
    found = []
    for path in tracked(*TEXTS):
        try:
            text = text_of(path)
        except UnicodeDecodeError:
            continue
        if not pattern.search(text):
            continue
        lines = enumerate(text.splitlines(), start=1)
        found += [f"{label(path)}:{n}: {line[:90]}" for n, line in lines if pattern.search(line)]
    return found


def test_nothing_is_left_open():
    """What is not done is not there: no reminder stands in the text of the repository."""
    assert not said_in_repository(LEFT_OPEN)


def test_the_repository_does_not_speak_of_where_it_was_made():
    """No path, host or word of a workplace stands in the text of the repository."""
    assert not said_in_repository(WORKPLACE)


def test_nothing_large_lies_in_the_repository():
    """It holds what was written here: no package, no recording, nothing that another made."""
    assert not [label(path) for path in tracked() if path.stat().st_size > 300_000]
    assert not [label(path) for path in tracked(".whl", ".zip", ".so", ".exe", ".deb", ".jar")]


def test_these_patterns_find_what_they_look_for():
    """The patterns above match what they are meant for, and no ordinary word."""
    assert LEFT_OPEN.search("# TO" + "DO: later")
    assert WORKPLACE.search("see /wo" + "rk/main/x")
    assert WORKPLACE.search("fixes iss" + "ue #12")
    for harmless in ("case TXXX", "a work/life", "network/", "https://a.example/work/", "todos"):
        assert not LEFT_OPEN.search(harmless)
        assert not WORKPLACE.search(harmless)
