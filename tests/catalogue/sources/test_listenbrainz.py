"""ListenBrainz as a source: counts are exact, and nothing tells who listened."""

import datetime
import io
import json
import random
import struct
import tarfile
from collections import Counter as Tally
from uuid import UUID, uuid5

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogue.sources.contract import ROWS_IN_BATCH, SourceContract, joined

from phonotheque.catalogue.gids import key_of
from phonotheque.catalogue.sources.importing import import_source
from phonotheque.catalogue.sources.listenbrainz.source import ListenBrainz
from phonotheque.catalogue.sources.reading.stream import zstd
from phonotheque.errors import BadRequestError, MalformedError

SPACE = UUID("6f0c5f9e-3f0a-5b1e-9a55-0d6f6e6f7465")
USER = 7_734_191_239_418_275_733  # eight bytes that do not come about by chance
USER_NAME = "zebedee-the-secret"
MAY = int(datetime.datetime(2021, 5, 9, tzinfo=datetime.UTC).timestamp())
JUNE = MAY + 31 * 86_400


def mbid(*named):
    return str(uuid5(SPACE, repr(named)))


def listen(recording="r", user=1, second=MAY, **more):
    """A listen of a recording that was matched, as a dictionary of the columns of a dump."""
    return {
        "listened_at": second,
        "user_id": user,
        "recording_msid": mbid("msid", recording),
        "recording_mbid": mbid("recording", recording),
        "release_mbid": mbid("release", recording),
        "artist_credit_mbids": [mbid("artist", recording)],
        "artist_name": f"Artist of {recording}",
        "release_name": f"Release of {recording}",
        "recording_name": f"Title of {recording}",
    } | more


def as_json(one):
    info = {
        "recording_mbid": one["recording_mbid"],
        "release_mbid": one["release_mbid"],
        "artist_mbids": one["artist_credit_mbids"],
        "listening_from": "a player",
    }
    track = {
        "artist_name": one["artist_name"],
        "track_name": one["recording_name"],
        "release_name": one["release_name"],
        "additional_info": {name: value for name, value in info.items() if value is not None},
    }
    return json.dumps(
        {
            "user_id": one["user_id"],
            "user_name": USER_NAME,
            "timestamp": one["listened_at"],
            "track_metadata": track,
            "recording_msid": one["recording_msid"],
        }
    ).encode()


def write_lines(folder, listens, bad=()):
    folder.mkdir(parents=True, exist_ok=True)
    lines = [as_json(one) for one in listens]
    (folder / "5.listens").write_bytes(b"\n".join([*lines[:1], *bad, *lines[1:], b""]))
    return folder


SCHEMA = pa.schema(
    [
        ("listened_at", pa.timestamp("ns")),
        ("created", pa.timestamp("ns")),
        ("user_id", pa.int64()),
        ("recording_msid", pa.string()),
        ("artist_name", pa.string()),
        ("artist_credit_id", pa.int64()),
        ("release_name", pa.string()),
        ("release_mbid", pa.string()),
        ("recording_name", pa.string()),
        ("recording_mbid", pa.string()),
        ("artist_credit_mbids", pa.list_(pa.string())),
    ]
)


def write_parquet(folder, listens, name="0.parquet"):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [one | {"listened_at": (one["listened_at"] or 0) * 10**9} for one in listens]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / name, compression="zstd")
    return folder


def source_of(folder, **options):
    return ListenBrainz([folder], folder.parent / "scratch", **options)


def counts_of(source, entity_type="recording"):
    """Listens and users by entity and period."""
    rows = joined(source.batches()).get("popularity")
    return {
        (row["entity"], row["period"]): (row["total_listen_count"], row["total_user_count"])
        for row in (rows.to_pylist() if rows else [])
        if row["entity_type"] == entity_type
    }


def key(kind, name="r"):
    return key_of(mbid(kind, name))


class _Contract(SourceContract):
    FIELDS = frozenset(("title", "artist"))
    MEMORY_RECORDS = 150

    def _listens(self, records):
        return [
            listen(
                record.number,
                recording_mbid=None,
                release_mbid=None,
                artist_credit_mbids=None,
                artist_name=record.artist,
                recording_name=record.title,
            )
            for record in records
        ]

    def _source(self, folder, count):
        rows = ROWS_IN_BATCH if count < 100 else 250
        return source_of(folder, listens_at_once=150, rows_per_batch=rows)


class TestLines(_Contract):
    """Listens as lines of JSON keep the laws of every source."""

    BAD_ROWS = (
        ("not a listen in JSON", b'{"user_id": 1'),
        ("not a listen in JSON", b"\xff\xfe{}"),
        ("not a listen in JSON", b'{"track_metadata": {"track_name": "\xff"}}'),
        ("not a listen in JSON", b'{"x": ' + b"[" * 100_000),
        ("names no recording", b'{"track_metadata": {"track_name": "x"}, "recording_msid": "?"}'),
    )

    def write(self, folder, records, bad_rows=()):
        return self._source(
            write_lines(folder / "dump", self._listens(records), bad_rows), len(records)
        )


class TestParquet(_Contract):
    """Listens as Parquet keep the laws of every source."""

    def write(self, folder, records, bad_rows=()):
        return self._source(write_parquet(folder / "dump", self._listens(records)), len(records))


# -- counting


def test_listeners_are_counted_once(tmp_path):
    """A listener counts once in all and once in each month, however often he listens."""
    heard = [listen(user=1), listen(user=1, second=JUNE), listen(user=2, second=JUNE)]
    counts = counts_of(source_of(write_parquet(tmp_path / "dump", heard)))
    me = key("recording")
    assert counts == {(me, "all"): (3, 2), (me, "2021-05"): (1, 1), (me, "2021-06"): (2, 2)}


listens = st.lists(
    st.builds(
        lambda recording, user, second: listen(recording, user=user, second=second),
        st.integers(1, 4),
        st.integers(1, 5),
        st.sampled_from([MAY, MAY + 1, JUNE]),
    ),
    max_size=40,
)


@settings(max_examples=5)
@given(listens, st.integers(1, 50), st.integers(1, 50))
def test_counts_are_those_of_a_plain_count(tmp_path_factory, heard, at_once, rows_per_batch):
    """However listens are cut into stretches and ranges, counts are those of counting them."""
    folder = write_parquet(tmp_path_factory.mktemp("lb") / "dump", heard)
    source = source_of(folder, listens_at_once=at_once, rows_per_batch=rows_per_batch)
    expected, users = Tally(), {}
    for one in heard:
        month = datetime.datetime.fromtimestamp(one["listened_at"], datetime.UTC)
        for period in ("all", f"{month:%Y-%m}"):
            place = (key_of(one["recording_mbid"]), period)
            expected[place] += 1
            users.setdefault(place, set()).add(one["user_id"])
    assert counts_of(source) == {p: (n, len(users[p])) for p, n in expected.items()}


def test_both_forms_count_alike(tmp_path):
    """The same listens as Parquet and as JSON lines give the same rows."""
    heard = [listen(n % 3, user=n % 4, second=MAY + n * 86_400) for n in range(40)]
    forms = write_parquet(tmp_path / "a", heard), write_lines(tmp_path / "b", heard)
    one, other = (joined(source_of(form).batches()) for form in forms)
    assert one == other


def test_what_was_not_matched_counts_by_msid(tmp_path):
    """Without an MBID a recording is its MSID, and keeps the names that came with it."""
    rows = joined(source_of(write_lines(tmp_path / "d", [_unmatched()])).batches())
    (recording,) = rows["recording"].to_pylist()
    assert recording["key"] == key("msid")
    assert recording["source_id"] == mbid("msid", "r")
    assert recording["mbid"] is None
    assert recording["title"] == "Title of r"
    assert rows["artist_credit"]["name"].to_pylist() == ["Artist of r"]
    assert "artist" not in rows
    assert "release" not in rows


def _unmatched(**more):
    nothing = {"recording_mbid": None, "release_mbid": None, "artist_credit_mbids": None}
    return listen(**(nothing | more))


def test_every_artist_of_a_credit_counts(tmp_path):
    """Two artists of one credit count one listen each; what each is called is not known."""
    both = [mbid("artist", 1), mbid("artist", 2), mbid("artist", 1).upper()]
    source = source_of(write_parquet(tmp_path / "d", [listen(artist_credit_mbids=both)]))
    rows = joined(source.batches())
    artists = {row["key"]: row["name"] for row in rows["artist"].to_pylist()}
    assert artists == {key("artist", 1): None, key("artist", 2): None}
    credited = sorted((r["position"], r["artist"]) for r in rows["artist_credit_name"].to_pylist())
    assert credited == [(0, key("artist", 1)), (1, key("artist", 2))]
    assert set(counts_of(source, "artist").values()) == {(1, 1)}


def test_the_most_frequent_name_is_taken(tmp_path):
    """An entity bears the name it was heard under most often, a known one before none."""
    names = ["B", "A", "B", None, None, None, "C"]
    heard = [listen(release_name=name) for name in names]
    rows = joined(source_of(write_parquet(tmp_path / "d", heard)).batches())
    assert rows["release"]["title"].to_pylist() == ["B"]


def test_a_match_is_believed_before_what_was_sent(tmp_path):
    """Where ListenBrainz matched a listen, its MBIDs stand, not those of the player."""
    line = json.loads(as_json(listen("sent")))
    line["track_metadata"]["mbid_mapping"] = {
        "recording_mbid": mbid("recording", "matched"),
        "artist_mbids": [mbid("artist", "matched")],
    }
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "1.listens").write_text(json.dumps(line))
    counts = counts_of(source_of(tmp_path / "d"))
    assert {entity for entity, _ in counts} == {key("recording", "matched")}


@pytest.mark.parametrize("second", [0, -1, 1_000_000_000, 2**39, None])
def test_listens_out_of_time_count_in_no_month(tmp_path, second):
    """A listen before anybody sent listens, or in a far future, counts in all and in no month."""
    folder = write_lines(tmp_path / "d", [listen(second=second)])
    assert counts_of(source_of(folder)) == {(key("recording"), "all"): (1, 1)}
    told = [refusal for batch in source_of(folder).batches() for refusal in batch.refusals]
    assert [refusal.is_row for refusal in told] == [False]


def test_months_can_be_left_out(tmp_path):
    """Without months there is one count for each entity."""
    source = source_of(write_parquet(tmp_path / "d", [listen()]), has_months=False)
    assert counts_of(source) == {(key("recording"), "all"): (1, 1)}


def test_listens_without_a_user_count_as_listens(tmp_path):
    """Nobody known heard it: so many listens, an unknown number of listeners."""
    line = json.loads(as_json(listen()))
    del line["user_id"], line["user_name"]
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "1.listens").write_text(json.dumps(line))
    assert counts_of(source_of(tmp_path / "d"))[key("recording"), "all"] == (1, None)


# -- nobody is told of


def _files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


_TRACES = (str(USER).encode(), struct.pack("<q", USER), struct.pack(">q", USER), USER_NAME.encode())


def _trace(data):
    return [trace for trace in _TRACES if trace in data]


@pytest.mark.parametrize("write", [write_parquet, write_lines])
def test_no_trace_of_a_user_is_written(tmp_path, write):
    """Neither rows nor refusals nor what lies on the disk meanwhile has a user's number or name."""
    heard = [listen(n, user=USER) for n in range(500)] + [listen(user=USER, recording_mbid="?")]
    folder = write(tmp_path / "dump", heard)
    if write is write_lines:  # lines that cannot be read name users as well
        with (folder / "5.listens").open("ab") as file:
            file.write(f'{{"user_name": "{USER_NAME}", "user_id": {USER}, broken\n'.encode())
    seen = 0
    for batch in source_of(folder, listens_at_once=50, rows_per_batch=100).batches():
        written = repr(batch.refusals).encode() + repr(batch.tally).encode()
        for name, table in batch.rows.items():
            sink = io.BytesIO()
            pq.write_table(table, sink, compression="none")
            written += name.encode() + sink.getvalue()
        assert not _trace(written)
        for file in _files(tmp_path / "scratch"):
            seen += 1
            assert not _trace(file.read_bytes()), file
    assert seen


def test_an_import_writes_nothing_of_users(tmp_path):
    """Whatever an import leaves in a catalogue, its report included, has no trace of a user."""
    folder = write_lines(tmp_path / "dump", [listen(n, user=USER) for n in range(50)])
    with (folder / "5.listens").open("ab") as file:
        file.write(f'{{"user_name": "{USER_NAME}", "user_id": {USER}, broken\n'.encode())
    report = import_source(tmp_path / "catalogue", source_of(folder))
    assert (report.read, report.refused) == (51, 1)
    written = _files(tmp_path / "catalogue")
    assert len(written) > 5
    assert not any(_trace(file.read_bytes()) for file in written)
    assert not _trace(repr(report).encode())


def test_nothing_is_left_at_the_end(tmp_path):
    """When all was counted nothing that was made for it is on the disk."""
    list(source_of(write_parquet(tmp_path / "dump", [listen()])).batches())
    assert _files(tmp_path / "scratch") == []


def test_a_rehearsal_leaves_nothing(tmp_path):
    """A rehearsal counts on the disk as well, and leaves not even a folder."""
    folder = write_parquet(tmp_path / "dump", [listen()])
    source = ListenBrainz([folder], tmp_path / "catalogue" / "sources" / "x" / "scratch")
    report = import_source(tmp_path / "catalogue", source, is_rehearsal=True)
    assert report.read == 1
    assert not (tmp_path / "catalogue").exists()


def test_what_a_crash_left_is_removed(tmp_path):
    """A run begins with an empty folder, whatever one that was killed left in it."""
    folder = write_parquet(tmp_path / "dump", [listen()])
    left = tmp_path / "scratch" / "listenbrainz-counting" / "spill" / "old.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    begun = source_of(folder).batches()
    next(begun)
    assert not left.exists()
    begun.close()
    assert _files(tmp_path / "scratch") == []


# -- bad input


def test_damaged_parquet_is_refused_or_read(tmp_path):
    """A flipped bit ends in our error or in rows, never in anything else."""
    folder = write_parquet(tmp_path / "dump", [listen(n % 5, user=n) for n in range(60)])
    file = folder / "0.parquet"
    sound, chance, refused = file.read_bytes(), random.Random(7), 0
    for _ in range(20):
        data = bytearray(sound)
        data[chance.randrange(4, len(data))] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
        try:
            list(source_of(folder).batches())
        except MalformedError:
            refused += 1
    assert refused


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_parquet_is_refused(tmp_path, share):
    """A Parquet file that ends early is refused by name; it has its index at its end."""
    folder = write_parquet(tmp_path / "dump", [listen(n) for n in range(60)])
    file = folder / "0.parquet"
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(MalformedError, match=r"0\.parquet"):
        list(source_of(folder).batches())


def test_other_parquet_is_refused(tmp_path):
    """Parquet without the columns of listens is refused, and says which are lacking."""
    (tmp_path / "d").mkdir()
    pq.write_table(pa.table({"user_id": [1]}), tmp_path / "d" / "0.parquet")
    with pytest.raises(MalformedError, match="recording_msid"):
        list(source_of(tmp_path / "d").batches())


def test_columns_of_another_type_are_refused(tmp_path):
    """A column that holds something else than it must is refused."""
    table = pa.Table.from_pylist([listen() | {"listened_at": 0}], SCHEMA)
    place = table.schema.get_field_index("artist_name")
    table = table.set_column(place, "artist_name", pa.array([[1]]))
    (tmp_path / "d").mkdir()
    pq.write_table(table, tmp_path / "d" / "0.parquet")
    with pytest.raises(MalformedError, match=r"0\.parquet"):
        list(source_of(tmp_path / "d").batches())


def test_what_is_no_mbid_is_told_and_passed_over(tmp_path):
    """Of artists named by something else than an MBID the others count; the listen stays."""
    heard = [listen(), listen(artist_credit_mbids=["?", mbid("artist", "r")]), listen("s")]
    source = source_of(write_parquet(tmp_path / "d", heard))
    assert counts_of(source, "artist")[key("artist"), "all"] == (2, 1)
    told = [refusal for batch in source.batches() for refusal in batch.refusals]
    assert [(one.place, one.is_row, one.sample) for one in told] == [
        ("0.parquet, line 2", False, "")
    ]


def test_places_are_those_of_lines(tmp_path):
    """A refusal names the line that it is about, also after lines that were refused."""
    folder = write_lines(tmp_path / "d", [listen(), listen(recording_mbid="?")], [b"{", b""])
    told = [refusal for batch in source_of(folder).batches() for refusal in batch.refusals]
    assert [refusal.place for refusal in told] == ["5.listens, line 2", "5.listens, line 4"]


def test_a_very_long_line_is_passed_over(tmp_path):
    """A line of 17 MiB is refused as a row; those before and after it are read."""
    long = b'{"user_id": 1, "x": "' + b"y" * (17 << 20)
    source = source_of(write_lines(tmp_path / "d", [listen(1), listen(2)], [long]))
    batches = list(source.batches())
    assert sum(batch.refused for batch in batches) == 1
    assert joined(batches)["recording"].num_rows == 2


def packed(folder, members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"listenbrainz-listens-dump-1-20210807-000000-full/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    folder.mkdir()
    return folder / "listenbrainz-listens-dump-1-20210807-000000-full.tar.zst", data.getvalue()


def test_an_archive_of_months(tmp_path):
    """A dump as it is published, months of listens in a tar in zstd, is read without unpacking."""
    members = {"TIMESTAMP": b"2021-08-07 00:00:00+00:00\n", "COPYING": b"CC0"}
    for month, user in ((5, 1), (6, 2)):
        one = listen(user=user, second=MAY if month == 5 else JUNE)
        members[f"listens/2021/{month}.listens"] = as_json(one) + b"\n"
    path, data = packed(tmp_path / "d", members)
    path.write_bytes(zstd.compress(data))
    source = ListenBrainz([path], tmp_path / "scratch")
    assert counts_of(source)[key("recording"), "all"] == (2, 2)
    assert source.terms.as_of == "2021-08-07"


def test_an_archive_of_parquet(tmp_path):
    """Parquet files in a tar are read as well."""
    folder = write_parquet(tmp_path / "p", [listen(user=n) for n in range(3)])
    path, data = packed(tmp_path / "d", {"0.parquet": (folder / "0.parquet").read_bytes()})
    path.write_bytes(data)
    source = ListenBrainz([path], tmp_path / "scratch")
    assert counts_of(source)[key("recording"), "all"] == (3, 3)


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    """An archive that ends early, or has a changed bit, is refused with its name."""
    lines = b"".join(as_json(listen(n)) + b"\n" for n in range(300))
    path, data = packed(tmp_path / "d", {"listens/2021/5.listens": lines})
    options = {zstd.CompressionParameter.checksum_flag: 1}
    whole = bytearray(zstd.compress(data, options=options))
    if damage == "truncated":
        del whole[len(whole) // 2 :]
    else:
        whole[len(whole) // 2] ^= 4
    path.write_bytes(whole)
    with pytest.raises(MalformedError, match="listenbrainz-listens-dump"):
        list(ListenBrainz([path], tmp_path / "scratch").batches())


def test_nothing_to_read_is_refused(tmp_path):
    """A folder without data, and a file that is none, are refused by name."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "README").write_text("nothing here")
    with pytest.raises(BadRequestError, match="no dump"):
        list(source_of(tmp_path / "d").batches())
    with pytest.raises(MalformedError, match="README"):
        list(ListenBrainz([tmp_path / "d" / "README"], tmp_path / "scratch").batches())


# -- counts that ListenBrainz made


def write_counts(folder, *lines):
    folder.mkdir()
    (folder / "popularity.jsonl").write_bytes(b"\n".join([*lines, b""]))
    return folder


def count_line(kind="recording", listens=7, users=3, name="r"):
    counts = {"total_listen_count": listens, "total_user_count": users}
    return json.dumps({f"{kind}_mbid": mbid(kind, name)} | counts).encode()


@pytest.mark.parametrize("kind", ["recording", "artist", "release", "release_group"])
def test_counts_are_taken_as_they_are(tmp_path, kind):
    """A count of the dump of popularity is a row of all time; the entity has its MBID."""
    source = source_of(write_counts(tmp_path / "d", count_line(kind)))
    assert counts_of(source, kind) == {(key(kind), "all"): (7, 3)}
    rows = joined(source.batches())
    assert rows[kind]["mbid"].to_pylist() == [UUID(mbid(kind, "r")).bytes]


def test_bad_counts_are_refused(tmp_path):
    """Counts of nothing, below nothing, twice, without an MBID or in no JSON are refused."""
    lines = (
        count_line(),
        count_line(),
        count_line(listens=0, name=2),
        count_line(listens=-1, name=3),
        count_line(listens=None, name=4),
        b'{"recording_mbid": "x", "total_listen_count": 1, "total_user_count": 1}',
        b'{"total_listen_count": 1, "total_user_count": 1}',
        b'{"total_listen_count": ',
        b"[" + count_line(name=5) + b"]",
    )
    batches = list(source_of(write_counts(tmp_path / "d", *lines)).batches())
    assert sum(batch.refused for batch in batches) == 7
    assert joined(batches)["popularity"].num_rows == 2


def test_more_listeners_than_listens_is_not_believed(tmp_path):
    """A number of listeners that cannot be is left unknown."""
    source = source_of(write_counts(tmp_path / "d", count_line(listens=2, users=3)))
    assert counts_of(source) == {(key("recording"), "all"): (2, None)}


def test_listens_and_counts_of_them_do_not_mix(tmp_path):
    """A folder with both is refused: the same listens would count twice."""
    folder = write_counts(tmp_path / "d", count_line())
    write_lines(folder, [listen()])
    with pytest.raises(BadRequestError, match="twice"):
        list(source_of(folder).batches())
