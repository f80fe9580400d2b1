"""What the World Bank really sent. Values: World Bank Commodity Price Data, CC BY 4.0."""

import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.validation import Verdict, accept
from sources import worldbank
from tests.sources import bodies
from transforms import worldbank as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
EDITIONS = [
    pytest.param(date(2022, 4, 4), 747, date(2022, 3, 1), id="2022, with codes"),
    pytest.param(date(2025, 4, 2), 783, date(2025, 3, 1), id="2025, without codes"),
]
COLUMNS = {"Gold": "BR", "Platinum": "BS", "Silver": "BT"}

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def file(stamp: date) -> Path:
    return PAYLOADS / f"worldbank/CMO-Historical-Data-Monthly_updated-{stamp}.xlsx"


def asked(symbol: str, stamp: date, days_later: int = 1) -> Capture:
    known_at = datetime(stamp.year, stamp.month, stamp.day, tzinfo=UTC) + timedelta(days=days_later)
    return bodies.kept(worldbank.monthly_averages("ACME_MONTHLY", symbol), known_at)


def judged(payload: bytes, capture: Capture) -> Verdict:
    raw = worldbank.parse_monthly_averages(payload, capture).tables["monthly_averages"]
    rows = transform.monthly_averages(raw, capture)
    return accept(MonthlyAverages, rows, raw, capture, capture.known_at.date())


def by_cells(stamp: date) -> dict[str, dict[str, str]]:
    """Read the second sheet by another route: the text of its cells, by row and column."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(file(stamp)) as archive:
        shared = [
            "".join(text.itertext())
            for text in parsed(archive.read("xl/sharedStrings.xml")).iter(f"{space}si")
        ]
        sheet = parsed(archive.read("xl/worksheets/sheet2.xml"))
    found: dict[str, dict[str, str]] = {}
    for cell in sheet.iter(f"{space}c"):
        value = cell.findtext(f"{space}v")
        column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell.get("r", "")).groups()  # type: ignore[union-attr]
        if value is not None:
            found.setdefault(row, {})[column] = (
                shared[int(value)] if cell.get("t") == "s" else value
            )
    return found


def parsed(document: bytes) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 -- a file of our own folder


@pytest.mark.parametrize(("stamp", "months", "last"), EDITIONS)
def test_every_month_of_the_metals_is_accepted(stamp: date, months: int, last: date) -> None:
    rows = [
        row for row in by_cells(stamp).values() if re.fullmatch(r"\d{4}M\d\d", row.get("A", ""))
    ]
    assert len(rows) == months
    for symbol, column in COLUMNS.items():
        verdict = judged(file(stamp).read_bytes(), asked(symbol, stamp))

        expected = [(as_month(row["A"]), float(row[column]), "$/troy oz") for row in rows]
        assert verdict.rejected.is_empty()
        assert verdict.accepted.select("month", "average", "unit").rows() == expected
        assert verdict.accepted["month"][-1] == last


def as_month(text: str) -> date:
    return date(int(text[:4]), int(text[5:]), 1)


@pytest.mark.parametrize(("stamp", "months", "last"), EDITIONS)
def test_months_known_by_heart(stamp: date, months: int, last: date) -> None:
    silver = judged(file(stamp).read_bytes(), asked("Silver", stamp)).accepted
    averages = dict(silver.select("as_of", "average").rows())

    assert averages[date(1960, 1, 31)] == 0.9137
    assert averages[date(1980, 1, 31)] == 38.8756


@pytest.mark.parametrize(
    ("stamp", "symbol", "column"),
    [
        (date(2022, 4, 4), "Crude oil, Brent", "C"),
        (date(2025, 4, 2), "Coal, South African", "G"),
        (date(2025, 4, 2), "Wheat, US SRW", "AK"),
    ],
)
def test_what_is_not_stated_is_left_out(stamp: date, symbol: str, column: str) -> None:
    rows = [
        row for row in by_cells(stamp).values() if re.fullmatch(r"\d{4}M\d\d", row.get("A", ""))
    ]

    verdict = judged(file(stamp).read_bytes(), asked(symbol, stamp))

    stated = [
        (as_month(row["A"]), float(row[column])) for row in rows if row[column].strip(".\u2026")
    ]
    assert len(stated) < len(rows)
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("month", "average").rows() == stated


@pytest.mark.parametrize(("stamp", "months", "last"), EDITIONS)
def test_an_edition_is_refused_by_the_time_the_next_but_one_is_out(
    stamp: date, months: int, last: date
) -> None:
    payload = file(stamp).read_bytes()

    with pytest.raises(Refused, match=f"old edition, 'Updated on {stamp:%B %d, %Y}', was served"):
        worldbank.parse_monthly_averages(payload, asked("Silver", stamp, days_later=62))


def test_the_shape_is_the_names_of_all_commodities() -> None:
    stamp = date(2025, 4, 2)
    parsed: Any = worldbank.parse_monthly_averages(file(stamp).read_bytes(), asked("Gold", stamp))

    assert len(parsed.columns) == 71
    assert {"Gold", "Silver", "Platinum", "Urea", "Coal, South African"} <= {*parsed.columns}


def test_a_cut_off_workbook_is_refused() -> None:
    stamp = date(2025, 4, 2)

    with pytest.raises(Refused, match="broken or cut-off workbook"):
        worldbank.parse_monthly_averages(file(stamp).read_bytes()[:-1_000], asked("Gold", stamp))
