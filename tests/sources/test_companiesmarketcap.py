from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Capture, Refused
from schemas.tables.asset_caps import AssetCaps
from schemas.validation import Verdict, accept
from sources import companiesmarketcap
from tests.sources.bodies import kept
from transforms import companiesmarketcap as transform

KNOWN_AT = datetime(2030, 7, 9, 22, tzinfo=UTC)
ASKED = kept(companiesmarketcap.asset_caps("assets", "1"), KNOWN_AT)
DOLLAR = '<span class="currency-symbol-left">$</span>'
HEADER = "<tr><th></th><th>Rank</th><th>Name</th><th>Market Cap</th><th>Price</th></tr>"


def cell(sort: object, shown: str, name: str = "td-right") -> str:
    return f'<td class="{name}" data-sort="{sort}">{shown}</td>'


def asset(rank: int, name: str, code: str = "", css: str = "", **cells: str) -> str:
    """Write a row of an asset at 2.5 trillion and 62.50 dollars."""
    served = {
        "place": cell(rank, str(rank), "rank-td td-right"),
        "cap": cell(2_500_000_000_000, f"{DOLLAR}2.500 T"),
        "price": cell(6250, f"{DOLLAR}62.50"),
        "change": cell(-276, '<span class="percentage-red">2.76%</span>', "rh-sm"),
        "href": f"/{name.lower().replace(' ', '-')}/marketcap/",
    } | cells
    return (
        f'<tr class="{css}">{served["place"]}<td class="name-td"><div class="name-div">'
        f'<a href="{served["href"]}"><div class="company-name">{name}</div>'
        f'<div class="company-code"><span class="rank d-none">{rank}</span>{code}</div></a></div>'
        f"</td>{served['cap']}{served['price']}{served['change']}"
        '<td class="p-0 sparkline-td red"></td></tr>\n'
    )


GOLD = asset(1, "Gold", "GOLD", "precious-metals-outliner")
SILVER = asset(2, "Silver", "SILVER", "precious-metals-outliner")
COMPANIES = [asset(rank, f"Company {rank}", f"C{rank}") for rank in range(3, 101)]


def page(*rows: str, header: str = HEADER) -> bytes:
    """Write a page of gold, silver, these rows and as many companies as make a hundred."""
    body = "".join([GOLD, SILVER, *rows, *COMPANIES[len(rows) :]])
    return whole(f"{header}{body}")


def whole(table: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><body><table>{table}</table></body></html>\n".encode()


def served(payload: bytes, capture: Capture = ASKED) -> list[dict[str, Any]]:
    return companiesmarketcap.parse_asset_caps(payload, capture).tables["asset_caps"].to_dicts()


def judged(payload: bytes, capture: Capture = ASKED) -> Verdict:
    raw = companiesmarketcap.parse_asset_caps(payload, capture).tables["asset_caps"]
    return accept(AssetCaps, transform.asset_caps(raw, capture), raw, capture)


def test_the_first_page_is_asked_for_without_its_number() -> None:
    first = companiesmarketcap.asset_caps("assets", "1")
    second = companiesmarketcap.asset_caps("assets", "2")

    assert first.scope == "companiesmarketcap/asset_caps/assets"
    assert first.path == second.path == "/assets-by-market-cap/"
    assert first.params == {}
    assert second.params == {"page": "2"}
    assert second.expects == {"page": "2"}


def test_a_row_keeps_what_is_shown_and_what_is_sorted_by() -> None:
    assert served(page())[1] == {
        "position": 1,
        "class": "precious-metals-outliner",
        "rank-td data-sort": "2",
        "href": "/silver/marketcap/",
        "company-name": "Silver",
        "company-code": "SILVER",
        "cap data-sort": "2500000000000",
        "cap": "$2.500 T",
        "price data-sort": "6250",
        "price": "$62.50",
        "change data-sort": "-276",
    }


def test_an_asset_is_in_our_names_and_units_on_the_day_it_was_fetched() -> None:
    verdict = judged(page())

    assert verdict.rejected.is_empty()
    assert verdict.accepted.height == 100
    assert verdict.accepted.row(1, named=True) == {
        "asset": "silver",
        "as_of": date(2030, 7, 9),
        "source": "companiesmarketcap",
        "name": "Silver",
        "symbol": "SILVER",
        "kind": "metal",
        "rank": 2,
        "market_cap": 2.5e12,
        "price": 62.5,
    }


@pytest.mark.parametrize(
    ("css", "kind"),
    [
        ("precious-metals-outliner", "metal"),
        ("odd crypto-outliner", "coin"),
        ("etf-outliner", "fund"),
        ("", "company"),
        ("odd", "company"),
    ],
)
def test_the_class_of_a_row_tells_what_is_ranked(css: str, kind: str) -> None:
    assert judged(page(asset(3, "Third", "T", css))).accepted["kind"][2] == kind


def test_cells_are_known_by_class_wherever_they_are() -> None:
    moved = asset(3, "Third", "T").replace(
        '<td class="name-td">', '<td class="fav"></td><td class="name-td">'
    )
    swapped = moved.replace('data-sort="3"', 'data-sort="3" moves="-3"')

    assert judged(page(swapped)).accepted.row(2, named=True)["price"] == 62.5


@pytest.mark.parametrize(
    ("sort", "shown", "price"),
    [
        pytest.param("429530", "4,295.30", 4295.3, id="thousands"),
        pytest.param("0", "0.00000812", 0.00000812, id="nothing is left of a part of a cent"),
        pytest.param("812", "0.00000812", 0.00000812, id="another factor below a cent"),
        pytest.param("100.04", "1.00", 1.0, id="rounded"),
    ],
)
def test_a_price_is_the_one_shown(sort: str, shown: str, price: float) -> None:
    row = asset(3, "Third", "T", "crypto-outliner", price=cell(sort, DOLLAR + shown))

    assert judged(page(row)).accepted["price"][2] == price


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({"cap": cell("x", f"{DOLLAR}2.500 T")}, id="a cap that is no number"),
        pytest.param({"cap": cell(2_500_000_000, f"{DOLLAR}2.500 T")}, id="a cap in thousands"),
        pytest.param({"cap": cell(2_500_000_000_000, f"{DOLLAR}2.500 Q")}, id="an unknown unit"),
        pytest.param({"cap": cell(2_500_000_000_000, "2.500 T")}, id="a cap in no currency"),
        pytest.param({"cap": "", "price": ""}, id="no cap"),
        pytest.param({"cap": cell(6250, f"{DOLLAR}62.50")}, id="a price for a cap"),
        pytest.param({"price": cell(6250, f"{DOLLAR}6,250.00")}, id="a price of another factor"),
        pytest.param({"price": cell(6250, DOLLAR)}, id="a price that is not shown"),
        pytest.param({"price": cell(6250, "N/A")}, id="a price that is none"),
        pytest.param({"price": cell(0, f"{DOLLAR}0.00")}, id="a price of nothing"),
        pytest.param({"place": cell("", "", "rank-td td-right")}, id="no rank"),
        pytest.param({"href": "/third/"}, id="another address"),
    ],
)
def test_a_bad_row_among_good_ones_is_rejected(cells: dict[str, str]) -> None:
    verdict = judged(page(asset(3, "Third", "T", **cells)))

    assert verdict.accepted.height == 99
    assert verdict.rejected["position"].to_list() == [2]


def test_an_unknown_kind_of_asset_is_not_taken_for_a_company() -> None:
    verdict = judged(page(asset(3, "Third", "T", "reit-outliner")))

    assert verdict.accepted.filter(name="Third")["kind"].to_list() == [None]


def test_an_asset_there_twice_counts_once_if_its_rows_are_equal() -> None:
    again = asset(3, "Company 3", "C3")

    assert judged(page(again, again)).accepted.height == 99


def test_an_asset_that_shifted_while_it_was_read_is_a_conflict() -> None:
    verdict = judged(page(asset(3, "Third", "T"), asset(4, "Third", "T")))

    assert verdict.accepted.height == 98
    assert {*verdict.rejected["failures"].explode()} == {"conflicting duplicate"}


def test_a_pages_shape_is_its_header() -> None:
    parsed = companiesmarketcap.parse_asset_caps(page(), ASKED)

    assert parsed.columns == ("Market Cap", "Name", "Price", "Rank")


def test_a_refused_page_still_tells_its_shape() -> None:
    with pytest.raises(Refused) as refusal:
        served(whole(HEADER))

    assert refusal.value.columns == ("Market Cap", "Name", "Price", "Rank")


BLOCKED = (
    b"<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>"
)
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body was served where HTML", id="empty"),
        pytest.param(b'{"error":1}', "JSON was served where HTML", id="JSON"),
        pytest.param(b'"Rank","Name"\n"1","Acme"\n', "CSV was served where HTML", id="CSV"),
        pytest.param(CHALLENGE, "a challenge page .HTML. was served", id="a challenge"),
        pytest.param(BLOCKED, "no cell name-td.*'Attention Required! . Cloudflare'", id="blocked"),
        pytest.param(whole(HEADER), "no cell name-td: another layout, or beyond", id="no rows"),
        pytest.param(page().replace(b"name-td", b"n-td"), "no cell name-td", id="a new layout"),
        pytest.param(page()[:40_000], "no end .*: cut off", id="cut off"),
        pytest.param(
            whole("".join([GOLD, SILVER, *COMPANIES[:80]])), "82 rows where a page", id="few rows"
        ),
        pytest.param(
            page().replace(b"SILVER", b"SLVR"), "no row of a metal is SILVER", id="silver"
        ),
        pytest.param(
            page().replace(b"precious-metals-outliner", b""), "GOLD or SILVER", id="no metals"
        ),
        pytest.param(
            page().replace(b">$<", "> €<".encode()), "amounts in '€' where US dollars", id="euros"
        ),
        pytest.param(
            whole("".join(asset(rank, f"Company {rank}") for rank in range(101, 201))),
            "page 2 of the ranking where page 1 was asked",
            id="another page",
        ),
    ],
)
def test_what_is_no_first_page_of_assets_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^companiesmarketcap/asset_caps/assets: .*{told}"):
        served(payload)


def test_later_pages_need_no_metals_but_their_own_ranks() -> None:
    second = kept(companiesmarketcap.asset_caps("assets", "2"), KNOWN_AT)
    rows = "".join(asset(rank, f"Company {rank}") for rank in range(101, 201))

    assert judged(whole(rows), second).accepted["rank"].to_list() == [*range(101, 201)]
    with pytest.raises(Refused, match="page 1 of the ranking where page 2 was asked"):
        served(page(), second)


def test_a_nameless_asset_without_a_ticker_has_no_symbol() -> None:
    assert judged(page(asset(3, "Third"))).accepted["symbol"][2] is None


names = st.text(
    st.characters(codec="utf-8", exclude_characters="<&", exclude_categories=("C", "Z"))
)


@settings(max_examples=20, deadline=None)
@given(name=names.filter(bool), cap=st.integers(1, 10**14), cents=st.integers(100, 10**9))
def test_any_asset_written_as_the_page_writes_it_comes_back(
    name: str, cap: int, cents: int
) -> None:
    row = asset(
        3,
        name,
        "T",
        cap=cell(cap, f"{DOLLAR}{cap / 1e6:,.9f} M"),
        price=cell(cents, f"{DOLLAR}{cents / 100:,.2f}"),
        href="/third/marketcap/",
    )

    third = judged(page(row)).accepted.row(2, named=True)

    assert (third["name"], third["market_cap"], third["price"]) == (name, cap, cents / 100)


GOOD = page()


@settings(max_examples=30, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=5),
    end=st.integers(0, len(GOOD)) | st.none(),
)
def test_a_spoilt_page_is_refused_or_keeps_its_promises(
    flips: list[tuple[int, int]], end: int | None
) -> None:
    body = bytearray(GOOD)
    for place, value in flips:
        body[place] = value
    try:
        verdict = judged(bytes(body[:end]))
    except Refused:
        return
    AssetCaps.validate(verdict.accepted)
