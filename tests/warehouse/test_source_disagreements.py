"""Where two sources of one value differ by more than is tolerated."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.rates import Rates
from schemas.tables.reported_flows import ReportedFlows
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame

DAY = date(2030, 3, 4)
LISTED = [("bank", 1), ("other", 2), ("third", 3)]


def listing(subject: str, **about: str) -> pl.DataFrame:
    rows = [
        {subject: "X", "source": source, "priority": priority} | about
        for source, priority in LISTED
    ]
    return pl.DataFrame(rows)


def flows(*rows: dict[str, Any]) -> pl.DataFrame:
    """Give net flows of our own."""
    schema = {"fund": pl.String, "as_of": pl.Date, "net_flow_usd": pl.Float64}
    return pl.DataFrame([{"fund": "X", "as_of": DAY} | row for row in rows], schema=schema)


NOTHING = {
    "instrument_sources": listing("instrument"),
    "fund_sources": listing("fund", dataset="valuations"),
    "series_sources": listing("series", dataset="rates"),
    "bars_by_source": frame(Bars, []),
    "fund_valuations_by_source": frame(FundValuations, []),
    "rates_by_source": frame(Rates, []),
    "fund_net_flows": flows(),
    "reported_flows": frame(ReportedFlows, []),
}
TABLES: dict[str, tuple[Any, dict[str, Any]]] = {
    "close": (Bars, {"instrument": "X", "session": DAY}),
    "nav": (FundValuations, {"fund": "X", "as_of": DAY}),
    "shares_outstanding": (FundValuations, {"fund": "X", "as_of": DAY}),
    "value": (Rates, {"series": "X", "as_of": DAY}),
}
RELATIONS = {Bars: "bars", FundValuations: "fund_valuations", Rates: "rates"}


def disagreements(ask: Ask, **relations: pl.DataFrame) -> list[dict[str, Any]]:
    return ask("source_disagreements", **NOTHING | relations).rows(named=True)


def stated(ask: Ask, measure: str, **values: float | None) -> list[dict[str, Any]]:
    """Ask for the disagreements of sources, by their names, on one value."""
    schema, about = TABLES[measure]
    plain = {} if schema is not FundValuations else {"nav": None}
    rows = [about | plain | {"source": s, measure: value} for s, value in values.items()]
    return disagreements(ask, **{f"{RELATIONS[schema]}_by_source": frame(schema, rows)})


@pytest.mark.parametrize(
    ("measure", "value", "other", "is_told"),
    [
        pytest.param("close", 100.0, 100.99, False, id="a close less than 1 % above"),
        pytest.param("close", 100.0, 101.01, True, id="a close more than 1 % above"),
        pytest.param("close", 100.0, 99.01, False, id="a close less than 1 % below"),
        pytest.param("close", 100.0, 98.99, True, id="a close more than 1 % below"),
        pytest.param("nav", 10.0, 10.009, False, id="a NAV less than 0.1 % above"),
        pytest.param("nav", 10.0, 10.011, True, id="a NAV more than 0.1 % above"),
        pytest.param("nav", 10.0, 9.989, True, id="a NAV more than 0.1 % below"),
        pytest.param("shares_outstanding", 1e6, 1000999.0, False, id="a count within 0.1 %"),
        pytest.param("shares_outstanding", 1e6, 998999.0, True, id="a count beyond 0.1 %"),
        pytest.param("shares_outstanding", 1e6, None, False, id="a count that is not published"),
        pytest.param("nav", None, 10.0, False, id="a NAV that is not published"),
        pytest.param("value", 4.25, 4.25, False, id="the same rate"),
        pytest.param("value", 4.25, 4.26, True, id="a rate of a basis point more"),
        pytest.param("value", -0.5, -0.51, True, id="a rate below zero"),
        pytest.param("value", 0.3, 0.1 + 0.2, False, id="the last digit of a rate"),
    ],
)
def test_what_differs_by_more_than_is_tolerated_is_told(
    ask: Ask,
    measure: str,
    value: float,
    other: float,
    is_told: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    found = stated(ask, measure, bank=value, other=other)

    schema, _ = TABLES[measure]
    told = {
        "relation": RELATIONS[schema],
        "subject": "X",
        "as_of": DAY,
        "measure": measure,
        "source": "bank",
        "value": value,
        "other_source": "other",
        "other_value": other,
    }
    if is_told:
        told["difference"] = pytest.approx((other - value) / abs(value))
    assert found == ([told] if is_told else [])


@pytest.mark.parametrize("measure", TABLES)
def test_each_further_source_is_compared_with_the_first_and_with_no_other(
    ask: Ask, measure: str
) -> None:
    found = stated(ask, measure, bank=10.0, other=20.0, third=30.0, stranger=40.0)

    pairs = sorted((row["source"], row["other_source"]) for row in found)
    assert pairs == [("bank", "other"), ("bank", "third")]


@pytest.mark.parametrize("measure", TABLES)
def test_where_the_first_source_is_silent_nothing_is_compared(ask: Ask, measure: str) -> None:
    assert stated(ask, measure, other=20.0, third=30.0) == []


def test_values_of_different_days_are_not_compared(ask: Ask) -> None:
    rows = [
        {"series": "X", "as_of": DAY, "value": 1.0},
        {"series": "X", "as_of": date(2030, 3, 5), "value": 2.0, "source": "other"},
    ]

    assert disagreements(ask, rates_by_source=frame(Rates, rows)) == []


def test_a_source_of_holdings_is_none_of_valuations(ask: Ask) -> None:
    sources = listing("fund", dataset="valuations").with_columns(
        dataset=pl.when(pl.col("priority") > 1).then(pl.lit("holdings")).otherwise("dataset")
    )
    rows = [{"fund": "X", "as_of": DAY, "nav": 1.0}]
    rows += [row | {"nav": 2.0, "source": "other"} for row in rows]

    relations = {"fund_valuations_by_source": frame(FundValuations, rows)}
    assert disagreements(ask, fund_sources=sources, **relations) == []


@pytest.mark.parametrize(
    ("ours", "reported", "difference"),
    [
        pytest.param(10e6, 10.19e6, None, id="within 1 % and 0.1 million above"),
        pytest.param(10e6, 10.21e6, 0.021, id="beyond"),
        pytest.param(10e6, 9.81e6, None, id="within 1 % and 0.1 million below"),
        pytest.param(10e6, 9.79e6, -0.021, id="beyond, below"),
        pytest.param(-10e6, -10.19e6, None, id="an outflow within"),
        pytest.param(-10e6, -10.21e6, -0.021, id="an outflow beyond"),
        pytest.param(10e6, -10e6, -2.0, id="of the other sign"),
        pytest.param(0.0, 0.09e6, None, id="nothing, and less than its precision"),
        pytest.param(10e6, 0.0, -1.0, id="nothing reported where we count some"),
        pytest.param(None, 10e6, None, id="no flow of ours in USD"),
    ],
)
def test_a_reported_flow_is_compared_with_our_own(
    ask: Ask, ours: float | None, reported: float, difference: float | None
) -> None:
    report = {"fund": "X", "as_of": DAY, "net_flow_usd": reported, "source": "newsroom"}
    found = disagreements(
        ask,
        fund_net_flows=flows({"net_flow_usd": ours}),
        reported_flows=frame(ReportedFlows, [report]),
    )

    keys = ("relation", "measure", "source", "other_source", "difference")
    told = ("reported_flows", "net_flow_usd", "ours", "newsroom", pytest.approx(difference))
    assert [tuple(row[key] for key in keys) for row in found] == ([told] if difference else [])


def test_a_flow_where_we_count_none_has_no_fraction_to_differ_by(ask: Ask) -> None:
    report = {"fund": "X", "as_of": DAY, "net_flow_usd": 0.11e6}
    [found] = disagreements(
        ask,
        fund_net_flows=flows({"net_flow_usd": 0.0}),
        reported_flows=frame(ReportedFlows, [report]),
    )

    assert (found["value"], found["other_value"], found["difference"]) == (0.0, 0.11e6, None)


def test_a_missing_report_is_no_disagreement(ask: Ask) -> None:
    ours = flows({"net_flow_usd": 10e6})
    reported = [{"fund": "X", "as_of": date(2030, 3, 5), "net_flow_usd": 99e6}]
    reported.append({"fund": "Y", "as_of": DAY, "net_flow_usd": 99e6})

    relations = {"reported_flows": frame(ReportedFlows, reported)}
    assert disagreements(ask, fund_net_flows=ours) == []
    assert disagreements(ask, fund_net_flows=ours, **relations) == []
