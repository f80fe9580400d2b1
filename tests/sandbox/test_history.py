"""A folder of captured history comes back over HTTP digit by digit."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from sandbox import history, ishares

SERVED = {
    "SI=F": "SI_F",
    "GC=F": "GC_F",
    "^GSPC": "GSPC",
    "^IXIC": "IXIC",
    "^RUT": "RUT",
    "BTC-USD": "BTC-USD",
    "ETH-USD": "ETH-USD",
    "SLV": "SLV",
    "GLD": "GLD",
    "SPY": "SPY",
}
DAILY = {"interval": "1d", "period1": "-9999999999", "period2": "9999999999"}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def test_only_what_the_providers_publish_is_carried(replayed: httpx.Client) -> None:
    status = replayed.get("/sandbox").json()

    assert status["origin"] == "history"
    carried = {
        (provider, dataset): symbols
        for provider, carries in status["carries"].items()
        for dataset, symbols in carries.items()
        if symbols
    }
    assert carried == {
        ("yahoo", "quotes"): sorted(SERVED),
        ("kraken", "quotes"): ["ETHUSD", "XBTUSD"],
        ("coinbase", "quotes"): ["BTC-USD", "ETH-USD"],
        ("binance", "quotes"): ["BTCUSDT", "ETHUSDT"],
        ("stooq", "quotes"): ["iwm.us", "xagusd", "xauusd"],
        ("ishares", "valuations"): ["239855"],
        ("spdr_gold", "valuations"): ["gld"],
        ("sec", "valuations"): ["0001222333", "0001330568"],
        ("fred", "rates"): ["DFEDTARL", "DFEDTARU"],
    }


@pytest.mark.parametrize("symbol", SERVED)
def test_every_bar_comes_back_as_captured(
    replayed: httpx.Client,
    captured: Path,
    symbol: str,
) -> None:
    rows = rows_of(captured / "prices" / f"{SERVED[symbol]}.csv")
    path = f"/v8/finance/chart/{symbol.replace('^', '%5E')}"
    result = replayed.get(path, params=DAILY).raise_for_status().json()["chart"]["result"][0]
    zone = ZoneInfo(result["meta"]["exchangeTimezoneName"])
    days = [
        str(datetime.fromtimestamp(at, UTC).astimezone(zone).date()) for at in result["timestamp"]
    ]
    quote, adjusted = result["indicators"]["quote"][0], result["indicators"]["adjclose"][0]

    assert days == [row["date"] for row in rows]
    for column in ("open", "high", "low", "close", "volume"):
        assert quote[column] == [float(row[column]) if row[column] else None for row in rows]
    last = rows[-1]
    scale = float(last["close"]) / float(last["adj_close"] or last["close"])
    assert adjusted["adjclose"] == pytest.approx(
        [float(row["adj_close"] or row["close"]) * scale for row in rows],
        rel=1e-12,
    )
    assert adjusted["adjclose"][-1] == float(last["close"])


def test_an_unadjusted_series_keeps_its_digits(replayed: httpx.Client, captured: Path) -> None:
    rows = rows_of(captured / "prices" / "SLV.csv")
    result = replayed.get("/v8/finance/chart/SLV", params=DAILY).json()["chart"]["result"][0]

    assert result["indicators"]["adjclose"][0]["adjclose"] == [
        float(row["adj_close"]) for row in rows
    ]


def test_the_workbook_holds_every_captured_row(replayed: httpx.Client, captured: Path) -> None:
    rows = rows_of(captured / "funds" / "SLV.csv")
    asked = {"portfolioId": "239855", "component": "fundDownload"}
    text = replayed.get(ishares.PATH, params=asked).text

    assert all(f'"Number">{row["nav"].rstrip("0").rstrip(".")}<' in text for row in rows)
    assert all(f">{row['shares_outstanding']}<" in text for row in rows)


def test_a_known_fund_that_is_not_carried_has_an_empty_workbook(replayed: httpx.Client) -> None:
    asked = {"portfolioId": "239561", "component": "fundDownload"}

    assert "As Of" in replayed.get(ishares.PATH, params=asked).text
    assert ", 2025<" not in replayed.get(ishares.PATH, params=asked).text


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no symbols\.csv"):
        history.from_folder(tmp_path)
