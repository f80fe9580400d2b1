import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.capture import Capture
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.validation import Verdict, accept
from sources import ishares
from tests.sources import bodies
from tests.sources.bodies import DAYS, HELD, HISTORICAL
from transforms import ishares as transform
from transforms.numbers import number, text

VALUATIONS = bodies.asked_valuations()
HOLDINGS = bodies.asked_holdings()


def valued(rows: Any, capture: Capture = VALUATIONS) -> Verdict:
    raw = ishares.parse_valuations(bodies.workbook((HISTORICAL, *rows)), capture).tables[
        "fund_valuations"
    ]
    return accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)


def held(payload: bytes, capture: Capture = HOLDINGS) -> pl.DataFrame:
    raw = ishares.parse_holdings(payload, capture).tables["holdings"]
    verdict = accept(Holdings, transform.holdings(raw, capture), raw, capture)
    assert verdict.rejected.is_empty()
    return verdict.accepted


def test_valuations_are_in_our_names_and_units() -> None:
    expected = pl.DataFrame(
        {
            "fund": ["ACS"] * 6,
            "as_of": [date(2030, 7, day) for day in (8, 5, 3, 2, 1)] + [date(2030, 6, 28)],
            "source": ["ishares"] * 6,
            "nav": [25.125, 25.0, 24.875, 24.75, 24.5, 24.25],
            "shares_outstanding": [1.5e6, 1.45e6, 1.45e6, None, 1.4e6, 1.4e6],
            "net_assets": pl.Series([None] * 6, dtype=pl.Float64),
            "ounces": pl.Series([None] * 6, dtype=pl.Float64),
            "currency": ["USD"] * 6,
            "is_recovered": [False] * 6,
        }
    )
    assert_frame_equal(valued(DAYS).accepted, expected)


def test_the_currency_is_the_one_expected_of_the_fund() -> None:
    capture = bodies.asked_valuations()
    capture.request.expects["currency"] = "EUR"

    assert set(valued(DAYS, capture).accepted["currency"]) == {"EUR"}


@pytest.mark.parametrize(
    ("row", "failure"),
    [
        pytest.param(("Jul 04, 2030", "n/a", "--", 1), "nav: less_than(inf)", id="NAV no number"),
        pytest.param(("Jul 04, 2030", "--", "--", 1), "nav: less_than(inf)", id="NAV missing"),
        pytest.param(("Jul 04, 2030", "0", "--", 1), "nav: greater_than(0)", id="NAV zero"),
        pytest.param(
            ("Jul 04, 2030", 1, "--", "many"), "shares_outstanding: less_than(inf)", id="a word"
        ),
        pytest.param(("4 July 2030", 1, "--", 1), "as_of: not_nullable", id="another form of day"),
        pytest.param(("Feb 30, 2030", 1, "--", 1), "as_of: not_nullable", id="no such day"),
        pytest.param(("Jul 04, 30", 1, "--", 1), "as_of: not_nullable", id="a year of two digits"),
        pytest.param(("", 1, "--", 1), "as_of: not_nullable", id="no day"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_text(row: Any, failure: str) -> None:
    verdict = valued((*DAYS[:2], row, *DAYS[2:]))

    assert verdict.accepted.height == len(DAYS)
    assert verdict.rejected["position"].to_list() == [2]
    assert failure in verdict.rejected["failures"].item()
    assert str(row[1]) in verdict.rejected["row"].item()


def test_holdings_are_in_our_names_and_units() -> None:
    rows = held(bodies.holdings_file())

    assert rows.row(0, named=True) == {
        "fund": "ACS",
        "as_of": date(2030, 7, 8),
        "holding": "AAA",
        "source": "ishares",
        "name": "ALPHA & SONS INC",
        "ticker": "AAA",
        "asset_class": "Equity",
        "quantity": 10_000.0,
        "market_value": 1_250_000.5,
        "weight": 0.625,
        "currency": "USD",
    }
    assert rows["market_value"].to_list()[-1] == -1_000.25


def test_a_holding_is_its_ticker_else_ticker_and_name_else_numbered() -> None:
    assert held(bodies.holdings_file())["holding"].to_list() == [
        "AAA",
        "BBB",
        "BBB BETA RIGHTS",
        "GAMMA WARRANTS",
        "GAMMA WARRANTS #2",
        "ETD_USD",
    ]
    assert held(bodies.holdings_file())["ticker"].to_list()[3:5] == [None, None]


def test_one_line_three_times_over_is_three_holdings() -> None:
    payload = bodies.holdings_file([HELD[0]] * 4)

    assert held(payload)["holding"].to_list() == [
        "AAA",
        "AAA ALPHA & SONS INC",
        "AAA ALPHA & SONS INC #2",
        "AAA ALPHA & SONS INC #3",
    ]


@settings(deadline=None)
@given(
    names=st.lists(
        st.tuples(st.sampled_from(["A", "B", "-", ""]), st.sampled_from(["X", "Y", "A X"])),
        min_size=1,
        max_size=12,
    )
)
def test_no_two_holdings_of_a_day_share_an_identifier(names: list[tuple[str, str]]) -> None:
    payload = bodies.holdings_file([(ticker, name, *HELD[0][2:]) for ticker, name in names])
    raw = ishares.parse_holdings(payload, HOLDINGS).tables["holdings"]

    identifiers = transform.holdings(raw, HOLDINGS)["holding"].to_list()

    assert len(set(identifiers)) == len(names)
    assert "" not in identifiers


def test_a_crypto_trusts_values_are_in_its_base_currency_not_in_coins() -> None:
    rows = held(bodies.holdings_file(bodies.COINS, header=bodies.CRYPTO))

    assert rows["currency"].to_list() == ["USD", "USD"]
    assert rows["quantity"].to_list() == [1.25, 1000.0]
    assert rows["weight"].sum() == pytest.approx(1)


def test_a_value_that_is_no_number_is_rejected() -> None:
    bad = ("CCC", "CHI", *HELD[0][2:4], "(12.5)", *HELD[0][5:])
    raw = ishares.parse_holdings(bodies.holdings_file([*HELD, bad]), HOLDINGS).tables["holdings"]

    verdict = accept(Holdings, transform.holdings(raw, HOLDINGS), raw, HOLDINGS)

    assert "market_value: less_than(inf)" in verdict.rejected["failures"].item()


def read(served: str | None) -> float | None:
    frame = pl.DataFrame({"x": [served]}, schema={"x": pl.String})
    value: float | None = frame.select(x=number("x"))["x"].item()
    return value


@pytest.mark.parametrize(
    ("served", "value"),
    [
        ("1,250,000.00", 1_250_000.0),
        ("-2,227,331.57", -2_227_331.57),
        (" 394.279541 ", 394.279541),
        ("707900000", 707_900_000.0),
        ("782900000.0", 782_900_000.0),
        ("7.079E8", 707_900_000.0),
        ("0.00", 0.0),
        ("-", None),
        ("--", None),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_a_number_is_read_as_written(served: str | None, value: float | None) -> None:
    assert read(served) == value


@pytest.mark.parametrize(
    "served",
    [
        "n/a",
        "12,34",
        "1,2345",
        "(12.5)",
        "1.250,00",
        "1 250",
        "inf",
        "NaN",
        "0x1F",
        "1e",
        ".",
        "1-",
    ],
)
def test_what_is_no_number_is_nan_never_missing(served: str) -> None:
    value = read(served)

    assert value is not None
    assert math.isnan(value)


@settings(deadline=None)
@given(value=st.floats(-1e15, 1e15), decimals=st.integers(0, 6))
def test_any_number_survives_being_written_with_commas(value: float, decimals: int) -> None:
    written = f"{value:,.{decimals}f}"

    assert read(written) == float(written.replace(",", ""))


@settings(deadline=None)
@given(served=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12))
def test_any_text_is_a_number_nan_or_missing(served: str) -> None:
    value = read(served)

    assert (value is None) == (served.strip() in {"", "-", "--"})


def test_blank_and_dashed_texts_are_missing() -> None:
    frame = pl.DataFrame({"x": [" a ", "-", "--", "", None]})

    assert frame.select(x=text("x"))["x"].to_list() == ["a", None, None, None, None]
