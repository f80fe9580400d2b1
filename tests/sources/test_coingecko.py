import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.parsed import Parsed
from schemas.tables.coins import Coins
from schemas.validation import accept
from sources import coingecko
from tests.sources import bodies
from transforms import coingecko as transform

COINS = bodies.kept(coingecko.coins("top_250", "markets"))
TOTALS = bodies.kept(coingecko.coin_market("crypto", "global"))
CATEGORY = bodies.kept(coingecko.coin_categories("stablecoins", "stablecoins"))

ROWS: list[dict[str, Any]] = [
    {
        "id": "bitcoin",
        "symbol": "btc",
        "name": "Bitcoin",
        "image": "https://example.com/bitcoin.png",
        "current_price": 500,
        "market_cap": 10_000_000,
        "market_cap_rank": 1,
        "total_volume": 2e5,
        "price_change_percentage_24h": -2.5,
        "market_cap_change_percentage_24h": 0.25,
        "roi": None,
        "last_updated": "2030-07-09T11:58:59.125Z",
    },
    {
        "id": "acme-coin",
        "symbol": "acm",
        "name": "Acme Coin",
        "image": "https://example.com/acme.png",
        "current_price": 8.5e-06,
        "market_cap": 0,
        "market_cap_rank": None,
        "total_volume": 125.5,
        "price_change_percentage_24h": None,
        "market_cap_change_percentage_24h": None,
        "roi": {"times": 1.5, "currency": "usd", "percentage": 150.0},
        "last_updated": "2030-07-09T11:59:01Z",
    },
]
GLOBAL: dict[str, Any] = {
    "active_cryptocurrencies": 2,
    "total_market_cap": {"btc": 4e4, "usd": 2e7, "xag": 1e6},
    "total_volume": {"btc": 4e2, "usd": 200000, "xag": 1e4},
    "market_cap_percentage": {"btc": 50.0, "acm": 2},
    "market_cap_change_percentage_24h_usd": -2.75,
    "updated_at": 1909828800,
}
PARSERS = [
    pytest.param(coingecko.parse_coins, COINS, id="coins"),
    pytest.param(coingecko.parse_coin_market, TOTALS, id="coin_market"),
    pytest.param(coingecko.parse_coin_categories, CATEGORY, id="coin_categories"),
]
RATE_LIMIT = {"error_code": 429, "error_message": "You've exceeded\nthe Rate Limit."}


def parsed(rows: object) -> Parsed:
    return coingecko.parse_coins(bodies.as_json(rows), COINS)


def totals(data: object) -> Parsed:
    return coingecko.parse_coin_market(bodies.as_json({"data": data}), TOTALS)


def changed(rows: Any, change: Callable[[Any], object]) -> Any:
    copy = json.loads(json.dumps(rows))
    change(copy)
    return copy


def test_the_largest_coins_are_asked_for_in_one_page() -> None:
    request = coingecko.coins("top_250", "markets")

    assert request.scope == "coingecko/coins/top_250"
    assert request.path == "/api/v3/coins/markets"
    assert request.expects == {"coin": "bitcoin"}
    assert request.params == {
        "vs_currency": "usd",
        "order": "market_cap_desc",
        "per_page": "250",
        "page": "1",
        "sparkline": "false",
        "price_change_percentage": "24h",
        "precision": "full",
    }


def test_the_totals_are_asked_for_without_parameters() -> None:
    request = coingecko.coin_market("crypto", "global")

    assert request.scope == "coingecko/coin_market/crypto"
    assert request.path == "/api/v3/global"
    assert request.params == {}


def test_a_category_is_asked_for_by_its_id_and_remembered() -> None:
    request = coingecko.coin_categories("stablecoins", "stablecoins")

    assert request.scope == "coingecko/coin_categories/stablecoins"
    assert request.path == "/api/v3/coins/markets"
    assert request.params == {**coingecko.PAGE, "category": "stablecoins"}
    assert request.expects == {"category": "stablecoins"}


def test_a_page_keeps_coingeckos_columns_and_values_whole_or_not() -> None:
    served = parsed(ROWS)

    expected = [row for row in ROWS for row in [{k: v for k, v in row.items() if k in KEPT}]]
    assert [*served.tables] == ["coins"]
    assert served.tables["coins"].drop("position").to_dicts() == expected
    assert served.tables["coins"]["position"].to_list() == [0, 1]
    assert served.columns == tuple(sorted(ROWS[0]))


KEPT = {*coingecko.promises(coingecko.CoinGeckoMarkets)}


def test_a_category_is_a_page_of_coins_that_need_not_hold_bitcoin() -> None:
    served = coingecko.parse_coin_categories(bodies.as_json(ROWS[1:]), CATEGORY)

    assert [*served.tables] == ["coin_categories"]
    assert served.tables["coin_categories"]["id"].to_list() == ["acme-coin"]


def test_totals_are_one_row_with_paths_into_the_maps() -> None:
    served = totals(GLOBAL)

    assert served.tables["coin_market"].to_dicts() == [
        {
            "position": 0,
            "total_market_cap.usd": 2e7,
            "total_volume.usd": 2e5,
            "market_cap_percentage.btc": 50.0,
            "market_cap_change_percentage_24h_usd": -2.75,
            "updated_at": 1909828800,
        }
    ]
    assert served.columns == tuple(sorted(GLOBAL))


def test_currencies_and_coins_that_come_and_go_do_not_change_the_shape() -> None:
    more = changed(GLOBAL, lambda data: data["total_market_cap"].update(sol=1.0))

    assert totals(more).columns == totals(GLOBAL).columns


def test_a_value_that_is_null_is_there() -> None:
    unknown = changed(GLOBAL, lambda data: data.update(market_cap_change_percentage_24h_usd=None))

    [row] = totals(unknown).tables["coin_market"].to_dicts()

    assert row["market_cap_change_percentage_24h_usd"] is None


@pytest.mark.parametrize(("parse", "capture"), PARSERS)
@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param({"status": RATE_LIMIT}, "429: You've exceeded the Rate Limit.", id="status"),
        pytest.param(
            {"error": {"status": {"error_code": 10012, "error_message": "Your range"}}},
            "10012: Your range",
            id="error.status",
        ),
        pytest.param({"error": "coin not found"}, "coin not found", id="error"),
        pytest.param({"error": {"code": 1}}, "{'code': 1}", id="another shape"),
    ],
)
def test_an_error_with_any_status_is_refused_in_coingeckos_words(
    parse: Any, capture: Any, document: object, told: str
) -> None:
    with pytest.raises(Refused) as refusal:
        parse(bodies.as_json(document), capture)

    assert str(refusal.value) == f"{capture.request.scope}: CoinGecko says {told}"


@pytest.mark.parametrize(("parse", "capture"), PARSERS)
@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"<html><title>Just a moment...</title></html>", r"a challenge page \(HTML\) was served"),
        (b"", "an empty body was served"),
        (b"Too Many Requests\r\n", "a plain text was served"),
        (b'[{"id":"bitcoin"', "broken or cut-off JSON"),
        (b"[" * 100_000, "broken or cut-off JSON"),
    ],
)
def test_what_is_no_whole_json_is_refused_for_what_it_is(
    parse: Any, capture: Any, payload: bytes, told: str
) -> None:
    with pytest.raises(Refused, match=f"^{capture.request.scope}: {told}"):
        parse(payload, capture)


CHART = {"prices": [[1, 2.0]], "market_caps": [[1, 2.0]], "total_volumes": [[1, 2.0]]}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(CHART, "has 'market_caps', 'prices', 'total_volumes'", id="a chart"),
        pytest.param({"data": GLOBAL}, "has 'data'", id="the totals"),
        pytest.param({}, "has no names", id="an empty object"),
    ],
)
@pytest.mark.parametrize(("parse", "capture"), [PARSERS[0], PARSERS[2]])
def test_a_page_that_is_no_list_is_refused_for_what_it_is(
    parse: Any, capture: Any, document: object, told: str
) -> None:
    with pytest.raises(Refused, match=f"an object was served where a list of coins .*{told}"):
        parse(bodies.as_json(document), capture)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param({"date": GLOBAL}, "an object was served .* has 'date'", id="as documented"),
        pytest.param(CHART, "has 'market_caps', 'prices', 'total_volumes'", id="a chart"),
        pytest.param(ROWS, "a list was served where the object data was asked", id="a page"),
        pytest.param({"data": [GLOBAL]}, "has 'data'", id="a list of totals"),
    ],
)
def test_totals_that_are_not_under_data_are_refused(document: object, told: str) -> None:
    with pytest.raises(Refused, match=told):
        coingecko.parse_coin_market(bodies.as_json(document), TOTALS)


def every(name: str, value: object) -> Callable[[Any], object]:
    return lambda rows: [row.update({name: value}) for row in rows]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda rows: rows.clear(), "the list has no coins", id="empty"),
        pytest.param(lambda rows: rows.pop(0), "bitcoin is not among its 1 coins", id="no bitcoin"),
        pytest.param(
            lambda rows: [row.pop("market_cap") for row in rows],
            "column market_cap is missing",
            id="a column gone",
        ),
        pytest.param(lambda rows: rows.append("x"), "an element of the list is no object", id="x"),
        pytest.param(every("current_price", "5"), "current_price holds str", id="text"),
        pytest.param(every("current_price", 10**400), "holds too large a number", id="huge"),
        pytest.param(every("market_cap_rank", 1.5), "market_cap_rank holds float", id="half"),
        pytest.param(every("last_updated", None), "no coin's last_updated is a moment", id="null"),
        pytest.param(every("last_updated", "now"), "no coin's last_updated is a moment", id="now"),
        pytest.param(every("last_updated", 1909828800), "last_updated holds int", id="unix"),
    ],
)
def test_a_page_of_the_wrong_shape_is_refused_by_the_name_of_the_fault(
    change: Callable[[Any], object], told: str
) -> None:
    with pytest.raises(Refused, match=f"^coingecko/coins/top_250: .*{told}"):
        parsed(changed(ROWS, change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            lambda data: data["total_market_cap"].pop("usd"),
            "column total_market_cap.usd is missing",
            id="no dollars",
        ),
        pytest.param(
            lambda data: data.update(total_volume=None), "total_volume.usd is missing", id="no map"
        ),
        pytest.param(
            lambda data: data.pop("updated_at"), "column updated_at is missing", id="undated"
        ),
        pytest.param(lambda data: data.update(updated_at=None), "updated_at", id="a null moment"),
        pytest.param(
            lambda data: data.update(updated_at=1909828800000),
            "updated_at: less_than_or_equal",
            id="milliseconds",
        ),
        pytest.param(
            lambda data: data["total_market_cap"].update(usd="2e7"),
            "total_market_cap.usd holds str",
            id="text",
        ),
    ],
)
def test_totals_of_the_wrong_shape_are_refused_by_the_name_of_the_fault(
    change: Callable[[Any], object], told: str
) -> None:
    with pytest.raises(Refused, match=f"^coingecko/coin_market/crypto: .*{told}") as refusal:
        totals(changed(GLOBAL, change))

    assert "market_cap_percentage" in refusal.value.columns


def test_a_page_refused_for_what_is_missing_still_tells_its_shape() -> None:
    renamed = changed(ROWS, lambda rows: [row.update(cap=row.pop("market_cap")) for row in rows])

    with pytest.raises(Refused, match="market_cap is missing; the payload has 'cap'") as refusal:
        parsed(renamed)

    assert "cap" in refusal.value.columns


def test_bitcoin_is_not_asked_for_unless_it_is_expected() -> None:
    request = coingecko.coins("top_250", "markets")
    request.expects.clear()

    assert coingecko.parse_coins(bodies.as_json(ROWS[1:]), bodies.kept(request))


AMOUNTS = st.one_of(st.none(), st.integers(0, 2**53), st.floats(0, 1e18))
COIN = st.fixed_dictionaries(
    {
        "id": st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        "symbol": st.text(st.characters(codec="utf-8"), max_size=4),
        "name": st.text(st.characters(codec="utf-8"), max_size=8),
        "current_price": st.one_of(st.none(), st.floats(1e-12, 1e9), st.integers(1, 10**6)),
        "market_cap": AMOUNTS,
        "market_cap_rank": st.none() | st.integers(1, 20_000),
        "total_volume": AMOUNTS,
        "price_change_percentage_24h": st.none() | st.floats(-100, 1e6) | st.integers(-100, 9),
        "market_cap_change_percentage_24h": st.none() | st.floats(-100, 1e6),
        "last_updated": st.none() | st.sampled_from(["2030-07-09T11:58:59.125Z", "", "soon"]),
    }
)


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(COIN, max_size=3, unique_by=lambda row: row["id"]), data=st.data())
def test_any_coins_come_back_in_any_order_of_keys(rows: Any, data: st.DataObject) -> None:
    listed = [ROWS[0], *(row for row in rows if row["id"] != "bitcoin")]
    keys = data.draw(st.permutations([*ROWS[0]]))
    shuffled = [{key: row[key] for key in keys if key in row} for row in listed]

    raw = parsed(shuffled).tables["coins"]
    verdict = accept(Coins, transform.coins(raw, COINS), raw, COINS)

    assert verdict.rejected.is_empty()
    assert raw.drop("position").to_dicts() == [
        {k: row[k] for k in raw.columns[1:]} for row in listed
    ]
    assert verdict.accepted["price"].to_list() == [row["current_price"] for row in listed]


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_spoilt_bytes_are_refused_or_read(data: st.DataObject) -> None:
    parse, capture, good = data.draw(
        st.sampled_from(
            [
                (coingecko.parse_coins, COINS, bodies.as_json(ROWS)),
                (coingecko.parse_coin_market, TOTALS, bodies.as_json({"data": GLOBAL})),
            ]
        )
    )
    body = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=3)):
        body[place] = data.draw(st.integers(0, 255))
    try:
        tables = parse(bytes(body[: data.draw(st.integers(1, len(good)))]), capture).tables
    except Refused:
        return
    assert all(isinstance(frame, pl.DataFrame) for frame in tables.values())
