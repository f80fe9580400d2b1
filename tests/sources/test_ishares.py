import logging
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import ishares
from tests.sources import bodies
from tests.sources.bodies import DAYS, EQUITY, FOOTER, HELD, HISTORICAL
from transforms import ishares as transform

VALUATIONS = bodies.asked_valuations()
HOLDINGS = bodies.asked_holdings()


def days(payload: bytes) -> list[dict[str, Any]]:
    return ishares.parse_valuations(payload, VALUATIONS).tables["fund_valuations"].to_dicts()


def held(payload: bytes) -> list[dict[str, Any]]:
    return ishares.parse_holdings(payload, HOLDINGS).tables["holdings"].to_dicts()


def test_a_workbook_is_asked_for_by_portfolio() -> None:
    request = ishares.valuations("ACS", "123456", "Acme Silver Trust")

    assert request.scope == "ishares/valuations/ACS"
    assert request.path.endswith("/product-data/api/v1/get-fund-document")
    assert request.params == {
        "appType": "PRODUCT_PAGE",
        "appSubType": "ISHARES",
        "targetSite": "us-ishares",
        "locale": "en_US",
        "portfolioId": "123456",
        "userType": "individual",
        "component": "fundDownload",
    }
    assert request.expects == {"name": "Acme Silver Trust"}


def test_holdings_are_asked_for_by_day() -> None:
    request = ishares.holdings("ACS", "123456", "Acme Silver Trust", date(2030, 7, 8))

    assert request.params["component"] == "holdings"
    assert request.params["asOfDate"] == "20300708"
    assert request.asked_from == request.asked_to == date(2030, 7, 8)


def test_a_workbook_gives_its_days_in_the_issuers_columns_without_its_footer() -> None:
    rows = days(bodies.workbook())

    assert len(rows) == len(DAYS)
    assert rows[0] == {
        "position": 0,
        "As Of": "Jul 08, 2030",
        "NAV per Share": "25.125",
        "Shares Outstanding": "1500000",
    }
    assert rows[-1]["As Of"] == "Jun 28, 2030"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(bodies.workbook((HISTORICAL, *DAYS)), id="no footer"),
        pytest.param(bodies.workbook((HISTORICAL, *DAYS, [""], FOOTER, FOOTER)), id="long footer"),
        pytest.param(bodies.workbook((["Acme"], HISTORICAL, *DAYS)), id="a title above the header"),
        pytest.param(bodies.workbook(sheet="Historisch"), id="the German site's sheet"),
        pytest.param(bodies.workbook(name=None), id="no sheet Holdings"),
        pytest.param(bodies.workbook(name="ACME SILVER  Trust ETF"), id="ETF added to the name"),
        pytest.param(
            bodies.workbook(
                (
                    ("As Of", "Index Level", "NAV per Share", "Non-FV NAV", "Shares Outstanding"),
                    *((day, 1.0, nav, 2.0, shares) for day, nav, _, shares in DAYS),
                )
            ),
            id="more columns, elsewhere",
        ),
        pytest.param(
            bodies.workbook().replace(
                b'<ss:Cell ss:StyleID="Left">\n<ss:Data ss:Type="String">--</ss:Data>\n</ss:Cell>'
                b'<ss:Cell ss:StyleID="Left">\n<ss:Data ss:Type="Number">1500000<',
                b'<ss:Cell ss:Index="4">\n<ss:Data ss:Type="Number">1500000<',
            ),
            id="a cell left out, the next one addressed",
        ),
        pytest.param(
            bodies.workbook().replace(b"ss:", b"").replace(b"xmlns:ss", b"xmlns"), id="no prefix"
        ),
        pytest.param(bodies.workbook().replace(b">25.125<", b">25<b>.1</b>25<"), id="a tag inside"),
    ],
)
def test_a_workbook_in_another_shape_reads_the_same(payload: bytes) -> None:
    if b"xmlns=" in payload:
        payload = payload.replace(b' Name="', b' ss:Name="').replace(b' Type="', b' ss:Type="')
        payload = payload.replace(b"<Workbook ", b'<Workbook xmlns:ss="' + SPREADSHEET + b'" ')

    assert days(payload) == days(bodies.workbook())


SPREADSHEET = b"urn:schemas-microsoft-com:office:spreadsheet"


def test_a_bad_row_among_good_ones_stays_to_be_rejected() -> None:
    rows = days(bodies.workbook((HISTORICAL, *DAYS[:2], ["???", "x", "--", "y"], *DAYS[2:])))

    assert rows[2] == {
        "position": 2,
        "As Of": "???",
        "NAV per Share": "x",
        "Shares Outstanding": "y",
    }


def test_a_last_row_whose_day_is_spoilt_is_no_footer() -> None:
    assert len(days(bodies.workbook((HISTORICAL, *DAYS, ["???", 24.0, "--", 1], FOOTER)))) == 7


def renamed(column: str) -> bytes:
    header = [f"{name}!" if name == column else name for name in HISTORICAL]
    return bodies.workbook((header, *DAYS))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML", id="dead endpoint"),
        pytest.param(b'{"error":404}', "JSON", id="an error as JSON"),
        pytest.param(bodies.holdings_file(), "CSV was served", id="the other document"),
        pytest.param(bodies.workbook()[:-400], "broken or cut-off workbook", id="cut off"),
        pytest.param(bodies.workbook(sheet="History"), "no sheet Historical, only", id="no sheet"),
        pytest.param(renamed("As Of"), "column As Of is missing", id="no days"),
        pytest.param(renamed("NAV per Share"), "column NAV per Share is missing", id="no NAV"),
        pytest.param(
            renamed("Shares Outstanding"), "column Shares Outstanding is missing", id="no shares"
        ),
        pytest.param(
            bodies.workbook((("As Of", "NAV per Share", "NAV per Share", "Shares Outstanding"),)),
            "a column is there twice",
            id="two columns of one name",
        ),
        pytest.param(bodies.workbook((HISTORICAL,)), "has no rows", id="a header alone"),
        pytest.param(bodies.workbook((HISTORICAL, FOOTER)), "has no rows", id="a footer alone"),
        pytest.param(
            bodies.workbook(()), "column As Of, NAV per Share, .* missing", id="an empty sheet"
        ),
        pytest.param(
            bodies.workbook(name="Acme Gold Trust"),
            "of 'Acme Gold Trust' where 'Acme Silver Trust' was asked",
            id="another fund",
        ),
        pytest.param(
            bodies.workbook().replace(
                b"<ss:Workbook", b'<!DOCTYPE a [<!ENTITY b "c">]><ss:Workbook', 1
            ),
            "declares a document type",
            id="entities",
        ),
        pytest.param(
            bodies.workbook().replace(b"<ss:Cell ", b'<ss:Cell ss:Index="x" ', 1),
            "broken or cut-off workbook",
            id="an address that is no number",
        ),
    ],
)
def test_what_is_no_workbook_of_the_fund_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^ishares/valuations/ACS: .*{told}"):
        days(payload)


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("iShares Bitcoin Trust", "iShares Bitcoin Trust ETF", True),
        ("ISHARES SILVER TRUST", "iShares Silver  Trust", True),
        ("iShares Core S&P 500 ETF", "iShares Core S&P 500 Growth ETF", False),
        ("iShares Gold Trust", "iShares Gold Trust Micro", False),
        ("iShares Gold Trust", "iShares Silver Trust", False),
        ("iShares Gold Trust", "", False),
    ],
)
def test_names_differ_by_more_than_the_word_etf(one: str, other: str, are_one: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert (ishares.same_name(one) == ishares.same_name(other)) is are_one


def test_holdings_keep_the_issuers_columns_and_texts() -> None:
    rows = held(bodies.holdings_file())

    assert len(rows) == len(HELD)
    assert rows[0] == {
        "position": 0,
        "Fund Holdings as of": "Jul 08, 2030",
        "Ticker": "AAA",
        "Name": "ALPHA & SONS INC",
        "Asset Class": "Equity",
        "Market Value": "1,250,000.50",
        "Weight (%)": "62.50",
        "Quantity": "10,000.00",
        "Currency": "USD",
    }


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(
            bodies.holdings_file(header=EQUITY.replace("Quantity", "Shares")), id="Shares"
        ),
        pytest.param(
            bodies.holdings_file(header=EQUITY.replace("Quantity", "Par Value")), id="par"
        ),
        pytest.param(
            bodies.holdings_file().replace(b"\xc2\xa0", b""), id="a blank line below the table"
        ),
        pytest.param(bodies.holdings_file(mark=""), id="no byte order mark"),
        pytest.param(bodies.holdings_file().replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(bodies.holdings_file(name="Acme Silver Trust ETF"), id="ETF in the name"),
    ],
)
def test_holdings_in_another_years_layout_read_the_same(payload: bytes) -> None:
    assert held(payload) == held(bodies.holdings_file())


def test_a_crypto_trust_has_no_currency_of_value() -> None:
    rows = held(bodies.holdings_file(bodies.COINS, header=bodies.CRYPTO))

    assert [row["Currency"] for row in rows] == [None, None]


def test_a_bond_fund_has_no_tickers() -> None:
    rows = [row[1:] for row in HELD]

    assert (
        held(bodies.holdings_file(rows, header=EQUITY.removeprefix("Ticker,")))[0]["Ticker"] is None
    )


@pytest.mark.parametrize("glue", [b"", b"\n", b"\n\n"], ids=["glued", "next line", "blank line"])
def test_of_a_document_served_twice_the_first_copy_counts_and_a_warning_says_so(
    glue: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    other = bodies.holdings_file(mark="").replace(b"10,000.00", b"1,000,000.00")

    with caplog.at_level(logging.WARNING):
        rows = held(bodies.holdings_file() + glue + other)

    assert rows == held(bodies.holdings_file())
    assert "ishares/holdings/ACS: the document is there twice" in caplog.text


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where CSV", id="dead endpoint"),
        pytest.param(b"\xef\xbb\xbf<html>", "HTML was served where CSV", id="a page behind a mark"),
        pytest.param(b'{"error":404}', "JSON was served where CSV", id="an error as JSON"),
        pytest.param(
            bodies.empty_template(), "nothing published for 2030-07-08", id="empty template"
        ),
        pytest.param(
            bodies.holdings_file(as_of="Jul 05, 2030"),
            "holdings of 2030-07-05 where those of 2030-07-08 were asked",
            id="another day",
        ),
        pytest.param(bodies.holdings_file(as_of="8 July"), "'8 July' is no day", id="no day"),
        pytest.param(
            bodies.holdings_file(name="Acme Gold Trust"),
            "of 'Acme Gold Trust' where 'Acme Silver Trust' was asked",
            id="another fund",
        ),
        pytest.param(bodies.holdings_file(name=""), "the document is of ''", id="nameless"),
        pytest.param(
            b"Acme Silver Trust\nas of,x\n", "line 2 does not say", id="no line of the day"
        ),
        pytest.param(bodies.holdings_file(header="a,b"), "no header row", id="no header"),
        pytest.param(bodies.holdings_file(()), "the table has no rows", id="no rows"),
        pytest.param(
            bodies.holdings_file()[: -len(bodies.LEGAL.encode()) - 40],
            "ends within its table: cut off",
            id="cut off within a row",
        ),
        pytest.param(
            bodies.holdings_file()[: -len(bodies.LEGAL.encode()) - 3],
            "ends within its table: cut off",
            id="cut off between rows",
        ),
        pytest.param(
            bodies.holdings_file(header=EQUITY.replace("Weight (%)", "Weight")),
            r"column Weight \(%\) is missing",
            id="a column renamed",
        ),
        pytest.param(
            bodies.holdings_file(header=EQUITY.replace("Price", "Shares")),
            "the units held are there more than once: Quantity, Shares",
            id="the same thing under two names",
        ),
        pytest.param(
            bodies.holdings_file([*HELD, (*HELD[0], "more")]), "cannot be read", id="a field more"
        ),
        pytest.param(
            bodies.holdings_file().replace(b'"BBB","BETA CORP"', b'"BBB,"BETA CORP"'),
            "the table",
            id="a quote lost",
        ),
    ],
)
def test_what_is_no_holdings_file_of_the_fund_and_day_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^ishares/holdings/ACS: .*{told}"):
        held(payload)


def test_the_empty_template_of_a_day_long_past_says_that_there_is_nothing() -> None:
    asked = bodies.asked_holdings(as_of=date(2030, 7, 3))

    parsed = ishares.parse_holdings(bodies.empty_template(), asked)

    assert asked.known_at.date() == date(2030, 7, 9)
    assert parsed.tables["holdings"].is_empty()
    assert transform.holdings(parsed.tables["holdings"], asked).is_empty()


def test_without_a_day_or_name_to_expect_any_is_taken() -> None:
    request = ishares.valuations("ACS", "123456", "Acme Silver Trust")
    request.expects.clear()
    payload = bodies.holdings_file(name="Acme Gold Trust", as_of="Jul 05, 2030")

    assert ishares.parse_holdings(payload, bodies.kept(request)).tables["holdings"].height == len(
        HELD
    )


@st.composite
def spoilt(draw: st.DrawFn, good: bytes) -> bytes:
    """Cut a good body, flip some of its bytes, or repeat, drop or swap some of its lines."""
    lines = good.split(b"\n")
    for place in draw(st.lists(st.integers(0, len(lines) - 1), max_size=2)):
        lines[place] = draw(st.sampled_from([b"", lines[0], lines[place] * 2, lines[place][:-3]]))
    body = bytearray(b"\n".join(lines))
    for place in draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[place] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))]) if draw(st.booleans()) else bytes(body)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(payload=spoilt(bodies.holdings_file()))
def test_spoilt_holdings_are_refused_or_keep_their_promises(payload: bytes) -> None:
    try:
        raw = ishares.parse_holdings(payload, HOLDINGS).tables["holdings"]
        verdict = accept(Holdings, transform.holdings(raw, HOLDINGS), raw, HOLDINGS)
    except Refused:
        return
    Holdings.validate(verdict.accepted)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(payload=spoilt(bodies.workbook()))
def test_a_spoilt_workbook_is_refused_or_keeps_its_promises(payload: bytes) -> None:
    try:
        raw = ishares.parse_valuations(payload, VALUATIONS).tables["fund_valuations"]
        verdict = accept(
            FundValuations, transform.fund_valuations(raw, VALUATIONS), raw, VALUATIONS
        )
    except Refused:
        return
    FundValuations.validate(verdict.accepted)


def test_a_workbooks_shape_is_the_header_of_its_history() -> None:
    parsed = ishares.parse_valuations(bodies.workbook(), VALUATIONS)

    assert parsed.columns == ("As Of", "Ex-Dividends", "NAV per Share", "Shares Outstanding")


@pytest.mark.parametrize("column", ["As Of", "NAV per Share", "Shares Outstanding"])
def test_a_workbook_refused_for_a_missing_column_still_tells_its_shape(column: str) -> None:
    with pytest.raises(Refused, match=f"column {column} is missing; .*'{column}!'") as refusal:
        days(renamed(column))

    assert f"{column}!" in refusal.value.columns


@pytest.mark.parametrize("units", ["Quantity", "Shares", "Par Value"])
def test_a_holdings_files_shape_is_its_header_as_served(units: str) -> None:
    header = EQUITY.replace("Quantity", units)

    parsed = ishares.parse_holdings(bodies.holdings_file(header=header), HOLDINGS)

    assert parsed.columns == tuple(sorted(header.split(",")))


@pytest.mark.parametrize("column", ["Ticker", "Name", "Weight (%)", "Quantity"])
def test_a_renamed_column_of_holdings_is_part_of_their_shape(column: str) -> None:
    header = EQUITY.replace(column, "Newly Named", 1)
    payload = bodies.holdings_file(header=header)
    try:
        columns = ishares.parse_holdings(payload, HOLDINGS).columns
    except Refused as refusal:
        columns = refusal.columns

    assert columns == tuple(sorted(header.split(",")))


def test_another_funds_shape_is_not_told() -> None:
    with pytest.raises(Refused) as refusal:
        held(bodies.holdings_file(name="Acme Gold Trust"))

    assert refusal.value.columns == ()
