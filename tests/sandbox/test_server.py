"""The sandbox over real HTTP: its status, its clock and its two providers."""

from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from sandbox import ishares, server
from sandbox.answers import Answer
from sandbox.faults import Faults
from sandbox.market import Market

LAST = date(2025, 12, 11)
SILVER = "/v8/finance/chart/SI=F"
DAILY = {"interval": "1d", "period1": "0", "period2": "9999999999"}
CELL = "{urn:schemas-microsoft-com:office:spreadsheet}Cell"
IDS = {fund.ticker: key for key, fund in ishares.FUNDS.items()}


def chart(client: httpx.Client, symbol: str, **query: str) -> dict[str, Any]:
    answer = client.get(f"/v8/finance/chart/{symbol}", params=DAILY | query).raise_for_status()
    found: dict[str, Any] = answer.json()["chart"]["result"][0]
    return found


def move(client: httpx.Client, now: str) -> httpx.Response:
    return client.put("/sandbox/clock", json={"now": now})


def document(client: httpx.Client, fund: str, component: str, **query: str) -> httpx.Response:
    asked = {"portfolioId": IDS.get(fund, fund), "component": component} | query
    return client.get(ishares.PATH, params=asked).raise_for_status()


def sheets(workbook: bytes) -> dict[str, list[list[str]]]:
    """Read a workbook the long way round: mend what is not XML, then parse."""
    text = workbook.decode().lstrip("\ufeff").replace("&", "&amp;").replace("&amp;amp;", "&amp;")
    root = ET.fromstring(text)  # noqa: S314  # our own bytes
    space = "{urn:schemas-microsoft-com:office:spreadsheet}"
    return {
        sheet.attrib[f"{space}Name"]: [
            ["".join(cell.itertext()).strip() for cell in row.iter(CELL)]
            for row in sheet.iter(f"{space}Row")
        ]
        for sheet in root.iter(f"{space}Worksheet")
    }


def test_the_status_says_where_when_and_what(market: Market) -> None:
    with server.serving(market, LAST) as url:
        status = httpx.get(f"{url}/sandbox", headers={"user-agent": "curl/8"}).json()

    assert status["origin"] == "synthetic"
    assert status["now"].startswith("2025-12-12T18:00:")
    assert {"SI=F", "^GSPC", "BTC-USD"} <= set(status["carries"]["yahoo"]["quotes"])
    valued, held = (status["carries"]["ishares"][dataset] for dataset in ("valuations", "holdings"))
    assert [ishares.FUNDS[number].ticker for number in valued if number not in held] == [
        "IAU",
        "SLV",
    ]
    assert {*held} < {*valued} == {*ishares.FUNDS}


@pytest.mark.parametrize("provider", server.providers())
def test_a_market_that_is_whole_carries_something_of_every_dataset(
    market: Market, provider: str
) -> None:
    carried = server.providers()[provider].carries(market)

    assert carried
    assert all(carried.values())


@pytest.mark.parametrize(
    "body", ['{"now": "soon"}', '{"now": "2025-12-12T18:00:00"}', "[]", "x", "3"]
)
def test_a_bad_moment_is_refused_in_one_line(client: httpx.Client, body: str) -> None:
    answer = client.put("/sandbox/clock", content=body)

    assert answer.status_code == 400
    assert "time zone" in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_an_unknown_path_is_not_found_in_json(client: httpx.Client) -> None:
    answer = client.get("/v7/finance/quote")

    assert answer.status_code == 404
    assert answer.json() == {"error": "Not Found"}


def test_moving_the_clock_makes_rows_appear_and_disappear(client: httpx.Client) -> None:
    counts = []
    for now in ("2025-12-11T22:14:00Z", "2025-12-11T22:15:00Z", "2025-12-10T20:00:00Z"):
        assert move(client, now).status_code == 200
        counts.append(len(set(chart(client, "SI=F")["indicators"]["quote"][0]["close"])))

    assert counts[1] == counts[0] + 2  # the evening serves the new session twice
    assert counts[2] < counts[0]


def test_the_latest_coin_is_absent_in_the_early_morning(client: httpx.Client) -> None:
    stamps = []
    for now in ("2025-12-12T06:29:00Z", "2025-12-12T06:30:00Z"):
        move(client, now)
        stamps.append(chart(client, "BTC-USD")["timestamp"][-1])

    assert [datetime.fromtimestamp(stamp, UTC).date().day for stamp in stamps] == [10, 11]


@pytest.mark.parametrize(
    "agent",
    ["curl/8.5.0", "python-httpx/0.28", "python-requests/2.32", "Go-http-client/1.1"],
)
def test_clients_that_are_no_browsers_are_refused(client: httpx.Client, agent: str) -> None:
    chart = client.get(SILVER, headers={"user-agent": agent})
    page = client.get(
        ishares.PATH,
        params={"component": "holdings"},
        headers={"user-agent": agent},
    )

    assert (chart.status_code, chart.content) == (429, b"Too Many Requests\r\n")
    assert page.status_code == 200
    assert page.content.startswith(b"<!DOCTYPE html>")


def test_the_whole_daily_history_is_quietly_monthly(client: httpx.Client) -> None:
    answer = client.get(SILVER, params={"interval": "1d", "range": "max"}).json()
    result = answer["chart"]["result"][0]

    assert result["meta"]["dataGranularity"] == "1mo"
    assert len(result["timestamp"]) == 5 + 25 * 12
    assert chart(client, "SI=F")["meta"]["dataGranularity"] == "1d"


def test_the_keys_of_a_quote_change_places(client: httpx.Client) -> None:
    orders = {tuple(chart(client, "SI=F")["indicators"]["quote"][0]) for _ in range(3)}

    assert len(orders) == 3


def test_an_unknown_symbol_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/v8/finance/chart/NOSUCH")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.text == (
        '{"chart":{"result":null,"error":{"code":"Not Found",'
        '"description":"No data found, symbol may be delisted"}}}'
    )


def test_an_empty_window_is_a_bad_request(client: httpx.Client) -> None:
    answer = client.get(SILVER, params={"period1": "1765544400", "period2": "1765548000"})

    assert answer.status_code == 400
    assert answer.text == (
        '{"chart":{"result":null,"error":{"code":"Bad Request","description":'
        '"Data doesn\'t exist for startDate = 1765544400, endDate = 1765548000"}}}'
    )


@pytest.mark.parametrize("query", [{"period1": "x"}, {"range": "2d"}])
def test_an_unreadable_window_is_a_bad_request(client: httpx.Client, query: dict[str, str]) -> None:
    assert client.get(SILVER, params=query).status_code == 400


@pytest.mark.parametrize(
    ("symbol", "summer", "winter"),
    [
        pytest.param("%5EGSPC", "2025-07-10T13:30", "2025-12-10T14:30", id="half past nine"),
        pytest.param("SI=F", "2025-07-10T04:00", "2025-12-10T05:00", id="midnight in New York"),
        pytest.param("BTC-USD", "2025-07-10T00:00", "2025-12-10T00:00", id="midnight UTC"),
    ],
)
def test_bars_are_stamped_with_their_session_s_open(
    client: httpx.Client,
    symbol: str,
    summer: str,
    winter: str,
) -> None:
    result = chart(client, symbol)
    stamps = {datetime.fromtimestamp(stamp, UTC).isoformat()[:16] for stamp in result["timestamp"]}

    assert {summer, winter} <= stamps
    assert result["meta"]["gmtoffset"] == (0 if symbol == "BTC-USD" else -18_000)


def test_the_end_of_a_window_is_exclusive(client: httpx.Client) -> None:
    stamps = chart(client, "SI=F")["timestamp"]
    inside = chart(client, "SI=F", period1=str(stamps[-3]), period2=str(stamps[-1]))

    assert inside["timestamp"] == stamps[-3:-1]


def test_in_the_evening_the_session_is_served_twice(client: httpx.Client) -> None:
    move(client, "2025-12-11T23:00:00Z")
    result = chart(client, "%5EGSPC")
    first, last = result["timestamp"][-2:]
    close = result["indicators"]["quote"][0]["close"]

    assert datetime.fromtimestamp(first, UTC).isoformat() == "2025-12-11T14:30:00+00:00"
    assert last == result["meta"]["regularMarketTime"]
    assert datetime.fromtimestamp(last, UTC).isoformat() == "2025-12-11T21:00:00+00:00"
    assert close[-2] != close[-1] == result["meta"]["regularMarketPrice"]


def test_events_come_only_when_asked_for_and_only_when_there_are_any(client: httpx.Client) -> None:
    asked = chart(client, "SPY", events="div,splits")

    assert "events" not in chart(client, "SPY")
    assert "events" not in chart(client, "SLV", events="div,splits")
    assert {key for event in asked["events"]["dividends"].values() for key in event} == {
        "amount",
        "date",
    }


def test_a_dividend_rewrites_the_past_only_once_it_is_known(client: httpx.Client) -> None:
    adjusted = []
    for now in ("2025-09-18T23:30:00Z", "2025-09-19T23:30:00Z"):
        move(client, now)
        result = chart(client, "SPY")
        adjusted.append(result["indicators"]["adjclose"][0]["adjclose"])
        assert adjusted[-1][-1] == result["indicators"]["quote"][0]["close"][-1]

    assert adjusted[1][0] < adjusted[0][0]


def test_the_workbook_of_a_trust_holds_its_history_newest_first(client: httpx.Client) -> None:
    answer = document(client, "SLV", "fundDownload")
    found = sheets(answer.content)
    rows = found["Historical"]

    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf\xef\xbb\xbf<?xml")
    assert list(found) == ["Disclaimers", "Historical", "Performance"]
    assert rows[0] == ["As Of", "NAV per Share", "Ex-Dividends", "Shares Outstanding"]
    assert [rows[1][0], rows[1][2]] == ["Dec 11, 2025", "--"]
    assert rows[-2][0] == "Apr 21, 2006"
    assert len(rows[-1]) == 1


def test_the_workbook_is_not_well_formed(client: httpx.Client) -> None:
    content = document(client, "IVV", "fundDownload").content.removeprefix(b"\xef\xbb\xbf" * 2)

    assert b"iShares Core S&P 500 ETF" in content
    assert b"<strong>" in content
    with pytest.raises(ET.ParseError):
        ET.fromstring(content)  # noqa: S314  # our own bytes


def test_the_workbook_of_an_equity_fund_has_five_sheets(client: httpx.Client) -> None:
    found = sheets(document(client, "IVV", "fundDownload").content)

    assert list(found) == ["Disclaimers", "Holdings", "Historical", "Performance", "Distributions"]
    assert found["Holdings"][:2] == [["11-Dec-2025"], ["iShares Core S&P 500 ETF"]]
    assert found["Holdings"][7][7] == "Shares"
    assert len(found["Holdings"]) == 8 + 46


def test_a_fund_s_row_appears_the_next_day_at_thirteen(client: httpx.Client) -> None:
    newest = []
    for now in ("2025-12-11T12:59:00Z", "2025-12-11T13:00:00Z"):
        move(client, now)
        newest.append(sheets(document(client, "SLV", "fundDownload").content)["Historical"][1][0])

    assert newest == ["Dec 09, 2025", "Dec 10, 2025"]


@pytest.mark.parametrize(("fund", "columns"), [("IWM", 15), ("IBIT", 10)])
def test_holdings_have_the_layout_of_their_fund(
    client: httpx.Client,
    fund: str,
    columns: int,
) -> None:
    text = document(client, fund, "holdings", asOfDate="20251210").content.decode()
    lines = text.split("\n")

    assert text.startswith("\ufeffiShares ")
    assert lines[1] == 'Fund Holdings as of,"Dec 10, 2025"'
    assert lines[8] == "\u00a0"
    assert lines[9].startswith("Ticker,Name,")
    assert lines[9].count(",") == columns - 1
    assert lines[10].count('","') == columns - 1
    assert "\r" not in text
    assert text.endswith('"')


@pytest.mark.parametrize(
    ("fund", "day"),
    [
        pytest.param("IVV", "20251213", id="weekend"),
        pytest.param("IVV", "20251127", id="holiday"),
        pytest.param("IVV", "20251212", id="not yet published"),
        pytest.param("IVV", "19990104", id="before inception"),
        pytest.param("IVV", "someday", id="unreadable"),
        pytest.param("SLV", "20251210", id="metal"),
    ],
)
def test_a_day_without_data_gets_the_empty_template(
    client: httpx.Client,
    fund: str,
    day: str,
) -> None:
    answer = document(client, fund, "holdings", asOfDate=day)
    lines = answer.content.decode().split("\n")

    assert answer.headers["content-type"] == "text/csv;charset=UTF-8"
    assert lines[1] == 'Fund Holdings as of,"-"'
    assert lines[3] == 'Shares Outstanding,"-"'
    assert lines[10] == "\u00a0"


def test_an_unknown_fund_gets_another_fund_s_data(client: httpx.Client) -> None:
    assert document(client, "1", "fundDownload").content.count(b"<ss:Row>") > 1000


def test_an_unknown_component_is_not_found(client: httpx.Client) -> None:
    assert client.get(ishares.PATH, params={"component": "x"}).status_code == 404


def test_a_market_is_served_on_the_port_asked_for(market: Market) -> None:
    with server.listen(0) as listener:
        port = listener.getsockname()[1]
    with server.serving(market, LAST, port=port) as url:
        assert url == f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/sandbox").status_code == 200


def test_faults_never_befall_the_sandbox_s_own_pages(market: Market) -> None:
    with server.serving(market, LAST, faults=Faults(rate=1)) as url:
        assert {httpx.get(f"{url}/sandbox").status_code for _ in range(20)} == {200}


def test_a_connection_is_dropped_in_the_middle_of_the_body(market: Market) -> None:
    seed = next(seed for seed in range(1_000) if cuts_first_chart(seed))
    agent = {"user-agent": "Mozilla/5.0"}
    with (
        server.serving(market, LAST, faults=Faults(rate=1, seed=seed)) as url,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(f"{url}{SILVER}", params=DAILY, headers=agent)


def cuts_first_chart(seed: int) -> bool:
    answer = Answer(b"{}", "application/json;charset=utf-8")
    return Faults(rate=1, seed=seed).spoil(answer).cut_off
