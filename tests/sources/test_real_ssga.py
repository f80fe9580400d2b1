"""What State Street really sent, read in place: no value of it is in this repository."""

import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from schemas.capture import Refused
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import ssga
from tests.sources.bodies import kept
from transforms import ssga as transform

FILE = (
    Path(__file__).parents[3]
    / "shared"
    / "payloads"
    / "ssga"
    / "SPY_holdings-daily_asof-2024-05-10.xlsx"
)
NAME = "SPDR S&P 500 ETF Trust"
SPY = kept(ssga.holdings("SPY", "spy", NAME, date(2024, 5, 10)), datetime(2027, 1, 4, tzinfo=UTC))
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST, LAST = 6, 509  # rows of the sheet

pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="captured payloads may not be distributed; they are not here"
)


def by_xml() -> list[tuple[str, str | None, float, float]]:
    """Read name, ticker, weight and shares by another route: the cells of the sheet's XML."""
    with zipfile.ZipFile(FILE) as archive:
        shared = [
            "".join(item.itertext())
            for item in ET.parse(archive.open("xl/sharedStrings.xml")).iter(f"{SHEET}si")  # noqa: S314 -- our own file
        ]
        sheet = ET.parse(archive.open("xl/worksheets/sheet1.xml"))  # noqa: S314 -- our own file
    cells = {
        cell.get("r", ""): shared[int(value)] if cell.get("t") == "s" else value
        for cell in sheet.iter(f"{SHEET}c")
        if (value := cell.findtext(f"{SHEET}v")) is not None
    }
    return [
        (
            cells[f"A{row}"],
            None if cells[f"B{row}"] == "-" else cells[f"B{row}"],
            float(cells[f"E{row}"]) / 100,
            float(cells[f"G{row}"]),
        )
        for row in range(FIRST, LAST + 1)
    ]


def test_every_holding_of_the_file_is_accepted() -> None:
    parsed = ssga.parse_holdings(FILE.read_bytes(), SPY)
    raw = parsed.tables["holdings"]

    verdict = accept(Holdings, transform.holdings(raw, SPY), raw, SPY)

    assert verdict.rejected.is_empty()
    expected = by_xml()
    assert verdict.accepted.select("name", "ticker", "quantity").rows() == [
        (name, ticker, shares) for name, ticker, _, shares in expected
    ]
    weights = [weight for _, _, weight, _ in expected]
    assert verdict.accepted["weight"].to_list() == pytest.approx(weights, rel=1e-12)
    assert verdict.accepted["weight"].sum() == pytest.approx(1, abs=1e-3)
    assert set(verdict.accepted["as_of"]) == {date(2024, 5, 10)}
    assert {"Identifier", "Sector", "Local Currency"} < set(parsed.columns)


def test_the_file_is_refused_as_another_funds_and_cut_off() -> None:
    gold = kept(ssga.holdings("GLD", "gld", "SPDR Gold Shares", date(2024, 5, 10)))

    with pytest.raises(Refused, match="the file is of 'SPY' where 'GLD' was asked"):
        ssga.parse_holdings(FILE.read_bytes(), gold)
    with pytest.raises(Refused, match="broken or cut-off workbook"):
        ssga.parse_holdings(FILE.read_bytes()[:-1_000], SPY)


def test_the_file_is_no_history_of_valuations() -> None:
    spy = kept(ssga.valuations("SPY", "spy", NAME))

    with pytest.raises(Refused, match="no header row"):
        ssga.parse_valuations(FILE.read_bytes(), spy)


def test_bytes_that_are_cut_anywhere_are_refused() -> None:
    whole = FILE.read_bytes()
    for end in range(0, len(whole), 5_000):
        with pytest.raises(Refused):
            ssga.parse_holdings(io.BytesIO(whole).read(end), SPY)
