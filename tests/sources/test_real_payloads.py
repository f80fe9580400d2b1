"""What providers really sent, read in place: no value of it is in this repository."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.capture import Capture, Refused, Request
from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.validation import Verdict, accept
from sources import ishares, yahoo
from tests.sources import bodies
from transforms import ishares as ishares_transform
from transforms import yahoo as yahoo_transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def files(pattern: str) -> list[Any]:
    return [pytest.param(file, id=file.stem) for file in sorted(PAYLOADS.glob(pattern))]


def asked(symbol: str, known_at: datetime = LATER) -> Capture:
    return bodies.kept(yahoo.quotes("ACM", symbol, date(1927, 1, 1), date(2026, 1, 1)), known_at)


def judged_bars(payload: bytes, capture: Capture) -> Verdict:
    raw = yahoo.parse_quotes(payload, capture).tables["bars"]
    return accept(Bars, yahoo_transform.bars(raw, capture), raw, capture)


@pytest.mark.parametrize(("stem", "symbol"), [("GSPC", "^GSPC"), ("NVDA", "NVDA")])
def test_a_monthly_chart_is_refused_for_its_granularity(stem: str, symbol: str) -> None:
    payload = (PAYLOADS / f"yahoo/chart_v8_{stem}_1mo_1985-2026.json").read_bytes()

    with pytest.raises(Refused, match="dataGranularity is '1mo' where '1d' was asked"):
        yahoo.parse_quotes(payload, asked(symbol))


@pytest.mark.parametrize("stem", ["GSPC", "NVDA"])
def test_a_monthly_chart_has_a_daily_ones_shape(stem: str) -> None:
    document = json.loads((PAYLOADS / f"yahoo/chart_v8_{stem}_1mo_1985-2026.json").read_bytes())
    meta = bodies.result(document)["meta"]
    meta["dataGranularity"] = "1d"

    verdict = judged_bars(bodies.as_json(document), asked(meta["symbol"]))

    assert verdict.accepted.height == len(bodies.result(document)["timestamp"])
    assert verdict.rejected.is_empty()
    assert set(verdict.accepted["session"].dt.day()) == {1}


EMPTY_WINDOW = "http400_no_data_for_range"


def test_an_empty_window_is_an_answer_without_rows() -> None:
    payload = (PAYLOADS / f"yahoo/errors/{EMPTY_WINDOW}.json").read_bytes()

    parsed = yahoo.parse_quotes(payload, asked("ACM"))

    assert [frame.height for frame in parsed.tables.values()] == [0, 0]
    assert parsed.columns == ()


@pytest.mark.parametrize(
    "file", [file for file in files("yahoo/errors/*") if file.id != EMPTY_WINDOW]
)
def test_an_error_is_refused_for_what_it_says(file: Path) -> None:
    told = re.search('"description":"([^"]+)"', file.read_text())
    words = told.group(1) if told else file.read_text().strip()

    with pytest.raises(Refused, match=re.escape(words)):
        yahoo.parse_quotes(file.read_bytes(), asked("ACM"))


@pytest.mark.parametrize("seconds", [0, 30])
def test_the_one_bar_of_a_coins_running_day_is_recorded_only_once_it_is_over(seconds: int) -> None:
    payload = (PAYLOADS / "yahoo/chart_v8_BTC-USD_range1d_openbb_2025-02-19.json").read_bytes()
    chart = bodies.result(json.loads(payload))
    answered_at = datetime.fromtimestamp(chart["meta"]["regularMarketTime"] + seconds, UTC)
    midnight = datetime.combine(answered_at.date() + timedelta(days=1), time(0), UTC)

    assert judged_bars(payload, asked("BTC-USD", answered_at)).accepted.is_empty()
    over = judged_bars(payload, asked("BTC-USD", midnight)).accepted
    assert over["close"].to_list() == chart["indicators"]["quote"][0]["close"]
    assert over["session"].to_list() == [answered_at.date()]


STRANGE = files("*/errors/*") + files("*/*.html") + files("fred/*.csv")


@pytest.mark.parametrize("file", [file for file in STRANGE if file.id != EMPTY_WINDOW])
def test_what_another_provider_sent_is_refused_by_every_parser(file: Path) -> None:
    request = Request(source="acme", dataset="any", subject="ACM", path="/")
    for parse in (yahoo.parse_quotes, ishares.parse_valuations, ishares.parse_holdings):
        with pytest.raises(Refused):
            parse(file.read_bytes(), bodies.kept(request))


NAMES = ("Open", "High", "Low", "Close", "Volume", "Adj Close")


def flattened(file: Path) -> list[dict[str, str]]:
    """Read a table that a captor made of charts, its columns in one spelling."""
    with file.open(newline="") as lines:
        return [
            {name.lower().replace(" ", "_"): value for name, value in row.items()}
            for row in csv.DictReader(lines)
        ]


def prices(row: dict[str, str]) -> tuple[float | None, ...]:
    columns = [name.lower().replace(" ", "_") for name in NAMES]
    return tuple(float(row[name]) if row.get(name) else None for name in columns)


def daily(rows: list[dict[str, str]], zone: str, at: time) -> dict[str, Any]:
    """Turn such a table back into a chart."""
    stamps = [bodies.stamp(date.fromisoformat(row["date"][:10]), at, zone) for row in rows]
    pairs = list(zip(stamps, map(prices, rows), strict=True))
    return bodies.chart(pairs, exchangeTimezoneName=zone)


@pytest.mark.parametrize(
    "file", files("yahoo/daily/*_daily_*.csv") + files("yahoo/bad_data_yfinance/*.csv")
)
def test_daily_tables_come_back_as_the_same_values(file: Path) -> None:
    rows = flattened(file)
    zone, at = market(file.name)

    verdict = judged_bars(bodies.as_json(daily(rows, zone, at)), asked("ACM"))

    columns = ("session", "open", "high", "low", "close", "volume", "adj_close")
    expected = [(date.fromisoformat(row["date"][:10]), *prices(row)) for row in rows]
    assert verdict.accepted.select(columns).sort("session").rows() == sorted(expected)
    assert verdict.rejected.is_empty()


def market(name: str) -> tuple[str, time]:
    """Give a table's time zone, and when its sessions are stamped."""
    if name.startswith(("BTC", "ETH")):
        return "UTC", time(0)
    if name.startswith(("SI_F", "GC_F")):
        return "America/New_York", time(0)
    if name.startswith("4063"):
        return "Asia/Tokyo", time(9)
    return ("Europe/London", time(8)) if "-L-" in name else ("America/New_York", time(9, 30))


def test_every_real_bar_has_its_open_and_close_between_its_low_and_high() -> None:
    strays = [
        (file.name, row["date"])
        for file in PAYLOADS.glob("yahoo/daily/*_daily_*.csv")
        for row in flattened(file)
        for opened, high, low, closed in [prices(row)[:4]]
        if not (low <= opened <= high and low <= closed <= high)  # type: ignore[operator]
    ]
    assert strays == []


def test_days_on_which_an_asset_did_not_trade_are_no_bars() -> None:
    rows = flattened(PAYLOADS / "yahoo/daily/multi_asset_wide_market-base_2024_to-2025-12-11.csv")
    assets = [name for name in rows[0] if f"{name}_volume" in rows[0]]
    for asset in assets:
        served = [{"date": row["date"], "close": row[asset]} for row in rows]
        traded = [(date.fromisoformat(r["date"]), float(r["close"])) for r in served if r["close"]]

        document = daily(served, "America/New_York", time(9, 30))
        found = judged_bars(bodies.as_json(document), asked("ACM")).accepted

        assert found.select("session", "close").rows() == traded


def vintages() -> Iterator[tuple[datetime, list[dict[str, str]]]]:
    """Give the answers about BTC-USD of 19 hours, and when each was known."""
    (file,) = PAYLOADS.glob("yahoo/daily/vintages_*.csv")
    rows = [row for row in flattened(file) if row["symbol"] == "BTC-USD"]
    for ingested_at, answer in groupby(rows, key=lambda row: row["ingested_at"]):
        yield datetime.fromisoformat(ingested_at), list(answer)


def test_a_coins_running_day_is_never_recorded_and_yesterdays_hole_never_filled() -> None:
    seen = set()
    for known_at, answer in vintages():
        midnight = bodies.stamp(known_at.date(), time(0), "UTC")
        document = daily(answer, "UTC", time(0))
        bodies.result(document)["meta"]["currentTradingPeriod"] = bodies.period(
            midnight, midnight + 86_340
        )
        served = {date.fromisoformat(row["date"]) for row in answer}

        accepted = judged_bars(bodies.as_json(document), asked("ACM", known_at)).accepted

        assert set(accepted["session"]) == served - {known_at.date()}
        seen.add((known_at.date() - timedelta(days=1) in served, known_at.date() in served))
    assert (False, True) in seen


IVV = "iShares Core S&P 500 ETF"


def test_the_workbook_gives_every_day_since_inception() -> None:
    payload = (PAYLOADS / "ishares_fund_xls/IVV_fund_asof-2022-05-11.xls").read_bytes()
    capture = bodies.kept(ishares.valuations("IVV", "239726", IVV), LATER)
    raw = ishares.parse_valuations(payload, capture).tables["fund_valuations"]

    verdict = accept(FundValuations, ishares_transform.fund_valuations(raw, capture), raw, capture)

    assert verdict.accepted.height == 5_534
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", "nav", "shares_outstanding").rows() == by_lines(payload)


def by_lines(payload: bytes) -> list[tuple[date, float, float]]:
    """Read the sheet Historical by another route: its lines, four texts a row."""
    sheet = payload.decode().partition('ss:Name="Historical"')[2].partition("</ss:Worksheet>")[0]
    texts = re.findall(r"<ss:Data [^>]*>([^<]*)</ss:Data>", sheet)
    rows = [texts[start : start + 4] for start in range(4, len(texts), 4)]
    return [
        (datetime.strptime(day, "%b %d, %Y").date(), float(nav), float(shares))  # noqa: DTZ007 -- a day
        for day, nav, _, shares in rows
    ]


def test_another_funds_workbook_and_a_cut_off_one_are_refused() -> None:
    payload = (PAYLOADS / "ishares_fund_xls/IVV_fund_asof-2022-05-11.xls").read_bytes()
    silver = bodies.kept(ishares.valuations("SLV", "239855", "iShares Silver Trust"), LATER)

    with pytest.raises(Refused, match="where 'iShares Silver Trust' was asked"):
        ishares.parse_valuations(payload, silver)
    with pytest.raises(Refused, match="cut-off"):
        ishares.parse_valuations(payload[:-1_000_000], silver)


@pytest.mark.parametrize("file", files("ishares_slv_history/*.csv"))
def test_a_transcribed_history_comes_back_from_a_workbook(file: Path) -> None:
    rows = flattened(file)
    days = [
        (
            f"{date.fromisoformat(row['date']):%b %d, %Y}",
            float(row["nav"]),
            "--",
            int(row["shares"]),
        )
        for row in rows
    ]
    payload = bodies.workbook((bodies.HISTORICAL, *reversed(days), bodies.FOOTER), name=None)
    capture = bodies.asked_valuations()
    raw = ishares.parse_valuations(payload, capture).tables["fund_valuations"]

    verdict = accept(FundValuations, ishares_transform.fund_valuations(raw, capture), raw, capture)

    assert verdict.rejected.is_empty()
    assert verdict.accepted["nav"].to_list() == [nav for _, nav, _, _ in reversed(days)]


SNAPSHOTS = [
    ("IWM", "iShares Russell 2000 ETF", date(2025, 11, 5), "Quantity", 0.9988),
    ("IVV", IVV, date(2022, 12, 30), "Shares", 1.0002),
    ("IBIT", "iShares Bitcoin Trust", date(2026, 5, 6), "Quantity", 1.0),
]


@pytest.mark.parametrize(("fund", "name", "as_of", "units", "total"), SNAPSHOTS)
def test_every_holding_of_a_file_is_accepted(
    fund: str, name: str, as_of: date, units: str, total: float
) -> None:
    payload = (PAYLOADS / f"ishares_csv/{fund}_holdings_asof-{as_of}.csv").read_bytes()
    capture = bodies.kept(ishares.holdings(fund, "1", name, as_of), LATER)
    raw = ishares.parse_holdings(payload, capture).tables["holdings"]

    verdict = accept(Holdings, ishares_transform.holdings(raw, capture), raw, capture)

    expected = [
        (row["Name"], figure(row[units]), figure(row["Market Value"]))
        for row in csv.DictReader(payload.decode().split("\n\u00a0\n")[1].split("\n"))
    ]
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("name", "quantity", "market_value").rows() == expected
    assert verdict.accepted["weight"].sum() == pytest.approx(total, abs=1e-9)
    assert set(verdict.accepted["currency"]) == {"USD"}


def figure(text: str) -> float:
    return float(text.replace(",", ""))


def test_tickers_that_repeat_or_are_absent_still_make_distinct_holdings() -> None:
    fund, name, as_of, _, _ = SNAPSHOTS[0]
    payload = (PAYLOADS / f"ishares_csv/{fund}_holdings_asof-{as_of}.csv").read_bytes()
    capture = bodies.kept(ishares.holdings(fund, "1", name, as_of), LATER)
    raw = ishares.parse_holdings(payload, capture).tables["holdings"]

    rows = ishares_transform.holdings(raw, capture)

    assert rows["holding"].n_unique() == rows.height
    assert rows.filter(pl.col("ticker").is_null())["holding"].to_list()
    assert rows.filter(pl.col("holding") != pl.col("ticker"))["holding"].to_list()


@pytest.mark.parametrize(("fund", "name", "as_of", "units", "total"), SNAPSHOTS)
def test_the_shape_of_a_real_holdings_file_is_its_header(
    fund: str, name: str, as_of: date, units: str, total: float
) -> None:
    payload = (PAYLOADS / f"ishares_csv/{fund}_holdings_asof-{as_of}.csv").read_bytes()
    capture = bodies.kept(ishares.holdings(fund, "1", name, as_of), LATER)

    header = payload.decode().split("\n\u00a0\n")[1].partition("\n")[0]
    assert ishares.parse_holdings(payload, capture).columns == tuple(sorted(header.split(",")))
    assert units in header


def test_the_shape_of_a_real_workbook_is_its_historys_header() -> None:
    payload = (PAYLOADS / "ishares_fund_xls/IVV_fund_asof-2022-05-11.xls").read_bytes()
    capture = bodies.kept(ishares.valuations("IVV", "239726", IVV), LATER)

    columns = ishares.parse_valuations(payload, capture).columns

    assert columns == ("As Of", "Ex-Dividends", "NAV per Share", "Shares Outstanding")


def test_real_charts_of_an_index_a_stock_and_a_coin_have_one_shape() -> None:
    shapes = set()
    for file in PAYLOADS.glob("yahoo/chart_v8_*.json"):
        document = json.loads(file.read_bytes())
        meta = bodies.result(document)["meta"]
        meta["dataGranularity"] = "1d"
        parsed = yahoo.parse_quotes(bodies.as_json(document), asked(meta["symbol"]))
        shapes.add(parsed.columns)

    [shape] = shapes
    assert len(shape) == 43
    assert {"timestamp", "meta.validRanges", "indicators.quote.close"} < {*shape}
    assert "meta.currentTradingPeriod.regular.end" in shape
