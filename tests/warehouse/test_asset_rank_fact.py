"""Where assets rank by market cap, and what the metal ever mined comes to (claim C4)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.reference import Assets, Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON

DAY = date(2030, 3, 4)
NEXT = DAY + timedelta(1)
SILVER: dict[str, Any] = {
    "asset": "silver",
    "name": "Silver",
    "instrument": "SI=F",
    "stock_ounces": 5e10,
    "stock_stated_by": "a survey of 2029",
}
Rows = Sequence[dict[str, Any]]


def stated(
    ask: Ask, caps: Rows = (), bars: Rows = (), assets: Rows = (SILVER,), **traits: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    found = ask(
        "asset_rank",
        asset_caps=frame(AssetCaps, [{"as_of": DAY} | row for row in reversed(caps)]),
        assets=frame(Assets, assets),
        instruments=frame(Instruments, [{"instrument": "SI=F"} | traits]),
        bars=frame(Bars, [{"instrument": "SI=F"} | row for row in reversed(bars)]),
    )
    return {(fact["subject"], fact["measure"]): fact for fact in found.rows(named=True)}


def listed(silver: float, count: int = 12, **about: Any) -> list[dict[str, Any]]:
    """List companies worth 1 to 12 trillion USD, of which the third is a fund, and silver."""
    others: list[dict[str, Any]] = [
        {"asset": f"c{n}", "market_cap": n * 1e12, "kind": "fund" if n == 10 else "company"}
        for n in range(13 - count, 13)
    ]
    metal: dict[str, Any] = {
        "asset": "silver",
        "name": "Silver",
        "market_cap": silver,
        "kind": "metal",
    }
    return [{"as_of": DAY} | row | about for row in (metal, *others)]


@pytest.mark.parametrize(
    ("caps", "sentences"),
    [
        pytest.param(
            listed(9.5e12),
            [
                (
                    "Silver was the 4th largest of the 13 assets of all kinds that bank listed on "
                    "2030-03-04, by a market cap of 9.500 trillion USD."
                ),
                (
                    "Silver was the third largest of the 12 assets other than funds that bank "
                    "listed on 2030-03-04, by a market cap of 9.500 trillion USD."
                ),
            ],
            id="with funds and without them",
        ),
        pytest.param(
            listed(11e12),
            [
                (
                    "Silver was the joint second largest of the 13 assets of all kinds that bank "
                    "listed on 2030-03-04, by a market cap of 11.00 trillion USD."
                ),
                (
                    "Silver was the joint second largest of the 12 assets other than funds that "
                    "bank listed on 2030-03-04, by a market cap of 11.00 trillion USD."
                ),
            ],
            id="a tie",
        ),
        pytest.param(
            [*listed(11.5e12), *listed(9.5e12, as_of=NEXT)],
            [
                (
                    "Silver was the 4th largest of the 13 assets of all kinds that bank listed on "
                    "2030-03-05, by a market cap of 9.500 trillion USD; on 2030-03-04 it was the "
                    "second largest."
                ),
                (
                    "Silver was the third largest of the 12 assets other than funds that bank "
                    "listed on 2030-03-05, by a market cap of 9.500 trillion USD; on 2030-03-04 it "
                    "was the second largest."
                ),
            ],
            id="it fell",
        ),
        pytest.param(
            [*listed(13e12), *listed(14e12, as_of=NEXT)],
            [
                (
                    "Silver was the largest of the 13 assets of all kinds that bank listed on "
                    "2030-03-05, by a market cap of 14.00 trillion USD, as on 2030-03-04."
                ),
                (
                    "Silver was the largest of the 12 assets other than funds that bank listed on "
                    "2030-03-05, by a market cap of 14.00 trillion USD, as on 2030-03-04."
                ),
            ],
            id="it stayed",
        ),
    ],
)
def test_a_rank_is_stated(ask: Ask, caps: Rows, sentences: list[str]) -> None:
    found = stated(ask, caps)

    assert [
        found["silver", measure]["statement"] for measure in ("rank", "rank_without_funds")
    ] == [f"{sentence} [estimated]" for sentence in sentences]


def test_a_rank_has_its_numbers(ask: Ask) -> None:
    found = stated(ask, [*listed(11.5e12), *listed(9.5e12, as_of=NEXT, rank=7)])
    fact = found["silver", "rank"]

    assert list(fact) == COMMON
    assert (fact["value"], fact["rank"], fact["of"], fact["unit"]) == (4, 4, 13, "rank")
    assert (fact["as_of"], fact["previous_value"], fact["previous_at"]) == (NEXT, 2, DAY)
    assert (fact["observations"], fact["first_observed"]) == (13, DAY)
    assert fact["labels"] == [
        "market cap estimated: price times all metal ever mined",
        "bank itself ranks it 7",
    ]
    assert found["c12", "rank"]["labels"] == ["bank itself ranks it 7"]


def test_the_ten_largest_are_stated_and_those_we_know(ask: Ask) -> None:
    found = stated(ask, listed(1.0))

    with_funds = {f"c{n}" for n in range(3, 13)} | {"silver"}
    assert {subject for subject, measure in found if measure == "rank"} == with_funds
    assert {subject for subject, measure in found if measure == "rank_without_funds"} == (
        with_funds - {"c10"} | {"c2"}
    )


def test_an_asset_that_is_gone_from_the_latest_list_is_not_stated(ask: Ask) -> None:
    later = [row for row in listed(1.0, as_of=NEXT) if row["asset"] != "silver"]

    assert ("silver", "rank") not in stated(ask, [*listed(20e12), *later])


@pytest.mark.parametrize(
    "caps",
    [
        pytest.param([], id="no list"),
        pytest.param(listed(5e12, 8), id="nine assets"),
    ],
)
def test_a_short_list_is_not_ranked(ask: Ask, caps: Rows) -> None:
    assert stated(ask, caps) == {}


def test_of_two_lists_of_a_day_the_first_by_name_is_stated(ask: Ask) -> None:
    found = stated(ask, [*listed(9.5e12, source="other"), *listed(1.0)])

    assert found["silver", "rank"]["value"] == 13


def test_the_metal_ever_mined_is_valued_at_the_latest_close(ask: Ask) -> None:
    bars = [{"session": DAY, "close": 60.0}, {"session": NEXT, "close": 63.0}]
    fact = stated(ask, bars=bars, quote_decimals=3, caveat="front contract")["silver", "notional"]

    assert fact["statement"] == (
        "All silver ever mined, an estimated 50.00 billion troy ounces, came to 3.150 trillion "
        "USD at the close of SI=F on 2030-03-05: 63.000 USD an ounce. [estimated]"
    )
    assert (fact["value"], fact["unit"], fact["as_of"]) == (3.15e12, "USD", NEXT)
    assert (fact["previous_value"], fact["previous_at"]) == (3e12, DAY)
    assert (fact["rank"], fact["of"]) == (None, None)
    assert fact["labels"] == [
        "notional: price x estimated metal ever mined",
        "stock: a survey of 2029",
        "front contract",
    ]


@pytest.mark.parametrize(
    ("bars", "assets", "traits"),
    [
        pytest.param([], [SILVER], {}, id="no close"),
        pytest.param([{"session": DAY}], [SILVER], {}, id="a close that is not known"),
        pytest.param([{"session": DAY, "close": 1.0}], [], {}, id="no asset"),
        pytest.param(
            [{"session": DAY, "close": 1.0}], [SILVER | {"stock_ounces": None}], {}, id="no stock"
        ),
        pytest.param([{"session": DAY, "close": 1.0}], [SILVER], {"currency": "EUR"}, id="no USD"),
    ],
)
def test_no_notional_value_is_made_up(
    ask: Ask, bars: Rows, assets: Rows, traits: dict[str, Any]
) -> None:
    assert stated(ask, bars=bars, assets=assets, **traits) == {}


CAPS = st.lists(
    st.tuples(
        st.integers(0, 14),
        st.integers(0, 2),
        st.sampled_from(["company", "fund", "metal", None]),
        st.integers(1, 6).map(float),
    ),
    max_size=40,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=20)
@given(caps=CAPS, closes=st.lists(st.none() | st.integers(1, 9).map(float), max_size=6))
def test_ranks_are_those_of_plain_python(
    ask: Ask, caps: list[tuple[int, int, str | None, float]], closes: list[float | None]
) -> None:
    rows = [
        {"asset": f"a{n}", "as_of": DAY + timedelta(day), "kind": kind, "market_cap": cap}
        for n, day, kind, cap in caps
    ]
    bars = [{"session": DAY + timedelta(n), "close": close} for n, close in enumerate(closes)]
    known = SILVER | {"asset": "a3"}
    expected: dict[tuple[str, str], tuple[float, float | None]] = {}
    last = max((day for _, day, *_ in caps), default=None)
    for measure in ("rank", "rank_without_funds"):
        field = [row for row in caps if measure == "rank" or row[2] != "fund"]
        if sum(row[1] == last for row in field) < 10:
            continue
        for asset, day, *_ in field:
            earlier = [row[1] for row in caps if row[0] == asset and row[1] < day]
            rank = place(field, asset, day)
            if day == last and rank is not None and (rank <= 10 or asset == 3):
                before = place(field, asset, max(earlier)) if earlier else None
                expected[f"a{asset}", measure] = (rank, before)
    closed = [close for close in closes if close is not None]
    if closed:
        day_before = closed[-2] * 5e10 if len(closed) > 1 else None
        expected["a3", "notional"] = (closed[-1] * 5e10, day_before)

    found = stated(ask, rows, bars, [known])

    assert {key: (fact["value"], fact["previous_value"]) for key, fact in found.items()} == expected


def place(field: list[tuple[int, int, str | None, float]], asset: int, day: int) -> int | None:
    """Rank an asset among those of a day; None if it is not one of the field."""
    of_day = {row[0]: row[3] for row in field if row[1] == day}
    if asset not in of_day:
        return None
    return 1 + sum(cap > of_day[asset] for cap in of_day.values())
