"""What speaks for risk-on and for risk-off, and the tally of it (claim C19)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY
from tests.warehouse.test_facts import COMMON

JUNE = date(2030, 6, 14)
GOLD = "gold against the S&P 500 this year"
KEYS = {
    "crypto market in 24 hours": ("market_change_24h", "crypto", "market_cap"),
    "bitcoin in 24 hours": ("coin_change_24h", "bitcoin", "price"),
    "breadth of the 20 largest coins": ("breadth", "top_20", "exclude_then_top20"),
    "ether in bitcoin against its 50-week mean": (
        "ratio_to_sma", "ETH-USD/BTC-USD", "complete_weeks",
    ),
    "Russell 2000 against its 252-session high": ("breakout", "^RUT", "close"),
    "last move of the Federal Reserve": ("policy_pivot", "DFEDTARU", "upper_bound"),
    GOLD: ("league", "gold", "price_return"),
    "gold priced in silver over one year": ("cross_rate_change", "GC=F/SI=F", "one_year"),
}  # fmt: skip
OTHERS = [
    ("coin_change_24h", "bitcoin", "price_reported"),
    ("coin_change_24h", "ethereum", "price"),
    ("breadth", "top_20", "top20_then_exclude"),
    ("ratio_to_sma", "ETH-USD/BTC-USD", "with_running_week"),
    ("ratio_to_sma", "GC=F/SI=F", "complete_weeks"),
    ("breakout", "^RUT", "high"),
    ("league", "gold", "total_return"),
    ("cross_rate_change", "GC=F/SI=F", "four_years"),
]
Readings = Mapping[str, tuple[float, float]]
"""A value, and the one it is compared with."""


def facts(ask: Ask, readings: Readings) -> dict[str, pl.DataFrame]:
    """Lay what the indicators rest on, beside facts that none rests on."""
    rows = [(*KEYS[name], *reading, JUNE) for name, reading in readings.items()]
    rows += [(*other, -9.0, 9.0, JUNE + DAY) for other in OTHERS]
    if GOLD in readings:
        rows.append(("league", "sp_500", "price_return", readings[GOLD][1], 0.0, JUNE))
    names = ("fact", "subject", "measure", "value", "previous_value", "as_of")
    shape = ask("no_fact")
    return {
        fact: pl.concat(
            [
                shape,
                *(shape_of(shape, dict(zip(names, r, strict=True))) for r in rows if r[0] == fact),
            ]
        )
        for fact, *_ in KEYS.values()
    }


def shape_of(shape: pl.DataFrame, row: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"statement": f"{row['fact']}.", **row}], schema=shape.schema)


def spoken(ask: Ask, readings: Readings) -> dict[str, str]:
    found = ask("risk_indicators", **facts(ask, readings))
    return dict(found.select("indicator", "speaks").rows())


@pytest.mark.parametrize(
    ("indicator", "on", "off", "neither"),
    [
        ("crypto market in 24 hours", (0.01, 0), (-0.01, 0), (-0.00004, 0)),
        ("bitcoin in 24 hours", (0.01, 0), (-0.01, 0), (0.00004, 0)),
        ("breadth of the 20 largest coins", (0.45, 0), (0.55, 0), (0.5, 0)),
        ("ether in bitcoin against its 50-week mean", (3, 2), (1, 2), (2, 2)),
        ("Russell 2000 against its 252-session high", (0.01, 9), None, (-0.3, 9)),
        ("last move of the Federal Reserve", (3.75, 4), (4.25, 4), None),
        (GOLD, (0.1, 0.2), (0.3, 0.2), (0.2, 0.2)),
        ("gold priced in silver over one year", (-0.2, 9), (0.2, 9), (0.00004, 9)),
    ],
)
def test_an_indicator_speaks_one_way_or_neither(
    ask: Ask,
    indicator: str,
    on: tuple[float, float],
    off: tuple[float, float] | None,
    neither: tuple[float, float] | None,
) -> None:
    for reading, way in ((on, "risk-on"), (off, "risk-off"), (neither, "neither")):
        if reading is not None:
            assert spoken(ask, {indicator: reading}) == {indicator: way}


def test_an_indicator_is_a_fact_with_its_sentence(ask: Ask) -> None:
    [row] = ask("risk_indicators", **facts(ask, {GOLD: (0.3, 0.2)})).rows(named=True)

    assert (row["fact"], row["subject"], row["measure"]) == KEYS[GOLD]
    assert (row["as_of"], row["reading"], row["statement"]) == (JUNE, 0.3, "league.")


def test_gold_is_not_compared_with_stocks_that_are_not_known(ask: Ask) -> None:
    given_facts = facts(ask, {GOLD: (0.3, 0.2)})
    given_facts["league"] = given_facts["league"].filter(pl.col("subject") == "gold")

    assert ask("risk_indicators", **given_facts).is_empty()


FOUR: Readings = {
    "bitcoin in 24 hours": (-0.02, 0),
    "breadth of the 20 largest coins": (0.5, 0),
    "last move of the Federal Reserve": (3.75, 4),
    GOLD: (0.6, 0.2),
}


def test_the_tally_is_stated_without_a_verdict(ask: Ask) -> None:
    on, off = ask("risk_evidence", **facts(ask, FOUR)).rows(named=True)

    assert on["statement"] == (
        "1 of 4 indicators speaks for risk-on: last move of the Federal Reserve."
    )
    assert off["statement"] == (
        f"2 of 4 indicators speak for risk-off: bitcoin in 24 hours, {GOLD}."
    )
    assert [(fact["measure"], fact["value"], fact["of"]) for fact in (on, off)] == [
        ("risk_on", 1, 4),
        ("risk_off", 2, 4),
    ]
    assert list(on) == COMMON
    assert on["labels"][-1] == "a tally, not a verdict"


def test_none_speaking_one_way_is_stated_too(ask: Ask) -> None:
    on, _ = ask(
        "risk_evidence",
        **facts(ask, FOUR | {"last move of the Federal Reserve": (4.25, 4)}),
    ).rows(named=True)

    assert on["statement"] == "0 of 4 indicators speak for risk-on."


def test_three_indicators_are_no_evidence(ask: Ask) -> None:
    three = {name: FOUR[name] for name in list(FOUR)[:3]}

    assert ask("risk_evidence", **facts(ask, three)).is_empty()


def test_evidence_is_of_the_latest_day_of_an_indicator(ask: Ask) -> None:
    given_facts = facts(ask, FOUR)
    given_facts["policy_pivot"] = given_facts["policy_pivot"].with_columns(as_of=JUNE + 3 * DAY)

    assert set(ask("risk_evidence", **given_facts)["as_of"]) == {JUNE + 3 * DAY}


LEVELS = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0])


def off(indicator: str, value: float, previous: float) -> float:
    """Tell how an indicator speaks: above zero for risk-off, below zero for risk-on."""
    if indicator.endswith("in 24 hours"):
        return -value
    if indicator.startswith("breadth"):
        return value - 0.5
    if indicator.startswith("ether"):
        return previous - value
    if indicator.startswith("Russell"):
        return -1 if value > 0 else 0
    return value if indicator.startswith("gold priced") else value - previous


@settings(max_examples=25)
@given(readings=st.dictionaries(st.sampled_from(sorted(KEYS)), st.tuples(LEVELS, LEVELS)))
def test_the_tally_is_that_of_plain_python(ask: Ask, readings: Readings) -> None:
    found = ask("risk_evidence", **facts(ask, readings))

    ways = [off(name, *reading) for name, reading in readings.items()]
    expected = [
        ("risk_on", sum(way < 0 for way in ways), len(ways)),
        ("risk_off", sum(way > 0 for way in ways), len(ways)),
    ]
    assert found["measure", "value", "of"].rows() == (expected if len(ways) >= 4 else [])
