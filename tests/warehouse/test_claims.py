from datetime import date
from pathlib import Path

import duckdb
import pytest

from warehouse import claims
from warehouse.claims import Answer, ClaimsError

CLAIM = {"id": "X1", "text": "It is so.", "unit": "USD"}


def told(warehouse: duckdb.DuckDBPyConnection, query: str) -> Answer:
    return claims.answer(warehouse, CLAIM | {"query": query})


@pytest.mark.parametrize(
    ("query", "verdict", "value", "reason"),
    [
        pytest.param("select 63.9 as value, true as holds", "holds", 63.9, None, id="it holds"),
        pytest.param(
            "select 7 as value, false as holds, 'October' as reason",
            "does_not_hold",
            7.0,
            "October",
            id="it does not, and why",
        ),
        pytest.param(
            "select 7 as value, null as holds, 'one fund of two' as reason",
            "cannot_be_told",
            7.0,
            "one fund of two",
            id="it cannot be told",
        ),
        pytest.param(
            "select 7 as value, true as holds where false",
            "cannot_be_told",
            None,
            "there is no data to tell it from",
            id="there is no row",
        ),
    ],
)
def test_a_claim_is_answered(
    shared: duckdb.DuckDBPyConnection,
    query: str,
    verdict: str,
    value: float | None,
    reason: str | None,
) -> None:
    answer = told(shared, query)

    assert (answer.verdict, answer.reason, answer.fault) == (verdict, reason, None)
    assert repr(answer.value) == repr(value)
    assert (answer.id, answer.text, answer.unit) == ("X1", "It is so.", "USD")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        pytest.param("select value from nowhere", "nowhere does not exist", id="no such table"),
        pytest.param("selec 1", "syntax error", id="no SQL"),
        pytest.param("select 1 as value", "no column holds, only value", id="no verdict"),
        pytest.param("select 1 as a", "no column value and holds, only a", id="other columns"),
        pytest.param(
            "select n as value, true as holds from range(3) as r(n)",
            "3 rows; one is wanted",
            id="more than one row",
        ),
        pytest.param("select 'high' as value, true as holds", "no number: high", id="a text"),
        pytest.param("select 1 as value, 'no' as holds", "neither true nor false: no", id="words"),
        pytest.param("set variable x = 1", "no column value and holds", id="no query"),
    ],
)
def test_a_query_that_fails_spoils_its_own_claim_only(
    shared: duckdb.DuckDBPyConnection, query: str, fault: str
) -> None:
    broken = told(shared, query)

    assert broken.verdict == "cannot_be_told"
    assert fault in (broken.fault or "")
    assert "\n" not in (broken.fault or "")
    assert told(shared, "select 1 as value, true as holds").verdict == "holds"


GOOD = "id = 'A'\ntext = 'b'\nquery = 'select 1'"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("claims =", "cannot be read as a claims file", id="no TOML"),
        pytest.param("title = 'x'", r"there are no \[\[claims\]\]", id="no claims"),
        pytest.param("claims = []", r"there are no \[\[claims\]\]", id="an empty list"),
        pytest.param("claims = 'many'", r"there are no \[\[claims\]\]", id="a text"),
        pytest.param(f"[claims]\n{GOOD}", r"there are no \[\[claims\]\]", id="one bracket"),
        pytest.param("claims = [1, 2]", r"there are no \[\[claims\]\]", id="numbers"),
        pytest.param("[[claims]]\nid = 'A'", "claim 1 lacks text, query", id="half a claim"),
        pytest.param(
            f"[[claims]]\n{GOOD}\n[[claims]]\nid = 7\ntext = ' '\nquery = ''",
            "claim 2 lacks id, text, query",
            id="fields that say nothing",
        ),
        pytest.param(f"as_of = 'now'\n[[claims]]\n{GOOD}", "as_of is no date", id="no day"),
    ],
)
def test_a_malformed_file_gives_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(text)

    with pytest.raises(ClaimsError, match=complaint) as told_off:
        claims.read(file)

    assert str(told_off.value).startswith(str(file))
    assert "\n" not in str(told_off.value)


@pytest.mark.parametrize(
    "content", [pytest.param(None, id="not there"), pytest.param(b"\xff\xfe", id="no text")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "claims.toml"
    if content:
        file.write_bytes(content)

    with pytest.raises(ClaimsError, match="cannot be read"):
        claims.read(file)


def test_the_silver_article_can_be_asked_of_any_warehouse(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    article = claims.read(claims.SILVER)
    answers = [claims.answer(shared, claim) for claim in article["claims"]]

    assert article["as_of"] == date(2025, 12, 11)
    assert [answer.fault for answer in answers] == [None] * len(answers)
    assert {answer.verdict for answer in answers} == {"cannot_be_told"}


def test_one_bad_claim_spoils_no_other(shared: duckdb.DuckDBPyConnection) -> None:
    queries = [
        "select 1 as value, true as holds",
        "select valu as value, true as holds from facts",
        "selec 1",
        "select count(*) as value, count(*) = 0 as holds from facts",
    ]
    article = {"claims": [CLAIM | {"id": f"X{n}", "query": q} for n, q in enumerate(queries)]}

    first, column, sql, last = claims.answers(shared, article)

    assert (first.verdict, first.fault) == ("holds", None)
    assert column.fault
    assert "no column valu in facts: did you mean value" in column.fault
    assert sql.fault
    assert "\n" not in column.fault + sql.fault
    assert (last.verdict, last.value, last.fault) == ("holds", 0, None)


def test_facts_are_computed_for_the_day_that_is_looked_from_and_then_forgotten(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    article = {"claims": [CLAIM | {"query": "select 1 as value, true as holds"}]}
    before = shared.execute("select count(*) from duckdb_tables()").fetchall()

    claims.answers(shared, article)

    assert shared.execute("select count(*) from duckdb_tables()").fetchall() == before


@pytest.mark.parametrize("file", sorted(claims.FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_a_shipped_claims_file_is_read_and_answered_on_an_empty_warehouse(
    file: Path, shared: duckdb.DuckDBPyConnection
) -> None:
    answers = claims.answers(shared, claims.read(file))

    assert len({answer.id for answer in answers}) == len(answers) > 5
    assert {(answer.verdict, answer.fault) for answer in answers} == {("cannot_be_told", None)}
