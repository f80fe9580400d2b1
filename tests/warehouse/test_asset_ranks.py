"""How assets rank by market cap, with funds and without them."""

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.asset_caps import AssetCaps
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame

DAY = date(2030, 3, 4)


def ranks(ask: Ask, *caps: tuple[str, str, float], **about: Any) -> pl.DataFrame:
    rows = [
        {"asset": asset, "as_of": DAY, "kind": kind, "market_cap": cap, "rank": 7} | about
        for asset, kind, cap in caps
    ]
    return ask("asset_ranks", asset_caps=frame(AssetCaps, rows)).sort("asset")


def test_a_fund_holds_what_is_ranked_already(ask: Ask) -> None:
    found = ranks(
        ask, ("gold", "metal", 30.0), ("nvda", "company", 5.0), ("spy", "fund", 9.0), price=2.0
    )

    assert found.select("asset", "rank", "rank_without_funds").rows() == [
        ("gold", 1, 1),
        ("nvda", 3, 2),
        ("spy", 2, None),
    ]
    assert found.select("stated_rank", "price", "listed").unique().rows() == [(7, 2.0, 3)]


def test_ties_share_a_rank_and_the_next_one_is_left_out(ask: Ask) -> None:
    found = ranks(
        ask,
        ("a", "company", 3.0),
        ("b", "fund", 2.0),
        ("c", "metal", 2.0),
        ("d", "coin", 2.0),
        ("e", "company", 1.0),
    )

    assert found["rank"].to_list() == [1, 2, 2, 2, 5]
    assert found["rank_without_funds"].to_list() == [1, None, 2, 2, 4]


CAPS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 1),
        st.sampled_from(["bank", "other"]),
        st.sampled_from(["company", "metal", "coin", "fund"]),
        st.sampled_from([1.0, 2.0, 3.0]),
    ),
    max_size=16,
    unique_by=lambda row: row[:3],
)


@settings(max_examples=30)
@given(caps=CAPS)
def test_ranks_are_those_of_plain_python(
    ask: Ask, caps: list[tuple[str, int, str, str, float]]
) -> None:
    names = ("asset", "as_of", "source", "kind", "market_cap")
    rows = [
        dict(zip(names, row, strict=True)) | {"as_of": date(2030, 3, 4 + row[1])} for row in caps
    ]
    expected = []
    for asset, day, source, kind, cap in sorted(caps):
        of_list = [row for row in caps if row[1:3] == (day, source)]
        larger = [row[3] for row in of_list if row[4] > cap]
        without = None if kind == "fund" else 1 + sum(other != "fund" for other in larger)
        expected.append((asset, source, 1 + len(larger), without, len(of_list)))

    found = ask("asset_ranks", asset_caps=frame(AssetCaps, rows)).sort("asset", "as_of", "source")

    columns = ("asset", "source", "rank", "rank_without_funds", "listed")
    assert found.select(columns).rows() == expected
