import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Capture, Endpoint, Refused
from sources import spdr_gold
from tests.sources.bodies import kept

GOLD = kept(spdr_gold.valuations("GLD", "gld", "SPDR Gold Shares"))
MINI = kept(spdr_gold.valuations("GLDM", "gldm", "SPDR Gold MiniShares Trust"))

NAV = "NAV/Share at 10:30am NYT"
OUNCES = "Total Ounces of Gold in the Trust"
NET_ASSETS = "Total Net Asset Value in the Trust"
WORKBOOK = (
    "Date",
    "Closing Price",
    "Ounces of Gold per Share",
    NAV,
    "Indicative Price per Share at 4:15pm NYT",
    "Mid point of bid/ask spread at 4:15pm NYT",
    "Premium/Discount of GLD Mid Point vs Indicative Value of GLD at 4:15pm NYT",
    "Daily Share Volume",
    OUNCES,
    "Tonnes of Gold",
    NET_ASSETS,
)
TEXT = (
    "Date",
    "GLD Close",
    "NAV per GLD in Gold",
    "NAV/share at 10.30 a.m. NYT",
    "Indicative Price of GLD at 4.15 p.m. NYT",
    "Mid point of bid/ask spread at 4.15 p.m. NYT#",
    "Premium/Discount of GLD mid point v Indicative Value of GLD at 4.15 p.m. NYT",
    "Daily Share Volume",
    "Total Net Asset Value Ounces in the Trust as at 4.15 p.m. NYT",
    "Total Net Asset Value Tonnes in the Trust as at 4.15 p.m. NYT",
    "Total Net Asset Value in the Trust",
)
HOLIDAY = ("04-Jul-2030", *["HOLIDAY"] * 10)
ROWS = (
    ("02-Jul-2030", 50.25, 98.5, 50.5, 50.4, "$50.30", "0.1%", 1000, 98500.25, 3.06, 50500000.5),
    ("03-Jul-2030", 50.75, 98.4, 51.5, 50.9, "$50.80", "0.2%", 2000, 98400.75, 3.06, 51500000.25),
    HOLIDAY,
    ("05-Jul-2030", "AWAITED", 98.3, 52.5, 51.4, "AWAITED", "AWAITED", 3, 98300.5, 3.06, 52500000),
)
PREAMBLE = ("SPDR Gold Shares", "", "Invented archive of an invented trust", "", "", "in USD")


def text(
    rows: Sequence[Sequence[Any]] = ROWS,
    header: Sequence[str] = TEXT,
    preamble: Sequence[str] = PREAMBLE,
) -> bytes:
    """Write the CSV of old: a blank behind every comma."""
    table = [", ".join(map(str, row)) for row in (header, *rows)]
    return "".join(f"{line}\n" for line in (*preamble, *table)).encode()


def workbook(
    rows: Sequence[Sequence[Any]] = ROWS,
    header: Sequence[str] = WORKBOOK,
    sheet: str = "US GLD Historical Archive",
) -> bytes:
    """Write the workbook: a disclaimer, then the archive."""
    body = io.BytesIO()
    with xlsxwriter.Workbook(body) as book:
        book.add_worksheet("Disclaimer").write(0, 0, "Past performance proves nothing")
        archive = book.add_worksheet(sheet)
        for number, row in enumerate((header, *rows)):
            archive.write_row(number, 0, row)
    return body.getvalue()


def days(payload: bytes, capture: Capture = GOLD) -> list[dict[str, Any]]:
    return spdr_gold.parse_valuations(payload, capture).tables["fund_valuations"].to_dicts()


def test_an_archive_is_asked_for_by_product() -> None:
    request = spdr_gold.valuations("GLD", "gld", "SPDR Gold Shares")

    assert request.scope == "spdr_gold/valuations/GLD"
    assert request.path == "/api/v1/historical-archive"
    assert request.params == {"product": "gld", "exchange": "NYSE", "lang": "en"}
    assert request.expects == {"name": "SPDR Gold Shares", "symbol": "GLD"}


def test_only_the_older_trust_has_an_older_address() -> None:
    old = Endpoint("/assets/dynamic/GLD/GLD_US_archive_EN.csv", site="www")

    assert spdr_gold.valuations("GLD", "gld", "x").otherwise == (old,)
    assert spdr_gold.valuations("GLDM", "gldm", "x").otherwise == ()


def test_a_workbook_gives_its_days_in_the_issuers_columns_holidays_included() -> None:
    rows = days(workbook())

    assert len(rows) == len(ROWS)
    assert rows[0] == {
        "position": 0,
        "Date": "02-Jul-2030",
        NAV: "50.5",
        OUNCES: "98500.25",
        NET_ASSETS: "50500000.5",
    }
    assert rows[2][NAV] == "HOLIDAY"


def test_the_columns_are_told_as_the_payload_names_them() -> None:
    assert spdr_gold.parse_valuations(text(), GOLD).columns == tuple(sorted(TEXT))
    assert spdr_gold.parse_valuations(workbook(), GOLD).columns == tuple(sorted(WORKBOOK))


def reordered(row: Sequence[Any]) -> list[Any]:
    return [*row[5:], *row[:5]]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(text(), id="the CSV of old"),
        pytest.param(text(preamble=()), id="no preamble"),
        pytest.param(text().replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + text(), id="a byte order mark"),
        pytest.param(text() + b"\n\n", id="blank lines at the end"),
        pytest.param(text().replace(b"50500000.5\n", b"50500000.5  \n"), id="trailing blanks"),
        pytest.param(
            text(
                [(*row[:2], 1.5, *row[2:]) for row in ROWS],
                (*TEXT[:2], "LBMA Gold Price", *TEXT[2:]),
            ),
            id="a column more",
        ),
        pytest.param(text(list(map(reordered, ROWS)), reordered(TEXT)), id="other order"),
        pytest.param(
            workbook(list(map(reordered, ROWS)), reordered(WORKBOOK)), id="other order, workbook"
        ),
        pytest.param(
            workbook([[str(cell) for cell in row] for row in ROWS]), id="numbers stored as text"
        ),
        pytest.param(workbook([*ROWS, [], ["A note"]]), id="a note below a blank row"),
    ],
)
def test_an_archive_in_another_shape_reads_the_same(payload: bytes) -> None:
    assert days(payload) == days(workbook())


def test_a_bad_row_among_good_ones_stays_to_be_rejected() -> None:
    rows = days(text([*ROWS[:1], ("???", *["x"] * 10), *ROWS[1:]]))

    assert rows[1] == {"position": 1, "Date": "???", NAV: "x", OUNCES: "x", NET_ASSETS: "x"}
    assert len(rows) == len(ROWS) + 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF was served", id="PDF"),
        pytest.param(b"<!DOCTYPE html><html>Just a moment</html>", "a challenge page", id="page"),
        pytest.param(b"Access denied", "a plain text was served", id="an error text"),
        pytest.param(b"", "an empty body", id="nothing"),
        pytest.param(b"{}", "JSON was served", id="JSON"),
        pytest.param(b"PK\x03\x04broken", "broken or cut-off workbook", id="no workbook"),
        pytest.param(workbook()[:-200], "broken or cut-off workbook", id="a cut-off workbook"),
        pytest.param(
            workbook(sheet="US GLDM Historical Archive"), "'US GLDM Historical", id="other trust"
        ),
        pytest.param(workbook(sheet="GLD Bar List"), "no such sheet", id="no archive"),
        pytest.param(workbook([]), "has no rows", id="no rows, workbook"),
        pytest.param(workbook(ROWS, ("Day", *WORKBOOK[1:])), "no header row", id="no header"),
        pytest.param(
            workbook(ROWS, (*WORKBOOK[:-1], "Assets")), f"column {NET_ASSETS} is missing", id="gone"
        ),
        pytest.param(
            workbook([(*row, 1) for row in ROWS], (*WORKBOOK, "Total Ounces")),
            "could be any of",
            id="two columns of one meaning",
        ),
        pytest.param(workbook([*ROWS[:1], [], *ROWS[1:]]), "goes on below a blank row", id="a gap"),
        pytest.param(
            text(header=[name.replace("GLD Close", "GLDM Close") for name in TEXT]),
            "has 'GLDM Close', not 'GLD Close'",
            id="other trust, CSV",
        ),
        pytest.param(
            text([row[:1] + row[2:] for row in ROWS], TEXT[:1] + TEXT[2:]),
            "no column of closes",
            id="CSV of whom",
        ),
        pytest.param(text([]), "has no rows", id="no rows, CSV"),
        pytest.param(text(header=("Day", *TEXT[1:])), "no header row", id="no header, CSV"),
        pytest.param(text()[:-1], "ends within a line", id="CSV cut off"),
        pytest.param(text()[:-30], "ends within a line", id="CSV cut off within a row"),
        pytest.param(text() + text(), "there twice", id="CSV twice"),
        pytest.param(
            text([(*row, 1, 2) for row in ROWS], (*TEXT, '"x"', "x")).replace(b' "x"', b'"x"'),
            "there twice: 'x'",
            id="a name twice",
        ),
        pytest.param(text([*ROWS, (*ROWS[0], 1, 2)]), "cannot be read", id="a row too long"),
        pytest.param(
            text([(*row, 1) for row in ROWS], (*TEXT, "Date")),
            "there twice: 'Date'",
            id="two days",
        ),
    ],
)
def test_what_is_no_archive_of_the_trust_is_refused_for_what_it_is(
    payload: bytes, reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        spdr_gold.parse_valuations(payload, GOLD)

    assert str(refused.value).startswith("spdr_gold/valuations/GLD: ")
    assert "\n" not in str(refused.value)


def test_the_smaller_trusts_archive_is_the_one_of_its_sheet() -> None:
    payload = workbook(sheet="US GLDM Historical Archive")

    assert len(days(payload, MINI)) == len(ROWS)
    with pytest.raises(Refused, match="no such sheet"):
        days(workbook(), MINI)


figures = st.floats(0.01, 1e12, allow_nan=False).map(lambda value: round(value, 4))
stated = st.tuples(
    st.dates(date(2004, 11, 18), date(2099, 12, 31)).map("{:%d-%b-%Y}".format),
    *[figures] * 10,
)


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(stated, min_size=1, max_size=6))
def test_any_figures_come_back_the_same_from_both_formats(rows: list[tuple[Any, ...]]) -> None:
    expected = [(row[0], row[3], row[8], row[10]) for row in rows]
    for payload in (workbook(rows), text(rows)):
        found = [
            (row["Date"], float(row[NAV]), float(row[OUNCES]), float(row[NET_ASSETS]))
            for row in days(payload)
        ]
        assert found == expected


@settings(deadline=None, max_examples=50)
@given(payload=st.binary(max_size=60).map(lambda tail: b"Date, GLD Close\n" + tail))
def test_whatever_the_bytes_nothing_but_a_refusal_is_raised(payload: bytes) -> None:
    with pytest.raises(Refused):
        spdr_gold.parse_valuations(payload, GOLD)
