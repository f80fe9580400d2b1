import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources import lbma
from tests.sources.bodies import BOM, PAGE, kept

ASKED = kept(lbma.quotes("ACM-FIX", "acme", "USD", date(2030, 7, 1), date(2030, 7, 9)))
DAYS = (
    {"is_cms_locked": 0, "d": "2030-07-05", "v": [2, 1.125, None]},
    {"is_cms_locked": 1, "d": "2030-07-08", "v": [2.25, 1.25, 1.5]},
)


def history(days: Any = DAYS) -> bytes:
    """Write a file in one line, without spaces."""
    return json.dumps(days, separators=(",", ":")).encode()


def rows(payload: bytes) -> list[tuple[Any, ...]]:
    return lbma.parse_quotes(payload, ASKED).tables["bars"].rows()


def test_an_auction_is_asked_for_by_name() -> None:
    request = lbma.quotes("XAU-LBMA-PM", "gold_pm", "USD", date(1968, 4, 1), date(2030, 7, 9))

    assert request.scope == "lbma/quotes/XAU-LBMA-PM"
    assert (request.path, request.params) == ("/json/gold_pm.json", {})
    assert (request.asked_from, request.asked_to) == (date(1968, 4, 1), date(2030, 7, 9))
    assert request.expects == {"currency": "USD"}


def test_a_days_prices_are_in_dollars_pounds_and_euros() -> None:
    parsed = lbma.parse_quotes(history(), ASKED)

    assert parsed.columns == ("d", "is_cms_locked", "v")
    assert parsed.tables["bars"].to_dicts() == [
        {
            "position": 0,
            "d": "2030-07-05",
            "is_cms_locked": 0,
            "USD": 2.0,
            "GBP": 1.125,
            "EUR": None,
        },
        {
            "position": 1,
            "d": "2030-07-08",
            "is_cms_locked": 1,
            "USD": 2.25,
            "GBP": 1.25,
            "EUR": 1.5,
        },
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BOM.encode() + history(), id="a byte order mark"),
        pytest.param(json.dumps(DAYS, indent=2).encode(), id="many lines"),
        pytest.param(history([dict(reversed(day.items())) for day in DAYS]), id="keys turned"),
        pytest.param(history([{**day, "note": "x"} for day in DAYS]), id="one more key"),
    ],
)
def test_a_file_in_another_shape_reads_the_same(body: bytes) -> None:
    assert rows(body) == rows(history())


@pytest.mark.parametrize(
    "day",
    [
        pytest.param({"is_cms_locked": 0, "d": None, "v": [2, 1, None]}, id="no day"),
        pytest.param({"v": [2, 1, None]}, id="no key d"),
        pytest.param({"d": "???", "v": [0, 0, 0]}, id="no such day"),
        pytest.param({"d": "2030-07-09", "v": [None, None, None]}, id="a holiday's placeholder"),
    ],
)
def test_a_row_that_says_little_stays(day: dict[str, Any]) -> None:
    assert len(rows(history([*DAYS, day]))) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "an empty body was served where JSON was wanted"),
        (PAGE.encode(), "HTML was served where JSON was wanted: .* members' portal"),
        (b"<html><body>Please enable JavaScript</body></html>", "challenge page .*members' portal"),
        (b"Date,USD\n2030-07-08,2\n", "CSV was served"),
        (history()[:-10], "broken or cut-off JSON"),
        (b'{"d":"2030-07-08"}', "no list of days"),
        (b"[]", "the list has no days"),
        (b"[1]", "column d, v is missing"),
        (history([{"d": "2030-07-08", "price": 1}]), "column v is missing; .*'d', 'price'"),
        (history([{"v": [1, 2, 3]}]), "column d is missing"),
        (history([*DAYS, 1]), "an element of the list is no object"),
        (history([*DAYS, {"d": "2030-07-09"}]), r"v of row 2.* is not \[USD, GBP, EUR\]"),
        (history([*DAYS, {"d": "2030-07-09", "v": [1, 2]}]), "v of row 2, counted from 0"),
        (history([*DAYS, {"d": "2030-07-09", "v": ["1", 2, 3]}]), "USD holds .*str"),
        (history([*DAYS, {"d": 20300709, "v": [1, 2, 3]}]), "d holds int"),
        (history([*DAYS, {"d": "2030-07-09", "v": [10**400, 2, 3]}]), "too large a number"),
    ],
)
def test_what_is_no_history_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^lbma/quotes/ACM-FIX: .*{told}"):
        rows(body)


PRICE = st.none() | st.integers(0, 5000) | st.floats(0, 5000)


@settings(deadline=None, max_examples=30)
@given(
    days=st.lists(
        st.tuples(st.dates().map(str), st.sampled_from([0, 1, None]), PRICE, PRICE, PRICE),
        min_size=1,
        max_size=50,
    )
)
def test_any_history_comes_back(days: list[tuple[Any, ...]]) -> None:
    body = history([{"is_cms_locked": locked, "d": day, "v": v} for day, locked, *v in days])

    assert [row[1:] for row in rows(body)] == days


STRANGE = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
LISTS = st.lists(STRANGE, max_size=4)
OBJECTS = st.dictionaries(st.sampled_from(["d", "v", "is_cms_locked"]), STRANGE | LISTS)


@settings(deadline=None, max_examples=50)
@given(document=STRANGE | OBJECTS | st.lists(STRANGE | LISTS | OBJECTS, max_size=4))
def test_a_parser_refuses_and_never_fails(document: Any) -> None:
    with suppress(Refused):
        rows(history(document))
