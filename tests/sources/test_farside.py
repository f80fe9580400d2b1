from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.tables.reported_flows import ReportedFlows
from schemas.validation import Verdict, accept
from sources import farside
from tests.sources.bodies import kept
from transforms import farside as transform

ASKED = kept(farside.reported_flows("bitcoin_etf_flows", "bitcoin-etf-flow-all-data"))
HEADER = ["Date", "IBIT", "GBTC", "BTC", "Total"]
DAYS = [
    ["01 Jul 2030", "1,111.7", "(95.1)", "0.0", "1,016.6"],
    ["02 Jul 2030", "-", "(2.0)", "3.5", "1.5"],
]
BELOW = [[name, "1.0", "1.0", "1.0", "1.0"] for name in ("Total", "Average", "Maximum", "Minimum")]


def cell(text: str, tag: str = "td") -> str:
    return f'<{tag}><div><span class="tabletext">{text}</span></div></{tag}>'


def line(row: list[str], tag: str = "td") -> str:
    return f"<tr>{''.join(cell(text, tag) for text in row)}</tr>\n"


def page(days: list[list[str]] = DAYS, header: list[str] = HEADER, css: str = "etf") -> bytes:
    """Write a page of these days above the four rows that are none."""
    rows = "".join(map(line, [*days, *BELOW]))
    return (
        "<!DOCTYPE html>\n<html><head><title>Flows</title></head><body>"
        f'<table class="{css}"><thead>{line(header, "th")}</thead><tbody>{rows}</tbody></table>'
        "</body></html>\n"
    ).encode()


def cells(payload: bytes) -> list[dict[str, Any]]:
    return farside.parse_reported_flows(payload, ASKED).tables["reported_flows"].to_dicts()


def judged(payload: bytes) -> Verdict:
    raw = farside.parse_reported_flows(payload, ASKED).tables["reported_flows"]
    return accept(ReportedFlows, transform.reported_flows(raw, ASKED), raw, ASKED)


def accepted(payload: bytes) -> list[tuple[str, date, float]]:
    verdict = judged(payload)
    assert verdict.rejected.is_empty()
    return verdict.accepted.select("fund", "as_of", "net_flow_usd").rows()


def test_the_page_is_asked_for_by_its_name() -> None:
    assert ASKED.request.scope == "farside/reported_flows/bitcoin_etf_flows"
    assert ASKED.request.path == "/bitcoin-etf-flow-all-data/"
    assert ASKED.request.params == {}


def test_a_row_of_funds_becomes_a_row_for_each_beside_the_days_total() -> None:
    rows = cells(page())

    assert len(rows) == 6
    assert rows[1] == {
        "position": 1,
        "row": 0,
        "Date": "01 Jul 2030",
        "fund": "GBTC",
        "flow": "(95.1)",
        "Total": "1,016.6",
    }


def test_flows_are_in_dollars_and_what_is_not_reported_has_no_row() -> None:
    assert accepted(page()) == [
        ("IBIT", date(2030, 7, 1), 1_111_700_000.0),
        ("GBTC", date(2030, 7, 1), -95_100_000.0),
        ("BTC", date(2030, 7, 1), 0.0),
        ("GBTC", date(2030, 7, 2), -2_000_000.0),
        ("BTC", date(2030, 7, 2), 3_500_000.0),
    ]


def test_columns_are_known_by_name_wherever_they_are_and_new_ones_are_funds() -> None:
    header = ["Date", "Total", "BTC", "MSBT", "IBIT"]

    rows = accepted(page([["01 Jul 2030", "7.0", "1.0", "2.0", "4.0"]], header))

    assert {fund: flow for fund, _, flow in rows} == {"BTC": 1e6, "MSBT": 2e6, "IBIT": 4e6}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(page().replace(b"<thead>", b"<thead><tr><th></th></tr>"), id="a row above"),
        pytest.param(page(header=["", *HEADER[1:]]), id="no name above the days"),
        pytest.param(page(css="has-fixed-layout etf"), id="one more class"),
        pytest.param(page([*DAYS, [""] * 5, ["x"]]), id="rows that keep a distance"),
        pytest.param(page().replace(b"01 Jul", b"1&nbsp;Jul"), id="a day without a zero"),
        pytest.param(page().replace(b"(95.1)", b'<b class="red">(95.1)</b>'), id="red"),
    ],
)
def test_a_table_in_another_shape_reads_the_same(payload: bytes) -> None:
    assert accepted(payload) == accepted(page())


def test_a_total_that_is_no_sum_makes_each_cell_of_a_whole_row_suspect() -> None:
    verdict = judged(page([*DAYS, ["03 Jul 2030", "1.0", "2.0", "3.0", "6.2"]]))

    assert verdict.accepted.height == 5
    assert verdict.rejected["position"].to_list() == [6, 7, 8]
    assert "net_flow_usd: less_than(inf)" in verdict.rejected["failures"][0]


@pytest.mark.parametrize("total", ["6.1", "5.9", "-"])
def test_a_total_that_is_rounded_or_missing_does_no_harm(total: str) -> None:
    assert len(accepted(page([["03 Jul 2030", "1.0", "2.0", "3.0", total]]))) == 3


def test_a_cell_that_is_no_number_is_rejected_alone() -> None:
    verdict = judged(page([*DAYS, ["03 Jul 2030", "1.0", "(2.0", "3.0", "2.0"]]))

    assert verdict.rejected["position"].to_list() == [7]
    assert verdict.accepted.height == 7


def test_zeros_of_a_weekend_fill_a_calendar_and_are_left_out() -> None:
    weekend = [["06 Jul 2030", "0.0", "0.0", "0.0", "0.0"], ["07 Jul 2030", "0.0", "-", "-", "0.0"]]

    assert accepted(page([*DAYS, *weekend])) == accepted(page())


def test_values_of_a_weekend_are_of_no_session_and_rejected() -> None:
    verdict = judged(page([*DAYS, ["06 Jul 2030", "1.0", "0.0", "0.0", "1.0"]]))

    assert verdict.rejected["position"].to_list() == [6, 7, 8]
    assert "net_flow_usd: less_than(inf)" in verdict.rejected["failures"][0]


def test_zeros_of_a_weekday_are_flows() -> None:
    assert len(accepted(page([["04 Jul 2030", "0.0", "0.0", "0.0", "0.0"]]))) == 3


@pytest.mark.parametrize("day", ["31 Jun 2030", "3 July 2030", "2030-07-03", "Totals"])
def test_a_row_below_whose_day_cannot_be_read_is_rejected(day: str) -> None:
    verdict = judged(page([*DAYS, [day, "1.0", "2.0", "3.0", "6.0"]]))

    assert verdict.rejected["position"].to_list() == [6, 7, 8]


def test_a_day_there_twice_is_a_conflict_unless_it_says_the_same() -> None:
    other = ["01 Jul 2030", "1,111.7", "(95.1)", "1.0", "1,017.6"]

    assert judged(page([*DAYS, DAYS[0]])).accepted.height == 5
    conflict = judged(page([*DAYS, other]))
    assert conflict.accepted.height == 4
    assert {*conflict.rejected["failures"].explode()} == {"conflicting duplicate"}


def test_a_tables_shape_is_its_header() -> None:
    assert farside.parse_reported_flows(page(), ASKED).columns == tuple(sorted(HEADER))


CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
ETHER = ["Date", "ETHA", "FETH", "ETH", "Total"]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body was served where HTML", id="empty"),
        pytest.param(CHALLENGE, "a challenge page .HTML. was served", id="a challenge"),
        pytest.param(b"date,IBIT\n2030-07-01,1\n", "CSV was served where HTML", id="CSV"),
        pytest.param(page(css="other"), "no table of class etf; .* 'Flows'", id="no table"),
        pytest.param(page()[:-20], "no end .*: cut off", id="cut off"),
        pytest.param(page(header=[*HEADER[:-1], "Sum"]), "column Total is missing", id="no Total"),
        pytest.param(page(header=ETHER), "no column IBIT: flows of other funds", id="ether"),
        pytest.param(
            page(header=["Date", "IBIT", "BTC", "BTC", "Total"]), "there twice", id="a fund twice"
        ),
        pytest.param(page(header=["Date", "IBIT", "", "BTC", "Total"]), "no name", id="nameless"),
        pytest.param(page([]), "first row .* no day but nothing", id="no rows"),
        pytest.param(
            page([["Seed", "1.0", "1.0", "1.0", "3.0"], *DAYS]), "no day but 'Seed'", id="no day"
        ),
        pytest.param(
            page([*DAYS, ["03 Jul 2030", "1.0", "2.0", "3.0"]]),
            "the row '03 Jul 2030' has 4 cells below 5 names",
            id="a short row",
        ),
    ],
)
def test_what_is_no_table_of_bitcoin_funds_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^farside/reported_flows/bitcoin_etf_flows: .*{told}"):
        cells(payload)


def test_a_refused_table_still_tells_its_shape() -> None:
    with pytest.raises(Refused) as refusal:
        cells(page(header=ETHER))

    assert refusal.value.columns == tuple(sorted(ETHER))


tenths = st.integers(-(10**6), 10**6) | st.none()


def written(value: int | None) -> str:
    if value is None:
        return "-"
    return f"({-value / 10:,.1f})" if value < 0 else f"{value / 10:,.1f}"


@settings(max_examples=30, deadline=None)
@given(flows=st.lists(st.tuples(tenths, tenths, tenths), min_size=1, max_size=5))
def test_any_days_written_as_the_page_writes_them_come_back(
    flows: list[tuple[int | None, ...]],
) -> None:
    days = [
        [f"{day:02d} Jul 2030", *map(written, row), written(sum(value or 0 for value in row))]
        for day, row in enumerate(flows, start=1)
    ]

    assert accepted(page(days)) == [
        (fund, date(2030, 7, day), value * 100_000.0)
        for day, row in enumerate(flows, start=1)
        for fund, value in zip(("IBIT", "GBTC", "BTC"), row, strict=True)
        if value is not None
    ]


GOOD = page(DAYS * 3)


@settings(max_examples=60, deadline=None)
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
    ReportedFlows.validate(verdict.accepted)
