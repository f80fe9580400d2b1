import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.validation import accept
from sources import yahoo
from tests.sources import bodies
from transforms import yahoo as transform

CAPTURE = bodies.asked_quotes()
EVENTS = {
    "dividends": {"1909000000": {"amount": 0.25, "date": bodies.stamp(date(2030, 7, 2))}},
    "splits": {
        "not an epoch": {
            "date": bodies.stamp(date(2030, 7, 3)),
            "numerator": 1,
            "denominator": 30,
            "splitRatio": "1:30",
        }
    },
    "capitalGains": {
        "x": {"amount": 1.5, "date": bodies.stamp(date(2030, 7, 5)), "currency": "CAD"}
    },
}


def parsed(document: object) -> dict[str, pl.DataFrame]:
    return yahoo.parse_quotes(bodies.as_json(document), CAPTURE).tables


def test_a_request_covers_its_days_with_one_to_spare() -> None:
    request = yahoo.quotes("^GSPC", "^GSPC", date(2030, 7, 1), date(2030, 7, 9))

    assert request.scope == "yahoo/quotes/^GSPC"
    assert request.path == "/v8/finance/chart/%5EGSPC"
    assert request.expects == {"symbol": "^GSPC"}
    assert (request.asked_from, request.asked_to) == (date(2030, 7, 1), date(2030, 7, 9))
    assert request.params == {
        "interval": "1d",
        "period1": str(int(datetime(2030, 6, 30, tzinfo=UTC).timestamp())),
        "period2": str(int(datetime(2030, 7, 11, tzinfo=UTC).timestamp())),
        "events": "div,splits,capitalGains",
    }


def test_a_request_reaches_before_1970_and_keeps_an_equals_sign() -> None:
    request = yahoo.quotes("SI=F", "SI=F", date(1927, 12, 30), date(1969, 12, 30))

    assert request.path == "/v8/finance/chart/SI=F"
    assert int(request.params["period1"]) < int(request.params["period2"]) == 0


def test_bars_keep_yahoos_columns_and_values() -> None:
    bars = parsed(bodies.chart())["bars"]

    assert bars.height == len(bodies.BARS)
    assert bars.row(0, named=True) == {
        "position": 0,
        "timestamp": bodies.stamp(date(2030, 7, 1)),
        "open": 10.5,
        "high": 11.5,
        "low": 10.0,
        "close": 11.0,
        "volume": 1000.0,
        "adjclose": 10.75,
        "symbol": "ACM",
        "currency": "USD",
        "exchangeTimezoneName": "America/New_York",
        "priceHint": 2,
        "periodEnd": None,
    }


def test_arrays_are_read_by_name_whatever_their_order() -> None:
    document = bodies.chart()
    quote = bodies.result(document)["indicators"]["quote"]
    quote[0] = dict(reversed(quote[0].items()))

    assert parsed(document)["bars"].equals(parsed(bodies.chart())["bars"])


def test_infinity_and_nan_are_read() -> None:
    document = bodies.chart()
    bodies.result(document)["indicators"]["adjclose"][0]["adjclose"][:2] = [float("inf")] * 2
    payload = bodies.as_json(document)

    assert b"Infinity" in payload
    assert yahoo.parse_quotes(payload, CAPTURE).tables["bars"]["adjclose"].is_infinite().sum() == 2


@pytest.mark.parametrize("quote", [{}, {name: [] for name in yahoo.QUOTE}], ids=["empty", "arrays"])
def test_a_chart_without_timestamps_says_that_nothing_traded(quote: dict[str, Any]) -> None:
    document = bodies.chart()
    del bodies.result(document)["timestamp"]
    bodies.result(document)["indicators"] = {"quote": [quote], "adjclose": [{}]}

    bars = parsed(document)["bars"]

    assert bars.is_empty()
    assert transform.bars(bars, CAPTURE).is_empty()


def test_adjusted_closes_may_be_absent() -> None:
    document = bodies.chart()
    del bodies.result(document)["indicators"]["adjclose"]

    assert parsed(document)["bars"]["adjclose"].null_count() == len(bodies.BARS)


def test_events_are_listed_by_their_date_not_by_their_key() -> None:
    actions = parsed(bodies.chart(events=EVENTS))["corporate_actions"]

    assert actions.select("kind", "date", "amount", "numerator", "currency").rows() == [
        ("dividends", bodies.stamp(date(2030, 7, 2)), 0.25, None, None),
        ("splits", bodies.stamp(date(2030, 7, 3)), None, 1.0, None),
        ("capitalGains", bodies.stamp(date(2030, 7, 5)), 1.5, None, "CAD"),
    ]


@pytest.mark.parametrize("events", [None, {}, {"dividends": {}}], ids=["no key", "empty", "no one"])
def test_a_chart_without_events_has_no_corporate_actions(events: dict[str, Any] | None) -> None:
    assert parsed(bodies.chart(events=events))["corporate_actions"].is_empty()


def error(code: str, description: str, wrapper: str = "chart") -> dict[str, Any]:
    return {wrapper: {"result": None, "error": {"code": code, "description": description}}}


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param(
            error("Not Found", "No data found, symbol may be delisted"),
            "Yahoo says Not Found: No data found, symbol may be delisted",
            id="unknown symbol, or an outage",
        ),
        pytest.param(
            error("Unauthorized", "Invalid Crumb", "finance"),
            "Yahoo says Unauthorized: Invalid Crumb",
            id="wrapped in finance",
        ),
        pytest.param({"chart": {"error": "gone"}}, "Yahoo says gone", id="an error of one text"),
        pytest.param({"chart": {"result": None}}, "has no chart.result.0", id="result null"),
        pytest.param({"chart": {"result": []}}, "has no chart.result.0", id="result empty"),
        pytest.param({"chart": {"result": ["x"]}}, "chart.result.0 is no dict", id="result a text"),
        pytest.param([], "has no chart.result.0", id="an array"),
        pytest.param({"status": {"error_code": 429}}, "has no chart.result.0", id="someone else's"),
    ],
)
def test_an_error_is_refused_in_yahoos_words(document: object, told: str) -> None:
    with pytest.raises(Refused, match=f"^yahoo/quotes/ACM: .*{told}"):
        parsed(document)


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(chart: dict[str, Any]) -> None:
        for name in names:
            del chart["indicators"]["quote"][0][name]

    return change


def setting(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(chart: dict[str, Any]) -> None:
        chart["indicators"]["quote"][0][name] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(without("close"), "column close is missing", id="no closes"),
        pytest.param(without("open", "low"), "column open, low is missing", id="two arrays gone"),
        pytest.param(setting("high", [1.0]), "unequal length .*high 1", id="a short array"),
        pytest.param(setting("high", 1.0), "high is no array", id="a number for an array"),
        pytest.param(setting("low", ["9"] * 5), "low holds str, not only Float64", id="texts"),
        pytest.param(setting("low", [True] * 5), "low holds bool", id="truth values"),
        pytest.param(setting("low", [10**400] * 5), "low holds too large", id="huge"),
        pytest.param(
            lambda chart: chart.pop("timestamp"), "unequal length", id="prices without stamps"
        ),
        pytest.param(
            lambda chart: chart["timestamp"].__setitem__(0, None), "timestamp", id="a null stamp"
        ),
        pytest.param(
            lambda chart: chart["timestamp"].__setitem__(0, 10**15),
            "timestamp: less_than_or_equal",
            id="stamps in milliseconds",
        ),
        pytest.param(
            lambda chart: chart["timestamp"].__setitem__(0, 1.5), "timestamp holds float", id="half"
        ),
        pytest.param(
            lambda chart: chart.pop("indicators"), "no indicators.quote.0", id="no indicators"
        ),
        pytest.param(lambda chart: chart.pop("meta"), "has no meta", id="no meta"),
        pytest.param(
            lambda chart: chart.update(events={"splits": {"a.b": 1}}), "is no dict", id="bad event"
        ),
    ],
)
def test_a_chart_of_the_wrong_shape_is_refused_by_the_name_of_the_fault(
    change: Callable[[dict[str, Any]], None], told: str
) -> None:
    document = bodies.chart()
    change(bodies.result(document))

    with pytest.raises(Refused, match=f"^yahoo/quotes/ACM: .*{told}"):
        parsed(document)


@pytest.mark.parametrize(
    ("meta", "told"),
    [
        ({"symbol": "ACX"}, "symbol is 'ACX' where 'ACM' was asked"),
        ({"symbol": None}, "has no symbol"),
        ({"dataGranularity": "1mo"}, "dataGranularity is '1mo' where '1d' was asked"),
        ({"dataGranularity": None}, "has no dataGranularity"),
        ({"exchangeTimezoneName": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"currency": 7}, "currency holds int"),
    ],
)
def test_a_chart_of_something_else_is_refused(meta: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        parsed(bodies.chart(**meta))


def test_the_symbol_is_not_checked_unless_one_is_expected() -> None:
    request = yahoo.quotes("ACM", "ACM", date(2030, 7, 1), date(2030, 7, 9))
    request.expects.clear()

    assert yahoo.parse_quotes(bodies.as_json(bodies.chart(symbol="ACX")), bodies.kept(request))


@pytest.mark.parametrize("payload", [b"{", b"[" * 100_000, b'{"a":' + b"9" * 5_000 + b"}"])
def test_broken_json_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused, match="broken or cut-off JSON"):
        yahoo.parse_quotes(payload, CAPTURE)


LIVELY = bodies.chart(
    events=EVENTS,
    currentTradingPeriod=bodies.period(
        bodies.stamp(date(2030, 7, 9)), bodies.stamp(date(2030, 7, 9)) + 23_400
    ),
)
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.sampled_from([10**15, -(10**11), 10**400, "UTC", "1d", [1], {"a": 1}]),
)


@st.composite
def mutated_documents(draw: st.DrawFn) -> Any:
    """Change a few places of a good answer: delete, rename or replace what is there."""
    document = json.loads(json.dumps(LIVELY))
    for _ in range(draw(st.integers(1, 3))):
        holder, step = document, draw(st.sampled_from(sorted(document)))
        while isinstance(holder[step], dict | list) and holder[step] and draw(st.integers(0, 7)):
            holder = holder[step]
            step = draw(
                st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder)))
            )
        match draw(st.sampled_from(["delete", "rename", "replace"])):
            case "delete":
                holder.pop(step)
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=3))] = holder.pop(step)
            case _:
                holder[step] = draw(ANYTHING)
        if not isinstance(document, dict) or not document:
            break
    return document


@st.composite
def mutated_bytes(draw: st.DrawFn, good: bytes = bodies.as_json(LIVELY)) -> bytes:
    """Cut a good body, or flip some of its bytes."""
    body = bytearray(good)
    for place in draw(st.lists(st.integers(0, len(good) - 1), max_size=3)):
        body[place] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(good)))]) if draw(st.booleans()) else bytes(body)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(payload=mutated_documents().map(bodies.as_json) | mutated_bytes())
def test_a_spoilt_body_is_refused_or_yields_rows_that_keep_their_promises(payload: bytes) -> None:
    try:
        raw = yahoo.parse_quotes(payload, CAPTURE).tables
        bars = accept(Bars, transform.bars(raw["bars"], CAPTURE), raw["bars"], CAPTURE)
        rows = transform.corporate_actions(raw["corporate_actions"], CAPTURE)
        actions = accept(CorporateActions, rows, raw["corporate_actions"], CAPTURE)
    except Refused:
        return
    Bars.validate(bars.accepted)
    CorporateActions.validate(actions.accepted)


def test_an_empty_window_is_an_answer_without_rows() -> None:
    empty = error("Bad Request", "Data doesn't exist for startDate = 1, endDate = 2")

    parsed = yahoo.parse_quotes(bodies.as_json(empty), bodies.asked_quotes())

    assert [frame.height for frame in parsed.tables.values()] == [0, 0]
    assert parsed.columns == ()


SHAPE = (
    "indicators.adjclose.adjclose",
    *(f"indicators.quote.{name}" for name in sorted(yahoo.QUOTE)),
    "meta.currency",
    "meta.dataGranularity",
    "meta.exchangeTimezoneName",
    "meta.gmtoffset",
    "meta.priceHint",
    "meta.symbol",
    "timestamp",
)


def shape(document: object) -> tuple[str, ...]:
    return yahoo.parse_quotes(bodies.as_json(document), CAPTURE).columns


def test_a_charts_shape_is_the_paths_to_its_values() -> None:
    assert shape(bodies.chart()) == SHAPE


def test_the_hours_of_the_day_are_part_of_a_charts_shape() -> None:
    told = shape(bodies.chart(currentTradingPeriod=bodies.period(1, 2)))

    assert sorted({*told} - {*SHAPE}) == [
        f"meta.currentTradingPeriod.regular.{name}"
        for name in ("end", "gmtoffset", "start", "timezone")
    ]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(bodies.chart(events=EVENTS), id="events"),
        pytest.param(bodies.chart(bodies.BARS, tradingPeriods=[[{"start": 1}]]), id="periods"),
        pytest.param(bodies.chart(list(bodies.BARS.items())[:1]), id="fewer bars"),
        pytest.param(bodies.chart({1: (None,) * 6}), id="a bar of nulls"),
        pytest.param(bodies.chart(currency=None), id="a fact that is null"),
    ],
)
def test_what_comes_and_goes_by_nature_does_not_change_a_charts_shape(document: object) -> None:
    assert shape(document) == SHAPE


def test_a_chart_without_rows_has_no_shape() -> None:
    document = bodies.chart()
    del bodies.result(document)["timestamp"]
    bodies.result(document)["indicators"] = {"quote": [{}], "adjclose": [{}]}

    assert shape(document) == ()


def test_a_name_that_is_no_text_is_still_one_that_can_be_kept() -> None:
    [stray] = {*shape(bodies.chart(**{"\ud800": 1}))} - {*SHAPE}

    assert stray.encode() == b"meta.?"


@pytest.mark.parametrize(
    ("rename", "told"),
    [
        (("indicators", "quote", 0, "close"), "indicators.quote.new"),
        (("timestamp",), "new"),
        (("indicators",), "new.quote.close"),
        (("meta", "symbol"), "meta.new"),
        (("meta",), "new.symbol"),
    ],
    ids=lambda value: value if isinstance(value, str) else ".".join(map(str, value)),
)
def test_a_chart_refused_for_what_is_missing_still_tells_its_shape(
    rename: tuple[Any, ...], told: str
) -> None:
    document = bodies.chart()
    holder = yahoo.found(bodies.result(document), *rename[:-1])
    holder["new"] = holder.pop(rename[-1])

    with pytest.raises(Refused) as refusal:
        parsed(document)

    assert told in refusal.value.columns


@pytest.mark.parametrize("meta", [{"symbol": "ACX"}, {"dataGranularity": "1mo"}])
def test_another_symbols_shape_is_not_told(meta: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refusal:
        parsed(bodies.chart(**meta))

    assert refusal.value.columns == ()
