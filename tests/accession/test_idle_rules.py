"""Rules that no file matches are told, and only these."""

import pytest

from phonotheque.accession.deposit import idle_rules, say_idle, survey

RULE = '[[rule]]\nmatch = "{}"\nlicence = "CC-BY-4.0"\n'


def deposit_of(folder, rules, files):
    """A deposit of a folder with `rights.toml` files (folder -> patterns) and of files."""
    for name in files:
        path = folder / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for below, patterns in rules.items():
        text = "".join(map(RULE.format, patterns))
        (folder / "music" / below / "rights.toml").write_text(text)
    return survey([folder / "music"], folder / "archive")


@pytest.mark.parametrize(
    ("rules", "files", "idle"),
    [
        ({"": ["A/**"]}, ["A/1.wav"], []),
        ({"": ["A/**", "a/**"]}, ["A/1.wav"], ["a/**"]),
        ({"": ["**", "A/**"]}, ["A/1.wav"], []),  # overtaken is not idle
        ({"": ["A/*"], "A": ["*"]}, ["A/1.wav"], []),
        ({"": ["*.flac"], "A": ["A/*"]}, ["A/1.wav"], ["*.flac", "A/*"]),
        ({"": ["rights.toml", "*"]}, ["A/1.wav"], ["rights.toml", "*"]),
        ({}, ["A/1.wav"], []),
    ],
)
def test_a_rule_is_idle_when_no_file_matches(tmp_path, rules, files, idle):
    """Overtaken rules are not idle, a pattern is held against paths below its own file only, and
    a `rights.toml` is no file that a rule is meant for."""
    found = idle_rules(deposit_of(tmp_path, rules, files))
    assert [rule.match.text for rule in found] == idle


def test_an_idle_rule_is_named(tmp_path):
    """The notice has the file, the rule's number and its pattern."""
    (rule,) = idle_rules(deposit_of(tmp_path, {"A": ["*", "B*"]}, ["A/1.wav"]))
    assert say_idle(rule).startswith("A/rights.toml, rule 2: no file matches 'B*'")
