"""Assets compared over the calendar year, and the sentence on each (claim C13)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.reference import Assets, Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY, frame
from tests.warehouse.test_facts import COMMON

NEW_YEARS_EVE, JUNE = date(2029, 12, 31), date(2030, 6, 14)
History = Mapping[date, tuple[float, float | None]]
"""A close and an adjusted close a day."""
PRICE, TOTAL = "price_return", "total_return"


def relations(
    histories: Mapping[str, History], **traits: dict[str, Any]
) -> dict[str, pl.DataFrame]:
    """Lay assets, each with a benchmark instrument of the same name in capitals."""
    bars = [
        {"instrument": asset.upper(), "session": day, "close": close, "adj_close": adjusted}
        for asset, history in histories.items()
        for day, (close, adjusted) in sorted(history.items(), reverse=True)
    ]
    assets = [{"asset": a, "name": a.title(), "instrument": a.upper()} for a in histories]
    about = [{"instrument": a.upper()} | traits.get(a, {}) for a in histories]
    return {
        "bars": frame(Bars, bars),
        "assets": frame(Assets, assets),
        "instruments": frame(Instruments, about),
    }


def year(
    last: float, adjusted: float | None = None, base: date = NEW_YEARS_EVE, day: date = JUNE
) -> History:
    """Close at 100 and 50, adjusted, at the end of a year, and once in the next."""
    return {base: (100.0, 50.0), day: (last, adjusted)}


def stated(
    ask: Ask, histories: Mapping[str, History], measure: str = PRICE, **traits: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    facts = ask("league", **relations(histories, **traits)).filter(measure=measure)
    return {fact["subject"]: fact for fact in facts.rows(named=True)}


def sentences(ask: Ask, histories: Mapping[str, History]) -> list[str]:
    facts = stated(ask, histories)
    return [facts[asset]["statement"] for asset in histories if asset in facts]


SPAN = "in USD since 2029-12-31 (100.00 to"


def test_assets_are_compared_in_sentences(ask: Ask) -> None:
    three = {"silver": year(220), "gold": year(163), "bitcoin": year(99)}
    silver, gold, bitcoin = sentences(ask, three)

    assert silver == (
        f"Silver (SILVER) has returned 120.00 % {SPAN} 220.00 on 2030-06-14), the best of "
        "3 assets, ahead of Gold (GOLD, 63.00 %)."
    )
    assert gold == (
        f"Gold (GOLD) has returned 63.00 % {SPAN} 163.00 on 2030-06-14), the second best of "
        "3 assets, behind Silver (SILVER, 120.00 %)."
    )
    assert bitcoin == (
        f"Bitcoin (BITCOIN) has returned -1.00 % {SPAN} 99.00 on 2030-06-14), the worst of "
        "3 assets, behind Gold (GOLD, 63.00 %)."
    )


@pytest.mark.parametrize(
    ("lasts", "endings"),
    [
        pytest.param(
            [150, 150, 120],
            [
                "the joint best of 3 assets, ahead of C (C, 20.00 %).",
                "the joint best of 3 assets, ahead of C (C, 20.00 %).",
                "the worst of 3 assets, behind B (B, 50.00 %).",
            ],
            id="two share the first place",
        ),
        pytest.param(
            [150, 120, 120],
            [
                "the best of 3 assets, ahead of C (C, 20.00 %).",
                "the joint worst of 3 assets, behind A (A, 50.00 %).",
                "the joint worst of 3 assets, behind A (A, 50.00 %).",
            ],
            id="two share the last place",
        ),
        pytest.param(
            [150, 150, 150], ["the joint best of 3 assets."] * 3, id="all share the first place"
        ),
        pytest.param(
            [180, 170, 160, 150, 140],
            [
                "the best of 5 assets, ahead of B (B, 70.00 %).",
                "the second best of 5 assets, behind A (A, 80.00 %).",
                "the third best of 5 assets, behind B (B, 70.00 %).",
                "the 4th best of 5 assets, behind C (C, 60.00 %).",
                "the worst of 5 assets, behind D (D, 50.00 %).",
            ],
            id="everyone has a place",
        ),
    ],
)
def test_places_are_named(ask: Ask, lasts: list[float], endings: list[str]) -> None:
    found = sentences(ask, {asset: year(last) for asset, last in zip("abcde", lasts, strict=False)})

    assert [sentence.split("), ", 1)[1] for sentence in found] == endings


def test_a_place_has_its_numbers(ask: Ask) -> None:
    two = {"silver": year(220), "gold": year(163)}
    fact = stated(ask, two, silver={"caveat": "front contract"})["silver"]

    assert list(fact) == COMMON
    assert (fact["value"], fact["unit"]) == (pytest.approx(1.2), "fraction")
    assert (fact["rank"], fact["of"], fact["observations"]) == (1, 2, 2)
    assert (fact["previous_value"], fact["previous_at"]) == (100.0, NEW_YEARS_EVE)
    assert (fact["since"], fact["first_observed"]) == (NEW_YEARS_EVE, NEW_YEARS_EVE)
    assert (fact["as_of"], fact["complete"], fact["view"]) == (JUNE, True, "asset_league")
    assert fact["labels"] == ["front contract", "nominal", "price return"]


def test_total_returns_are_compared_apart(ask: Ask) -> None:
    three = {"silver": year(110, 60), "gold": year(120, 55), "bitcoin": year(130)}
    facts = stated(ask, three, TOTAL)

    assert {asset: (fact["rank"], fact["of"]) for asset, fact in facts.items()} == {
        "silver": (1, 2),
        "gold": (2, 2),
    }
    assert facts["silver"]["statement"] == (
        "Silver (SILVER) has returned 20.00 % in USD, distributions reinvested, since 2029-12-31 "
        "(adjusted: 50.00 to 60.00 on 2030-06-14), the best of 2 assets, ahead of Gold "
        "(GOLD, 10.00 %)."
    )
    assert facts["silver"]["labels"] == [
        "nominal",
        "total return: distributions reinvested, as adjusted by the source",
    ]
    assert {asset: fact["rank"] for asset, fact in stated(ask, three).items()} == {
        "bitcoin": 1,
        "gold": 2,
        "silver": 3,
    }


def test_an_index_has_no_total_return(ask: Ask) -> None:
    three = {"silver": year(110, 60), "gold": year(120, 55), "nasdaq": year(130, 65)}

    assert set(stated(ask, three, TOTAL, nasdaq={"kind": "index"})) == {"silver", "gold"}


def test_closes_that_hold_dividends_are_no_price_return(ask: Ask) -> None:
    two = {"silver": year(110), "gold": year(120)}
    fact = stated(ask, two, gold={"caveat": "adjusted for dividends"})["gold"]

    assert fact["labels"] == ["adjusted for dividends", "nominal"]


def test_only_us_dollars_are_compared(ask: Ask) -> None:
    three = {"silver": year(110), "gold": year(120), "bitcoin": year(130)}

    facts = stated(ask, three, bitcoin={"currency": "USDT"})
    assert {asset: fact["of"] for asset, fact in facts.items()} == {"silver": 2, "gold": 2}


@pytest.mark.parametrize(
    ("base", "day", "is_stated"),
    [
        pytest.param(date(2029, 12, 26), JUNE, True, id="a base of five days before"),
        pytest.param(date(2029, 12, 25), JUNE, False, id="a base of six days before"),
        pytest.param(NEW_YEARS_EVE, date(2030, 6, 9), True, id="a last close of five days ago"),
        pytest.param(NEW_YEARS_EVE, date(2030, 6, 8), False, id="a last close of six days ago"),
        pytest.param(date(2030, 1, 2), JUNE, False, id="no close in the year before"),
        pytest.param(date(2029, 12, 28), NEW_YEARS_EVE, False, id="no close in the year yet"),
    ],
)
def test_a_stale_close_is_refused(
    ask: Ask,
    base: date,
    day: date,
    is_stated: bool,  # noqa: FBT001
) -> None:
    histories = {"silver": year(150, base=base, day=day), "gold": year(120), "bitcoin": year(110)}
    facts = stated(ask, histories)

    assert ("silver" in facts) is is_stated
    assert {fact["of"] for fact in facts.values()} == {2 + is_stated}


def test_a_stale_close_is_shown_for_what_it_is(ask: Ask) -> None:
    histories = {"silver": year(150, base=date(2029, 12, 3)), "gold": year(120)}
    found = ask("asset_league", **relations(histories)).filter(asset="silver", measure=PRICE)

    assert found.select("is_stale", "base_session", "change", "rank", "of").rows() == [
        (True, date(2029, 12, 3), None, None, 1)
    ]


def test_markets_that_closed_on_different_days_are_labelled(ask: Ask) -> None:
    histories = {"silver": year(150), "bitcoin": year(120, day=JUNE + 2 * DAY)}
    facts = stated(ask, histories)

    assert {fact["as_of"] for fact in facts.values()} == {JUNE + 2 * DAY}
    assert facts["silver"]["statement"].startswith(f"Silver (SILVER) has returned 50.00 % {SPAN}")
    assert "150.00 on 2030-06-14" in facts["silver"]["statement"]
    assert facts["silver"]["labels"][-1] == "last closes from 2030-06-14 to 2030-06-16"


def test_an_asset_that_is_not_compared_makes_no_close_stale(ask: Ask) -> None:
    new = {JUNE + 6 * DAY: (5.0, None)}
    facts = stated(ask, {"silver": year(150), "gold": year(120), "coin": new})

    assert {asset: (fact["as_of"], fact["of"]) for asset, fact in facts.items()} == {
        "silver": (JUNE, 2),
        "gold": (JUNE, 2),
    }


@pytest.mark.parametrize("histories", [{}, {"silver": {}}, {"silver": year(150)}])
def test_nothing_is_compared_with_nothing(ask: Ask, histories: Mapping[str, History]) -> None:
    assert stated(ask, histories) == {}


def test_the_year_ends_with_its_last_close(ask: Ask) -> None:
    histories = {
        "silver": year(150, day=date(2030, 12, 31)),
        "bitcoin": year(120, day=date(2030, 12, 31)),
    }
    assert {fact["since"] for fact in stated(ask, histories).values()} == {NEW_YEARS_EVE}

    histories["bitcoin"] = {**histories["bitcoin"], date(2031, 1, 1): (130.0, None)}
    histories["ether"] = {**histories["bitcoin"], date(2031, 1, 1): (180.0, None)}
    found = stated(ask, histories)
    assert {asset: (fact["since"], fact["of"]) for asset, fact in found.items()} == {
        "bitcoin": (date(2030, 12, 31), 2),
        "ether": (date(2030, 12, 31), 2),
    }


DAYS = [
    *(date(2028, 12, 20) + n * DAY for n in range(20)),
    *(date(2029, 12, 20) + n * DAY for n in range(25)),
]


@st.composite
def histories_of_assets(draw: st.DrawFn) -> dict[str, dict[date, tuple[float, float | None]]]:
    """Draw assets' closes around two turns of the year: with gaps, ties and unknowns."""
    price = st.integers(1, 3).map(float)
    days = st.dictionaries(st.sampled_from(DAYS), st.tuples(price, st.none() | price), max_size=8)
    return {asset: draw(days) for asset in draw(st.sets(st.sampled_from("abcdef"), min_size=2))}


def league_of(values: Mapping[str, Mapping[date, float]], latest: date) -> list[tuple[Any, ...]]:
    """Rank what has closed in the year, and is fresh at both its ends."""
    eve = date(latest.year - 1, 12, 31)
    opened = {asset: known for asset, known in values.items() if known}
    opened = {a: known for a, known in opened.items() if min(known) <= eve < max(known)}
    last_day = max((max(known) for known in opened.values()), default=eve)
    fresh = {}
    for asset, known in opened.items():
        base = max(day for day in known if day <= eve)
        if (eve - base).days <= 5 and (last_day - max(known)).days <= 5:
            fresh[asset] = (base, known[base], max(known), known[max(known)] / known[base] - 1)
    changes = [change for *_, change in fresh.values()]
    return [
        (asset, last_day, change, 1 + sum(x > change for x in changes), len(fresh), base, based)
        for asset, (base, based, _, change) in fresh.items()
        if len(fresh) > 1
    ]


@settings(max_examples=25)
@given(histories=histories_of_assets())
def test_places_are_those_of_plain_python(
    ask: Ask, histories: dict[str, dict[date, tuple[float, float | None]]]
) -> None:
    facts = ask("league", **relations(histories)).sort("measure", "subject")
    latest = max((max(history) for history in histories.values() if history), default=JUNE)
    closes = {a: {day: x for day, (x, _) in h.items()} for a, h in histories.items()}
    adjusted = {
        a: {day: x for day, (_, x) in h.items() if x is not None} for a, h in histories.items()
    }

    expected = [(PRICE, *row) for row in sorted(league_of(closes, latest))]
    expected += [(TOTAL, *row) for row in sorted(league_of(adjusted, latest))]
    columns = ("measure", "subject", "as_of", "value", "rank", "of", "previous_at")
    assert facts.select(*columns, "previous_value").rows() == expected
