"""What `make real` knows of licences, and whether its checks can find anything. No network."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import libtorrent
import pytest
from backports import zstd
from scripts.real import fetch as fetching
from scripts.real import job
from scripts.real.archive import Held, outcomes, view_register
from scripts.real.checks import check_lists, check_rights, check_sources, check_torrents
from scripts.real.dep5 import matches, parse_copyright
from scripts.real.fetch import Fetched, Offer, cache_folder, parse_offer, require_tools
from scripts.real.job import Ran, require_room
from scripts.real.licences import (
    CC0,
    PUBLIC_DOMAIN,
    Reading,
    Verdict,
    judge,
    licence_of_expression,
    licence_of_short_name,
)
from scripts.real.offered import (
    check_feeds,
    check_gone,
    check_index,
    check_originals,
    check_packs,
)
from scripts.real.packages import CatchAll, Doubt, HandRule, Package, Quote, holds, load_packages
from scripts.real.report import format_report, short_licence
from scripts.real.rules import format_rules
from scripts.real.searching import (
    SEARCHES,
    Searched,
    check_searches,
    run_searches,
    search_rows,
)
from scripts.real.steps import Step, StepFailedError, run_step
from scripts.real.tree import Item, Picked, build_tree

from phonotheque.accession.rules import parse_rules
from phonotheque.errors import DigestMismatchError, MalformedError, UnavailableError

BY_SA_3 = "https://creativecommons.org/licenses/by-sa/3.0/"
BY_4 = "https://creativecommons.org/licenses/by/4.0/"

COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Lantern
Source: https://example.org/lantern

Files: *
Copyright: 2010 The Lantern Makers <makers@example.org>
License: GPL-3+

Files:
 art/music/*
 art/jingles/win?.ogg
Copyright:
 2012 Ada Ember
 2013 Bo Flint <bo@example.org>
License: CC-BY-SA-3.0 or GPL-2
Comment:
 Recorded on a roof. Ask bo@example.org
 about the rest.

Files: art/music/wind.ogg
Copyright: Not applicable
License: CC0

Files: art/music/both.ogg
Copyright: 2014 Cy Grove
License: CC-BY-3.0 and CC-BY-4.0

Files: art/sfx/*
Copyright: 2015 Di Heath
License: CC-BY-4.0
 The whole text of a licence may follow.
 .
 With blank lines in it.
   \t
License: GPL-3+
 Somewhere else.
"""


def package(**changes: object) -> Package:
    fields: dict[str, object] = {
        "name": "lantern-music",
        "checked": "1.0-1",
        "root": "usr/share/lantern",
        "source": "art",
        "catch_all": CatchAll(),
        "rules": (),
        "doubts": (),
    }
    return Package(**(fields | changes))  # type: ignore[arg-type]


def reading(of: Package, text: str = COPYRIGHT, **texts: str) -> Reading:
    files = {of.copyright_path: text} | texts
    stated = parse_copyright(text, of.copyright_path)
    return Reading(of, "1.0-2", stated, lambda path: files.get(path, ""))


class TestCopyrightFormat:
    def test_every_files_paragraph_is_read_with_its_place(self) -> None:
        """Paragraphs keep their order, their globs, their statement and their lines."""
        stated = parse_copyright(COPYRIGHT, "copyright")
        assert stated is not None
        assert [p.patterns for p in stated.paragraphs] == [
            ("*",),
            ("art/music/*", "art/jingles/win?.ogg"),
            ("art/music/wind.ogg",),
            ("art/music/both.ogg",),
            ("art/sfx/*",),
        ]
        music = stated.paragraphs[1]
        assert music.copyright == ("2012 Ada Ember", "2013 Bo Flint <bo@example.org>")
        assert music.licence == "CC-BY-SA-3.0 or GPL-2"
        assert (music.first_line, music.last_line) == (9, 18)
        assert stated.paragraphs[-1].licence == "CC-BY-4.0"

    @pytest.mark.parametrize(
        ("path", "first_line"),
        [
            ("art/music/sub/deep.ogg", 9),
            ("art/music/wind.ogg", 20),
            ("art/jingles/win1.ogg", 9),
            ("art/jingles/win12.ogg", 5),
            ("readme", 5),
        ],
    )
    def test_the_last_paragraph_that_matches_counts(self, path: str, first_line: int) -> None:
        """A later paragraph overrules an earlier one, and `*` crosses folders."""
        stated = parse_copyright(COPYRIGHT, "copyright")
        assert stated is not None
        found = stated.paragraph_of(path)
        assert found is not None
        assert found[0].first_line == first_line

    @pytest.mark.parametrize(
        ("pattern", "path", "expected"),
        [
            ("*.ogg", "a/b.ogg", True),
            ("a?b", "a/b", True),
            ("a?b", "ab", False),
            (r"a\*b", "a*b", True),
            (r"a\*b", "axb", False),
            (r"a\?b", "axb", False),
            (r"a\\b", "a\\b", True),
            ("a.c", "abc", False),
            ("a[1]", "a[1]", True),
            ("a", "a/b", False),
            ("é*", "école", True),
        ],
    )
    def test_globs_have_two_signs_and_an_escape(
        self, pattern: str, path: str, *, expected: bool
    ) -> None:
        """Only `*` and `?` mean something, and a backslash takes that away."""
        assert matches(pattern, path) is expected

    @pytest.mark.parametrize("text", ["", "This package was made by somebody.\n\nFiles: *\n"])
    def test_free_form_is_not_read(self, text: str) -> None:
        """Without `Format` at its head a file says nothing to a machine."""
        assert parse_copyright(text, "copyright") is None

    def test_a_line_that_is_no_field_is_named(self) -> None:
        """A broken paragraph is an error with its line, never half a statement."""
        with pytest.raises(MalformedError, match="copyright, line 6"):
            parse_copyright(COPYRIGHT.replace("Copyright: 2010", "So they say 2010"), "copyright")


class TestLicences:
    @pytest.mark.parametrize(
        ("name", "licence"),
        [
            ("CC0", CC0),
            ("CC0-1.0", CC0),
            ("public-domain", PUBLIC_DOMAIN),
            ("CC-BY-SA-3.0", BY_SA_3),
            ("cc-by-4.0", BY_4),
            ("CC-BY-NC-ND-2.5", "https://creativecommons.org/licenses/by-nc-nd/2.5/"),
            ("GPL-2", "GPL-2.0-only"),
            ("GPL-2+", "GPL-2.0-or-later"),
            ("GPL-3.0+", "GPL-3.0-or-later"),
            ("GPL", "GPL-1.0-or-later"),
            ("LGPL-2.1+", "LGPL-2.1-or-later"),
            ("Expat", "MIT"),
            ("Zlib", "Zlib"),
            ("CC-BY-SA", None),
            ("CC-BY-5.0", None),
            ("CC-SA-3.0", None),
            ("GPL-2+-with-autoconf-exception", None),
            ("custom", None),
            ("", None),
        ],
    )
    def test_a_short_name_means_one_licence_or_none(self, name: str, licence: str | None) -> None:
        """Short names map to SPDX identifiers or deeds; what is unknown maps to nothing."""
        assert licence_of_short_name(name) == licence

    @pytest.mark.parametrize(
        ("expression", "licence"),
        [
            ("GPL-2+ or CC-BY-SA-3.0", BY_SA_3),
            ("zlib or GPL-2 or CC-BY-4.0", BY_4),
            ("GPL-2+ OR CC-BY-SA", "GPL-2.0-or-later"),
            ("CC-BY-SA-4.0 and CC-BY-SA-3.0", None),
            ("GPL-2+, or CC0", None),
            ("GPL-2+ with OpenSSL exception", None),
            ("custom or other", None),
            ("", None),
        ],
    )
    def test_a_choice_is_taken_and_a_sum_is_not(self, expression: str, licence: str | None) -> None:
        """Of alternatives a known one is chosen; licences that apply together settle nothing."""
        assert licence_of_expression(expression) == licence


class TestVerdicts:
    def test_a_verdict_quotes_its_paragraph(self) -> None:
        """The evidence names package, version, file, lines and words, without mail addresses."""
        verdict = judge(reading(package()), "music/roof.ogg")
        assert verdict == Verdict(
            licence=BY_SA_3,
            evidence=(
                "Debian package lantern-music 1.0-2, usr/share/doc/lantern-music/copyright, "
                "lines 9-18: Files: art/music/* | Copyright: 2012 Ada Ember; 2013 Bo Flint | "
                "License: CC-BY-SA-3.0 or GPL-2 | Comment: Recorded on a roof. Ask about the rest."
            ),
            holder="2012 Ada Ember; 2013 Bo Flint",
        )

    def test_nobody_is_no_holder(self) -> None:
        """Where the paragraph says that nobody holds rights, no holder is made up."""
        verdict = judge(reading(package()), "music/wind.ogg")
        assert (verdict.licence, verdict.holder) == (CC0, "")

    def test_licences_that_apply_together_leave_a_file_open(self) -> None:
        """`and` is not settled, and the reason has the words."""
        verdict = judge(reading(package()), "music/both.ogg")
        assert not verdict.is_settled
        assert "CC-BY-3.0 and CC-BY-4.0" in verdict.reason

    @pytest.mark.parametrize(
        ("catch_all", "licence"),
        [
            (CatchAll(), ""),
            (CatchAll(settles=False, reason="the program"), ""),
            (CatchAll(settles=True, quote=Quote("The Lantern Makers")), "GPL-3.0-or-later"),
            (CatchAll(settles=True, quote=Quote("all sound is ours", "notes")), "GPL-3.0-or-later"),
            (CatchAll(settles=True, quote=Quote("all sound is yours", "notes")), ""),
            (CatchAll(settles=True, quote=Quote("all sound is ours", "absent")), ""),
        ],
    )
    def test_a_catch_all_counts_only_when_confirmed(
        self, catch_all: CatchAll, licence: str
    ) -> None:
        """`Files: *` speaks of the sound only while the package says so elsewhere."""
        texts = {"notes": "All about it: all\n  sound is ours."}
        verdict = judge(reading(package(catch_all=catch_all), **texts), "speech/hello.ogg")
        assert verdict.licence == licence
        assert bool(verdict.reason) is not verdict.is_settled

    def test_a_person_reads_free_form(self) -> None:
        """A rule by hand gives the licence, with its quote and reason as evidence."""
        rule = HandRule("*", BY_4, "Ada", Quote("you may share it"), "one statement for all")
        by_hand = reading(package(rules=(rule,)), "It is mine, but you\nmay share it.")
        verdict = judge(by_hand, "music/roof.ogg")
        assert (verdict.licence, verdict.holder) == (BY_4, "Ada")
        assert '"you may share it"' in verdict.evidence
        assert "one statement for all" in verdict.evidence

    @pytest.mark.parametrize("quote", [Quote("no longer there"), Quote("")])
    def test_a_reading_ends_with_its_words(self, quote: Quote) -> None:
        """A rule by hand whose quote is gone, or that has none, settles nothing."""
        rule = HandRule("*", BY_4, "Ada", quote, "it said so")
        verdict = judge(reading(package(rules=(rule,)), "All rights reserved."), "music/roof.ogg")
        assert not verdict.is_settled
        assert "read by a person" in verdict.reason

    def test_unread_free_form_settles_nothing(self) -> None:
        """A copyright file that neither machine nor person read gives no licence."""
        assert not judge(reading(package(), "Do what you like."), "music/roof.ogg").is_settled

    def test_a_doubt_goes_before_everything(self) -> None:
        """What a person doubts stays open, though paragraph and rule say otherwise."""
        rule = HandRule("*", BY_4, "Ada", Quote("License"), "it said so")
        doubt = Doubt("sfx/*", Quote(), "nobody knows")
        doubted = reading(package(rules=(rule,), doubts=(doubt,)))
        assert judge(doubted, "sfx/x.ogg") == Verdict(reason="nobody knows")
        assert judge(doubted, "music/x.ogg").licence == BY_4

    def test_words_are_found_over_line_breaks(self) -> None:
        """A quote is found however its lines are broken, and not when a word differs."""
        assert holds("free\n   as in\tsong", "free as in song")
        assert not holds("free as in beer", "free as in song")


class TestRules:
    verdicts = {  # noqa: RUF012
        "a/1.ogg": Verdict(CC0, 'say "hi"\n\\ there', "Zoë\x7f"),
        "a/b/2.ogg": Verdict(CC0, 'say "hi"\n\\ there', "Zoë\x7f"),
        "c/3.ogg": Verdict("MIT", "words"),
        "c/[4]*.ogg": Verdict("GPL-2.0-or-later", "other words"),
        "c/5.ogg": Verdict(reason="unknown"),
        "d/6.ogg": Verdict(reason="unknown"),
    }

    def test_one_rule_for_a_folder_of_one_mind(self) -> None:
        """A folder with one verdict gets one rule; what is not settled gets none."""
        rules = tomllib.loads(format_rules(self.verdicts, "From somewhere."))["rule"]
        assert [rule["match"] for rule in rules] == ["a/**", "c/3.ogg", "c/[4]?.ogg"]
        assert rules[0] == {
            "match": "a/**",
            "licence": CC0,
            "evidence": 'say "hi"\n\\ there',
            "holder": "Zoë\x7f",
        }
        assert "holder" not in rules[1]

    def test_the_product_reads_the_rules_as_meant(self) -> None:
        """The product's parser gives each file its verdict's licence, and the open ones none."""
        rules = parse_rules(format_rules(self.verdicts, "From somewhere.").encode(), "x")
        for path, verdict in self.verdicts.items():
            found = rules.for_path(path)
            assert (found.licence if found else "") == verdict.licence, path


class TestPackages:
    def test_the_list_is_whole(self) -> None:
        """Every package is named once, and each statement by a person has words to rest on."""
        packages = load_packages()
        assert len({p.name for p in packages}) == len(packages) == 12
        for p in packages:
            assert all(rule.quote.text and rule.reason for rule in p.rules)
            assert all(doubt.reason for doubt in p.doubts)
            assert bool(p.catch_all.quote.text) is p.catch_all.settles

    def test_the_tree_holds_sound_covers_and_papers(self, tmp_path: Path) -> None:
        """A package's folder has its sound, the covers beside it, copyright and rules, no more."""
        folder = tmp_path / "unpacked"
        files = {
            "usr/share/lantern/music/roof.OGG": "roof",
            "usr/share/lantern/music/cover.png": "cover",
            "usr/share/lantern/music/sprite.png": "sprite",
            "usr/share/lantern/art/cover.png": "no sound beside it",
            "usr/share/lantern/speech/hello.wav": "hello",
            "usr/share/doc/lantern-music/copyright": COPYRIGHT,
        }
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        (folder / "usr/share/lantern/music/link.ogg").symlink_to("roof.OGG")
        found = [(package(), Fetched("lantern-music", "1.0-2", folder))]
        (picked,) = build_tree(found, tmp_path / "tree")
        (again,) = build_tree(found, tmp_path / "tree")
        inside = (tmp_path / "tree" / "lantern-music").rglob("*")
        assert sorted(p.name for p in inside if p.is_file()) == [
            "copyright",
            "cover.png",
            "hello.wav",
            "rights.toml",
            "roof.OGG",
        ]
        assert picked == again
        assert [(i.path, i.size_bytes, i.verdict.licence) for i in picked.sound] == [
            ("lantern-music/music/roof.OGG", 4, BY_SA_3),
            ("lantern-music/speech/hello.wav", 5, ""),
        ]
        assert [cover.path for cover in picked.covers] == ["lantern-music/music/cover.png"]

    def test_sound_in_an_unexpected_place_is_an_error(self, tmp_path: Path) -> None:
        """Sound outside the listed root would get the wrong paragraph, so it is refused."""
        (tmp_path / "elsewhere.ogg").write_text("x")
        with pytest.raises(MalformedError, match="lantern-music"):
            build_tree([(package(), Fetched("lantern-music", "1", tmp_path))], tmp_path / "tree")


class TestFetching:
    def test_an_offer_is_read_from_apt(self) -> None:
        """The file's name, length and SHA-256 come from apt's own line."""
        digest = "ab" * 32
        line = f"'http://mirror.example/x_1.2_all.deb' x_1%3a1.2_all.deb 17 SHA256:{digest}\n"
        assert parse_offer(line) == Offer("x_1%3a1.2_all.deb", 17, digest)
        assert parse_offer("'http://m.example/x.deb' x.deb 17 MD5Sum:aa") == Offer("x.deb", 17, "")
        assert parse_offer("E: Unable to locate package x") is None

    def test_the_cache_is_where_the_user_says(self) -> None:
        """Our own variable goes before the desktop's, and that before the home folder."""
        home = Path("/home/ada")
        desktop = {"XDG_CACHE_HOME": "/c"}
        assert cache_folder({}, home) == home / ".cache/phonotheque/debian"
        assert cache_folder(desktop, home) == Path("/c/phonotheque/debian")
        assert cache_folder(desktop | {"PHONOTHEQUE_CACHE": "/own"}, home) == Path("/own")

    def test_without_apt_it_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a system without Debian's tools the answer is a sentence, not a traceback."""
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(UnavailableError, match=r"apt-get: not on this computer.*Debian"):
            require_tools()

    def test_a_download_is_held_against_the_lists(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What came is kept only when it has the announced digest; then it is not asked again."""
        tools, cache = tmp_path / "bin", tmp_path / "cache"
        tools.mkdir()
        cache.mkdir()
        digest = hashlib.sha256(b"right").hexdigest()
        (tools / "apt-get").write_text(
            "#!/bin/sh\necho asked >> asked\n"
            f'case "$*" in *print-uris*) echo "\'u\' x_1_all.deb 5 SHA256:{digest}";;\n'
            '*) printf %s "$COMES" > x_1_all.deb;; esac\n'
        )
        (tools / "dpkg-deb").write_text("#!/bin/sh\n[ $1 = --field ] && echo 1 || touch $3/f\n")
        for tool in tools.iterdir():
            tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COMES", "wrong")
        with pytest.raises(DigestMismatchError, match=r"x_1_all\.deb"):
            fetching.fetch("x", cache)
        monkeypatch.setenv("COMES", "right")
        expected = Fetched("x", "1", cache / "unpacked" / "x")
        assert fetching.fetch("x", cache) == expected
        assert fetching.fetch("x", cache) == expected
        assert (expected.folder / "f").exists()
        assert (cache / "asked").read_text().count("asked") == 2


class TestSteps:
    def test_a_step_is_measured(self, tmp_path: Path) -> None:
        """CPU time holds that of children, and the output is kept."""
        burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**6))'])"
        code = f"{burn}; print('done')"
        step = run_step("burn", [sys.executable, "-c", code], tmp_path)
        assert step.output.read_text() == "done\n"
        assert step.cpu_s > 0
        assert step.peak_mib > 1

    def test_a_failed_step_shows_what_it_said(self, tmp_path: Path) -> None:
        """An unexpected status is an error with the command's own words."""
        code = "import sys; print('no room', file=sys.stderr); sys.exit(6)"
        with pytest.raises(StepFailedError, match=r"add: exit status 6[\s\S]*no room"):
            run_step("add", [sys.executable, "-c", code], tmp_path, allowed=(0, 1))

    def test_a_traceback_is_a_failure_whatever_the_status(self, tmp_path: Path) -> None:
        """A crash ends with 1 too, and is told from "found something" by its traceback."""
        with pytest.raises(StepFailedError, match="ZeroDivisionError"):
            run_step("add", [sys.executable, "-c", "1 / 0"], tmp_path, allowed=(0, 1))

    def test_a_status_that_was_expected_is_no_failure(self, tmp_path: Path) -> None:
        """1 means that something was found, and the step says it."""
        code = "import sys; sys.exit(1)"
        assert run_step("add", [sys.executable, "-c", code], tmp_path, allowed=(0, 1)).status == 1


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A tiny archive with one volume of one object, its list and its hybrid torrent."""
    root = tmp_path / "archive"
    data = bytes(range(256)) * 5000
    name = hashlib.sha256(data).hexdigest()
    held = Path(name[:2]) / name[2:4] / f"{name}.ogg"
    (root / "objects" / held).parent.mkdir(parents=True)
    (root / "objects" / held).write_bytes(data)
    lists = root / "objects" / "lists" / "v1"
    lists.mkdir(parents=True)
    (lists / "SHA256SUMS").write_text(f"{name}  {held}\n")
    (root / "volumes").mkdir()
    (root / "volumes" / "v1").symlink_to("../objects")
    files = [
        libtorrent.create_file_entry(f"v1/{path}", (root / "objects" / path).stat().st_size)
        for path in (held, Path("lists/v1/SHA256SUMS"))
    ]
    torrent = libtorrent.create_torrent(files, 1024 * 1024)
    libtorrent.set_piece_hashes(torrent, str(root / "volumes"))
    (root / "published").mkdir()
    (root / "published" / "v1.torrent").write_bytes(libtorrent.bencode(torrent.generate()))
    event = {"event": "accession", "path": "p/a.ogg", "sha256": name, "readability": "readable"}
    event |= {
        "technical": {"duration_ms": 7200000, "codec": "vorbis", "container": "ogg"},
        "integrity": {"verdict": "damaged", "damage": [{"what": "it ends early"}]},
        "rights": [{"licence": CC0, "basis": "rules"}, {"licence": BY_4, "basis": "claim"}],
    }
    volume = {"event": "volume", "name": "v1", "licence_class": "open"}
    volume |= {"objects": 1, "size_bytes": len(data)}
    (root / "phonotheque.toml").write_text("format = 1\n[catalogue]\n")
    (root / "register").mkdir()
    lines = [json.dumps(line) + "\n" for line in (event, volume)]
    (root / "register" / "000001.jsonl").write_text("".join(lines))
    return root


def damage(archive: Path) -> None:
    (file,) = archive.glob("objects/??/??/*.ogg")
    data = bytearray(file.read_bytes())
    data[1234567 % len(data)] ^= 1
    file.write_bytes(data)


class TestChecks:
    def test_a_sound_archive_is_found_right(self, archive: Path) -> None:
        """coreutils and libtorrent agree with an archive whose bytes are right."""
        (listed,) = check_lists(archive)
        (torrent,) = check_torrents(archive)
        assert (listed.wrong, listed.amount) == ("", "1 lines")
        assert (torrent.wrong, torrent.amount) == ("", "3 of 3 pieces (v1 + v2)")

    def test_one_flipped_bit_is_found(self, archive: Path) -> None:
        """Neither check can pass over a bit that changed, and neither repairs it."""
        damage(archive)
        (listed,) = check_lists(archive)
        (torrent,) = check_torrents(archive)
        assert "FAILED" in listed.wrong
        assert torrent.wrong
        assert check_lists(archive) == [listed]

    def test_sources_are_held_against_the_register(self, tmp_path: Path) -> None:
        """A file registered under another name, or not at all, is named."""
        (tmp_path / "a.ogg").write_bytes(b"a")
        right = Held(hashlib.sha256(b"a").hexdigest(), True, 0, ())
        wrong = Held("0" * 64, True, 0, ())
        assert check_sources(tmp_path, ["a.ogg"], {"a.ogg": right}).wrong == ""
        assert "another name" in check_sources(tmp_path, ["a.ogg"], {"a.ogg": wrong}).wrong
        assert "not in the register" in check_sources(tmp_path, ["a.ogg"], {}).wrong

    def test_licences_on_record_are_exactly_those_written(self) -> None:
        """A licence that is missing on record, or there without a rule, is found."""
        settled = Item("p", "p/a.ogg", 1, Verdict(CC0, "words"))
        open_one = Item("p", "p/b.ogg", 1, Verdict(reason="unknown"))
        with_licence, without = Held("", True, 0, (CC0,)), Held("", True, 0, ())
        right = {"p/a.ogg": with_licence, "p/b.ogg": without}
        assert check_rights([settled, open_one], right).wrong == ""
        assert "no licence" in check_rights([settled], {"p/a.ogg": without}).wrong
        assert "a licence" in check_rights([open_one], {"p/b.ogg": with_licence}).wrong

    def test_a_pack_is_looked_for_where_packs_are(self, archive: Path) -> None:
        """The torrent of a pack is compared with the pack's own folder."""
        packs = archive / "published" / "packs"
        shutil.copytree(archive / "objects", packs / "v1")
        shutil.rmtree(archive / "volumes")
        (torrent,) = check_torrents(archive)
        assert torrent.wrong == ""

    def test_packs_feeds_and_originals_that_are_wrong_are_found(self, tmp_path: Path) -> None:
        """A file of a pack that changed, a feed cut short, an entry without a torrent, and an
        original that did not come back are all named."""
        pack = tmp_path / "packs" / "p"
        pack.mkdir(parents=True)
        (pack / "a").write_bytes(b"a")
        (pack / "SHA256SUMS").write_text(f"{hashlib.sha256(b'a').hexdigest()}  a\n")
        assert check_packs(tmp_path / "packs").wrong == ""
        (pack / "a").write_bytes(b"b")
        assert "FAILED" in check_packs(tmp_path / "packs").wrong
        feed = '<rss version="2.0"><channel><title>f</title><item><title>t</title></item>'
        (tmp_path / "whole.xml").write_text(f"{feed}</channel></rss>")
        assert check_feeds(tmp_path).wrong == "whole.xml: t has no torrent"
        (tmp_path / "whole.xml").write_text(feed)
        assert check_feeds(tmp_path).wrong.count("whole.xml") == 2
        names = [hashlib.sha256(data).hexdigest() for data in (b"a", b"b")]
        assert names[0][:12] in check_originals(pack, names).wrong
        assert check_originals(pack, names[1:]).wrong == ""

    def test_what_was_removed_is_looked_for_in_all_that_is_offered(self, archive: Path) -> None:
        """Bytes in the store, a name in a text, in a torrent or in a compressed file are found;
        the public log may name what was removed."""
        name = hashlib.sha256(b"gone").hexdigest()
        published = archive / "published"
        (published / "tombstones.jsonl").write_text(name)
        assert check_gone(archive, name).wrong == ""
        (published / "a.jsonl.zst").write_bytes(zstd.compress(name.encode()))
        (published / "b.torrent").write_bytes(bytes.fromhex(name))
        (archive / "objects" / "ab" / "cd").mkdir(parents=True)
        (archive / "objects" / "ab" / "cd" / f"{name}.ogg").write_bytes(b"gone")
        wrong = check_gone(archive, name).wrong
        assert "objects/ab/cd" in wrong
        assert "a.jsonl.zst names it" in wrong
        assert "b.torrent names it" in wrong

    def test_a_signature_that_is_not_the_keys_is_found(self, tmp_path: Path) -> None:
        """minisign refuses an index that is not the one that was signed."""
        if shutil.which("minisign") is None:
            pytest.skip("minisign is not installed")
        index = tmp_path / "index-00001.jsonl.zst"
        index.write_bytes(b"an index")
        keys = ["-W", "-p", str(tmp_path / "minisign.pub"), "-s", str(tmp_path / "key")]
        subprocess.run(["minisign", "-G", *keys], check=True, capture_output=True)
        sign = ["minisign", "-S", "-s", str(tmp_path / "key"), "-m", str(index)]
        subprocess.run(sign, check=True, capture_output=True)
        assert check_index(tmp_path).wrong == ""
        index.write_bytes(b"another")
        assert check_index(tmp_path).wrong

    def test_an_archive_is_not_made_over_another(self, archive: Path) -> None:
        """A folder that holds an archive already is refused before anything runs."""
        with pytest.raises(Exception, match="there is something already"):
            require_room(archive, [])


FAKE_PHONO = """
import json, pathlib, shutil, sys
words = [word for word in sys.argv[1:] if word != "--archive"]
if words[0] == "init":
    shutil.copytree({prepared!r}, words[1], symlinks=True)
else:
    if words[1] == {fails!r}:
        sys.exit("the disk is on fire")
    outcome = {again!r} if pathlib.Path("{marker}").exists() else "added"
    print(json.dumps({{"path": "p/a.ogg", "outcome": outcome}}))
    pathlib.Path("{marker}").touch()
    sys.exit(1 if words[1] == "add" else 0)
"""


class TestJob:
    @pytest.fixture
    def picked(self, tmp_path: Path, archive: Path) -> Picked:
        """A tree with the one file that the prepared archive holds."""
        (held,) = archive.glob("objects/??/??/*.ogg")
        (tmp_path / "tree" / "p").mkdir(parents=True)
        (tmp_path / "tree" / "p" / "a.ogg").write_bytes(held.read_bytes())
        item = Item("p", "p/a.ogg", held.stat().st_size, Verdict(CC0, "words"))
        return Picked(package(name="p"), "1", (item,), ())

    def run(
        self, tmp_path: Path, picked: Picked, fails: str = "nothing", again: str = "held"
    ) -> Ran:
        """Run the job with a stand-in for the product's command line."""
        phono = tmp_path / "phono.py"
        phono.write_text(
            FAKE_PHONO.format(
                prepared=str(tmp_path / "archive"),
                fails=fails,
                again=again,
                marker=tmp_path / "added",
            ),
            encoding="utf-8",
        )
        work = tmp_path / "work"
        work.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(job, "_phono", lambda: [sys.executable, str(phono)])
            return job.run_job(tmp_path / "tree", [picked], work)

    def test_the_job_runs_every_step_and_every_check(self, tmp_path: Path, picked: Picked) -> None:
        """All eight commands run in order, and seven checks look at a sound archive."""
        ran = self.run(tmp_path, picked)
        names = ["init", "add", "add again", "publish run", "verify", "status", "duplicates"]
        assert [step.name for step in ran.steps] == [*names, "catalogue build"]
        assert [step.status for step in ran.steps] == [0, 1, 1, 0, 0, 0, 0, 0]
        assert ran.outcomes == {"added": 1}
        assert [check.wrong for check in ran.checks] == [""] * 7

    def test_the_job_notices_damage(self, tmp_path: Path, picked: Picked, archive: Path) -> None:
        """A bit flipped in the archive is found by both foreign tools."""
        damage(archive)
        ran = self.run(tmp_path, picked)
        assert [bool(check.wrong) for check in ran.checks] == [False] * 3 + [True] * 2 + [False] * 2

    def test_the_job_notices_a_file_added_twice(self, tmp_path: Path, picked: Picked) -> None:
        """A second add that says "added" is wrong, whatever its exit status."""
        ran = self.run(tmp_path, picked, again="added")
        assert [bool(check.wrong) for check in ran.checks] == [False, False, True] + [False] * 4

    def test_the_job_stops_at_a_failed_command(self, tmp_path: Path, picked: Picked) -> None:
        """A command that fails ends the job, with its own words."""
        with pytest.raises(StepFailedError, match=r"verify: exit status 1[\s\S]*disk is on fire"):
            self.run(tmp_path, picked, fails="verify")


class TestSearches:
    def run(self, tmp_path: Path, packages: set[str], titles: dict[str, str]) -> list[Searched]:
        """Make the searches with a stand-in that finds the titles it is given."""
        phono = tmp_path / "phono.py"
        phono.write_text(f"import json, sys\ntitle = {titles!r}.get(sys.argv[-1])\n{_FINDS}")
        return run_searches([sys.executable, str(phono)], packages, tmp_path)

    def test_right_answers_come_first(self, tmp_path: Path) -> None:
        """A search whose first answer is another, or that finds nothing, is told with both."""
        found = {"boss": "Boss Attack"}
        made = self.run(tmp_path, {"supertux-data"}, found)
        assert [one.is_right for one in made] == [False, True]
        wrong = check_searches(made).wrong
        assert wrong == "mortimers chipdisko: nothing, not Mortimer's Chipdisko"
        assert check_searches(made[1:]).wrong == ""
        assert search_rows(made)[1][:4] == [
            *("artist:wansti boss", "an artist by his field", "Boss Attack, Wansti", "yes")
        ]

    def test_what_is_not_there_is_not_searched_for(self, tmp_path: Path) -> None:
        """Without its package a search is left out."""
        assert self.run(tmp_path, {"p"}, {}) == []
        assert {one.package for one in SEARCHES} <= {one.name for one in load_packages()}


_FINDS = """
print(json.dumps({"title": title, "credit": "Wansti"} if title else {"found": 0}))
"""


class TestReport:
    def test_the_report_counts_what_the_register_says(self, archive: Path, tmp_path: Path) -> None:
        """Hours, readability, licences and volumes come from the register and the verdicts."""
        view = view_register(archive)
        assert view.held["p/a.ogg"].licences == (CC0,)
        sound = (
            Item("p", "p/a.ogg", 1_000_000, Verdict(CC0, "words")),
            Item("p", "p/b.ogg", 500_000, Verdict(reason="nobody | knows")),
        )
        step = Step("add", 1, 10.0, 6.0, 80.0, tmp_path)
        alike = tmp_path / "alike"
        members = [{"paths": ["p/a.ogg"]}, {"paths": ["q/a.mp3"]}]
        alike.write_text(json.dumps({"kind": "recording", "members": members}) + "\n")
        ran = Ran((step,), Counter(added=1), view, tuple(check_lists(archive)), alike, ())
        picked = [Picked(package(name="p"), "1.0-2", sound, ())]
        text = format_report(picked, ["gone-music"], ran)
        assert "| p | 1.0-2 | 2 | 1.5 | 2.00 | 1 | 1 | CC0-1.0 (1), copyright not eval" in text
        assert "| **all** |  | 2 | 1.5 | 2.00 | 1 | 1 | 1 with a licence, 1 without |" in text
        assert "| phono add | 1 | 10.00 | 6.00 | 720 | 80 |" in text
        assert "| v1 | open | 1 | 1.3 |" in text
        assert "| vorbis in ogg | 0 | 0 | 1 | 0 |" in text
        assert "- p/a.ogg: it ends early" in text
        assert "| recording | 1 | 1 |" in text
        assert "- recording: p/a.ogg, q/a.mp3" in text
        assert "| p | 1 | nobody \\| knows |" in text
        assert "gone-music: not offered" in text
        assert "checked by a person at 1.0-1, this is 1.0-2" in text
        assert "- p/b.ogg (not in the register)" in text

    def test_outcomes_are_counted(self, tmp_path: Path) -> None:
        """Each JSON line of `phono add` with an outcome counts once."""
        lines = ['{"path": "a", "outcome": "added"}', '{"outcome": "added"}', '{"files": 2}']
        (tmp_path / "out").write_text("\n".join(lines) + "\n")
        assert outcomes(tmp_path / "out") == {"added": 2}

    @pytest.mark.parametrize(
        ("licence", "short"),
        [
            (BY_SA_3, "CC-BY-SA-3.0"),
            (CC0, "CC0-1.0"),
            (PUBLIC_DOMAIN, "public domain"),
            ("GPL-2.0-or-later", "GPL-2.0-or-later"),
            ("", ""),
        ],
    )
    def test_licences_are_named_as_people_say_them(self, licence: str, short: str) -> None:
        """A deed's address is written as its short name."""
        assert short_licence(licence) == short
