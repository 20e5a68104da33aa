"""Charts of how listening is spread: over popularity, over what is held, over the most played."""

from __future__ import annotations

from phonotheque.catalogue.charts.values import Axes, Chart, Finding, Form, Row, Rows
from phonotheque.catalogue.charts.words import LISTEN, counted, number, percent, sentence
from phonotheque.catalogue.kinds import Kind

SECTION = "Listening"

_LACKING = "Nobody counted listens of anything in this catalogue."
_SCORE = "Popularity, 0 to 100: eleven more are ten times as many listens."
_HOW = (
    "Popularity is a logarithm of listens: eleven steps are ten times as many. "
    "What nobody counted has none, and is in the data, not in the picture."
)


def charts() -> tuple[Chart, ...]:
    """Return the charts of this section."""
    return (
        _concentration(),
        *(
            _popularity(kind, form)
            for kind in (Kind.RECORDING, Kind.RELEASE, Kind.ARTIST)
            for form in (Form.STEPS, Form.LOG_STEPS)
        ),
        _listens(),
        _held(),
    )


def _scored(rows: Rows) -> list[Row]:
    return [row for row in rows if row["score"] is not None]


def _popularity(kind: Kind, form: Form) -> Chart:
    plural = f"{kind}s"

    def find(rows: Rows) -> Finding | None:
        scored = _scored(rows)
        total = sum(row[plural] for row in scored)
        if not total:
            return None
        if form is Form.LOG_STEPS:
            top = scored[-1]
            title = (
                f"{counted(top[plural], kind)} {'has' if top[plural] == 1 else 'have'} the highest "
                f"popularity, {top['score']}, among {number(total)} whose listens are known"
            )
            return Finding(title, (top["score"],), scored)
        score = _median(scored, plural, total)
        title = (
            f"Half of the {number(total)} {plural} whose listens are known have a popularity of "
            f"{score}{' or less' if score else ''}"
        )
        return Finding(title, (score,), scored)

    ending = "-log" if form is Form.LOG_STEPS else ""
    return Chart(
        name=f"{plural}-by-popularity{ending}",
        section=SECTION,
        reads=(f"{kind}_card",),
        query=f"""
SELECT score, count(*) AS {plural}
FROM {kind}_card
GROUP BY score
ORDER BY score NULLS LAST""",
        columns={"score": f"{_SCORE} Empty: nobody counted.", plural: f"How many {plural}."},
        how=_HOW if form is Form.STEPS else f"The same, each step of height ten times more. {_HOW}",
        form=form,
        axes=Axes("score", plural, "popularity", plural),
        find=find,
        lacking=_LACKING,
    )


def _median(rows: list[Row], column: str, total: int) -> int:
    seen = 0
    for row in rows:
        seen += row[column]
        if 2 * seen >= total:
            return int(row["score"])
    raise AssertionError


_FEWEST = 100
"""Recordings below which there is no most played hundredth."""

_SHARES = "0.0001, 0.001, 0.01, 0.02, 0.05, " + ", ".join(f"{n / 20:g}" for n in range(2, 21))


def _find_concentration(rows: Rows) -> Finding | None:
    of_one = [row for row in rows if row["share_of_recordings"] == 0.01]
    if not of_one:
        return None
    title = (
        "The most played 1 % of recordings have "
        f"{percent(of_one[0]['share_of_listens'], 1)} of all {LISTEN}s"
    )
    return Finding(title, (0.01,))


def _concentration() -> Chart:
    return Chart(
        name="concentration",
        section=SECTION,
        reads=("recording_card",),
        query=f"""
WITH heard AS (
    SELECT listens, count(*) AS n FROM recording_card
    WHERE listens IS NOT NULL GROUP BY listens
), added AS (
    SELECT listens,
        (sum(n) OVER down)::DOUBLE AS through, through - n AS before,
        (sum(listens::HUGEINT * n) OVER down)::DOUBLE AS heard_through,
        heard_through - listens::DOUBLE * n AS heard_before,
        (sum(n) OVER ())::DOUBLE AS recordings,
        (sum(listens::HUGEINT * n) OVER ())::DOUBLE AS all_listens
    FROM heard WINDOW down AS (ORDER BY listens DESC)
)
SELECT share AS share_of_recordings,
    (heard_before + (share * recordings - before) * listens) / all_listens AS share_of_listens
FROM added JOIN (SELECT unnest([{_SHARES}])::DOUBLE AS share) AS step
    ON share * recordings > before AND share * recordings <= through
WHERE all_listens > 0 AND recordings >= {_FEWEST}
ORDER BY share""",
        columns={
            "share_of_recordings": "Of the recordings whose listens are known, the most played.",
            "share_of_listens": "Of all weighed listens, those of these recordings.",
        },
        how=(
            "Recordings whose listens somebody counted, the most played first, and the share of "
            "all listens that they have together."
        ),
        form=Form.CURVE,
        axes=Axes("share_of_recordings", "share_of_listens", "of recordings", f"of {LISTEN}s"),
        find=_find_concentration,
        lacking=f"Somebody counted listens of fewer than {_FEWEST} recordings.",
    )


def _find_listens(rows: Rows) -> Finding | None:
    total = sum(row["listens"] for row in rows)
    if not total:
        return None
    best = max(rows, key=lambda row: row["listens"])
    above = [row for row in rows if row["score"] >= 50]
    title = (
        f"Recordings of popularity {best['score']} alone have "
        f"{percent(best['listens'], total)} of all {LISTEN}s"
    )
    if above:
        known = sum(row["recordings"] for row in rows)
        title = (
            f"The {percent(sum(row['recordings'] for row in above), known)} of recordings with "
            f"a popularity of 50 or more have "
            f"{percent(sum(row['listens'] for row in above), total)} of all {LISTEN}s"
        )
    return Finding(title, (best["score"],))


def _listens() -> Chart:
    return Chart(
        name="listens-by-popularity",
        section=SECTION,
        reads=("recording_card",),
        query="""
SELECT score, count(*) AS recordings, sum(listens) AS listens
FROM recording_card
WHERE score IS NOT NULL
GROUP BY score
ORDER BY score""",
        columns={
            "score": _SCORE,
            "recordings": "How many recordings.",
            "listens": "How often they were heard together, as popularity counts it.",
        },
        how="All listens of the recordings of one popularity, added up.",
        form=Form.STEPS,
        axes=Axes("score", "listens", "popularity", f"{LISTEN}s"),
        find=_find_listens,
        lacking=_LACKING,
    )


def _held() -> Chart:
    def find(rows: Rows) -> Finding | None:
        known = sum(row["recordings"] for row in rows)
        if not _scored(rows):
            return None
        held = sum(row["held"] for row in rows)
        listens = sum(row["listens"] or 0 for row in rows)
        heard = sum(row["listens_held"] or 0 for row in rows)
        title = sentence(
            f"{percent(held, known)} of all known recordings are held; "
            f"they have {percent(heard, listens)} of all {LISTEN}s"
        )
        if not held:
            title = f"None of {counted(known, 'known recording')} is held here"
        return Finding(title, (), _scored(rows))

    return Chart(
        name="held-by-popularity",
        section=SECTION,
        reads=("recording_card",),
        query="""
SELECT score, count(*) AS recordings, count(*) FILTER (is_held) AS held,
    sum(listens) AS listens, sum(listens) FILTER (is_held) AS listens_held
FROM recording_card
GROUP BY score
ORDER BY score NULLS LAST""",
        columns={
            "score": f"{_SCORE} Empty: nobody counted.",
            "recordings": "How many recordings are known.",
            "held": "How many of them this archive holds.",
            "listens": "How often all of them were heard, as popularity counts it.",
            "listens_held": "How often those that are held were heard, as popularity counts it.",
        },
        how="In ink what this archive holds, in outline what it only knows. " + _HOW,
        form=Form.STACKED,
        axes=Axes("score", "recordings", "popularity", "recordings", part="held"),
        find=find,
        lacking=_LACKING,
    )
