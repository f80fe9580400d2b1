import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Capture, Refused
from sources import ssga
from tests.sources.bodies import kept

NAME = "Acme® Silver® Trust"
VALUATIONS = kept(ssga.valuations("ACS", "acs", NAME))
HOLDINGS = kept(ssga.holdings("ACS", "acs", NAME, date(2030, 7, 8)))

TOP = (("Fund Name:", NAME), ("Ticker Symbol:", "ACS®"), ())
DAYS = (
    ("08-Jul-2030", 25.125, 1_500_000, 37_687_500.5),
    ("05-Jul-2030", 25, 1_450_000, 36_250_000),
    ("03-Jul-2030", 24.875, "-", "-"),
)
HISTORY = ("Date", "NAV", "Shares Outstanding", "Total Net Assets")
STATED = (*TOP[:2], ("Holdings:", "As of 08-Jul-2030"), ())
LISTED = (
    "Name",
    "Ticker",
    "Identifier",
    "SEDOL",
    "Weight",
    "Sector",
    "Shares Held",
    "Local Currency",
)
HELD = (
    ("ALPHA + SONS INC", "AAA", "001234567", "B000001", 60.5, "-", 10_000, "USD"),
    ("BETA   CORP", "BBB", "076543210", "B000002", 39.25, "-", 2_000, "USD"),
    ("US DOLLAR", "-", "999USDZ92", "-", 0.25, "-", 1_000.25, "USD"),
)
LEGAL = ((), ("Past performance proves nothing.",), (), (), ("Nor does this.",))


def workbook(*rows: Sequence[Any], sheet: str = "holdings") -> bytes:
    """Write a workbook of one sheet."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body) as book:
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                write = page.write_string if isinstance(value, str) else page.write_number
                write(number, column, value)
    return body.getvalue()


def nav_history(
    days: Sequence[Sequence[Any]] = DAYS,
    top: Sequence[Sequence[Any]] = TOP,
    header: Sequence[str] = HISTORY,
) -> bytes:
    return workbook(*top, header, *days, sheet="Any")


def holdings(
    held: Sequence[Sequence[Any]] = HELD,
    top: Sequence[Sequence[Any]] = STATED,
    header: Sequence[str] = LISTED,
    sheet: str = "holdings",
) -> bytes:
    return workbook(*top, header, *held, *LEGAL, sheet=sheet)


def days(payload: bytes, capture: Capture = VALUATIONS) -> list[dict[str, Any]]:
    return ssga.parse_valuations(payload, capture).tables["fund_valuations"].to_dicts()


def held(payload: bytes, capture: Capture = HOLDINGS) -> list[dict[str, Any]]:
    return ssga.parse_holdings(payload, capture).tables["holdings"].to_dicts()


def test_files_are_asked_for_by_ticker_in_lower_case() -> None:
    folder = "/library-content/products/fund-data/etfs/us"

    assert VALUATIONS.request.path == f"{folder}/navhist-us-en-acs.xlsx"
    assert VALUATIONS.request.scope == "ssga/valuations/ACS"
    assert HOLDINGS.request.path == f"{folder}/holdings-daily-us-en-acs.xlsx"
    assert HOLDINGS.request.expects == {"name": NAME, "symbol": "ACS"}


def test_no_day_of_holdings_can_be_asked_for() -> None:
    assert HOLDINGS.request.asked_from is HOLDINGS.request.asked_to is None
    assert HOLDINGS.request.params == {}


def test_a_history_gives_its_days_in_the_issuers_columns() -> None:
    rows = days(nav_history())

    assert len(rows) == len(DAYS)
    assert rows[0] == {
        "position": 0,
        "Date": "08-Jul-2030",
        "NAV": "25.125",
        "Shares Outstanding": "1500000",
        "Total Net Assets": "37687500.5",
    }
    assert rows[2]["Shares Outstanding"] == "-"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(nav_history(top=(TOP[0], ("Ticker Symbol:", " ACS "), ())), id="no sign"),
        pytest.param(nav_history(top=TOP[1:]), id="no name above"),
        pytest.param(nav_history([*DAYS, *LEGAL]), id="a note below"),
        pytest.param(
            nav_history([row[::-1] for row in DAYS], header=HISTORY[::-1]), id="other order"
        ),
        pytest.param(
            nav_history([[str(cell) for cell in row] for row in DAYS]), id="numbers stored as text"
        ),
        pytest.param(
            nav_history([(*row, 1) for row in DAYS], header=(*HISTORY, "Premium")),
            id="a column more",
        ),
    ],
)
def test_a_history_in_another_shape_reads_the_same(payload: bytes) -> None:
    assert days(payload) == days(nav_history())


def test_a_holdings_file_gives_every_holding_with_its_day_and_without_its_notes() -> None:
    rows = held(holdings())

    assert len(rows) == len(HELD)
    assert rows[0] == {
        "position": 0,
        "Holdings:": "As of 08-Jul-2030",
        "Name": "ALPHA + SONS INC",
        "Ticker": "AAA",
        "Weight": "60.5",
        "Shares Held": "10000",
    }
    assert rows[2]["Ticker"] == "-"


def test_the_columns_are_told_as_the_payload_names_them() -> None:
    assert ssga.parse_valuations(nav_history(), VALUATIONS).columns == tuple(sorted(HISTORY))
    assert ssga.parse_holdings(holdings(), HOLDINGS).columns == tuple(sorted(LISTED))


def test_the_layout_of_2023_reads_the_same() -> None:
    """Numbers stored as text, identifiers of eight characters, sectors filled in."""
    old = [
        (name, ticker, cusip[:8], sedol, str(weight), "Technology", str(shares), "USD")
        for name, ticker, cusip, sedol, weight, _, shares, _ in HELD
    ]

    assert held(holdings(old)) == held(holdings())


STRANGE = [
    pytest.param(b"<!DOCTYPE html><html>Access Denied</html>", "HTML was served", id="page"),
    pytest.param(b"%PDF-1.7", "a PDF was served", id="PDF"),
    pytest.param(b"", "an empty body", id="nothing"),
    pytest.param(b"PK\x03\x04broken", "broken or cut-off workbook", id="no workbook"),
    pytest.param(workbook(("a",)), "no row says 'Ticker Symbol:'", id="a workbook of what"),
]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        *STRANGE,
        pytest.param(nav_history()[:-100], "broken or cut-off workbook", id="cut off"),
        pytest.param(
            nav_history(top=(TOP[0], ("Ticker Symbol:", "SPY®"), ())),
            "the file is of 'SPY®' where 'ACS' was asked",
            id="another fund",
        ),
        pytest.param(nav_history([]), "has no rows", id="no rows"),
        pytest.param(nav_history(header=("Day", *HISTORY[1:])), "no header row", id="no header"),
        pytest.param(
            nav_history(header=("Date", "NAV", "Shares", "Total Net Assets")),
            "column Shares Outstanding is missing",
            id="a column renamed",
        ),
        pytest.param(
            nav_history(header=("Date", "NAV", "NAV", "x")), "there twice: 'NAV'", id="twice"
        ),
        pytest.param(
            nav_history([*DAYS[:1], (), *DAYS[1:]]), "below a blank row, row 1", id="a gap"
        ),
    ],
)
def test_what_is_no_history_of_the_fund_is_refused_for_what_it_is(
    payload: bytes, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        ssga.parse_valuations(payload, VALUATIONS)

    assert str(refused.value).startswith("ssga/valuations/ACS: ")


def dated(text: str) -> bytes:
    return holdings(top=(*TOP[:2], ("Holdings:", text), ()))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        *STRANGE,
        pytest.param(holdings()[:-100], "broken or cut-off workbook", id="cut off"),
        pytest.param(holdings(sheet="Sheet1"), "no such sheet, only 'Sheet1'", id="another sheet"),
        pytest.param(
            holdings(top=(TOP[0], ("Ticker Symbol:", "SPY"), *STATED[2:])),
            "the file is of 'SPY' where 'ACS' was asked",
            id="another fund",
        ),
        pytest.param(holdings(top=TOP), "no row says 'Holdings:'", id="no day"),
        pytest.param(dated("As of -"), "'As of -' is no day", id="a placeholder"),
        pytest.param(dated("As of 31-Jun-2030"), "'As of 31-Jun-2030' is no day", id="no such day"),
        pytest.param(dated("08-Jul-2030"), "'08-Jul-2030' is no day", id="another wording"),
        pytest.param(holdings([]), "has no rows", id="no rows"),
        pytest.param(
            holdings(header=[name.replace("Weight", "Percent") for name in LISTED]),
            "column Weight is missing",
            id="a column renamed",
        ),
        pytest.param(
            holdings([(row[0], *row[2:]) for row in HELD], header=[*LISTED[:1], *LISTED[2:]]),
            "column Ticker is missing",
            id="the columns of a bond fund",
        ),
        pytest.param(holdings([*HELD[:2], (), *HELD[2:]]), "goes on below a blank row", id="a gap"),
    ],
)
def test_what_is_no_holdings_file_of_the_fund_is_refused_for_what_it_is(
    payload: bytes, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        ssga.parse_holdings(payload, HOLDINGS)

    assert str(refused.value).startswith("ssga/holdings/ACS: ")


texts = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8)
numbers = st.floats(0.001, 1e12).map(lambda value: round(value, 4))


@settings(deadline=None, max_examples=30)
@given(
    rows=st.lists(
        st.tuples(texts, texts, texts, texts, numbers, texts, numbers, texts),
        min_size=1,
        max_size=6,
    ),
    order=st.permutations(range(len(LISTED))),
)
def test_any_holdings_come_back_the_same_in_any_order_of_columns(
    rows: list[tuple[Any, ...]], order: list[int]
) -> None:
    payload = holdings(
        [[row[at] for at in order] for row in rows], header=[LISTED[at] for at in order]
    )

    found = [
        (row["Name"], row["Ticker"], float(row["Weight"]), float(row["Shares Held"]))
        for row in held(payload)
    ]

    assert found == [(row[0], row[1], row[4], row[6]) for row in rows]
