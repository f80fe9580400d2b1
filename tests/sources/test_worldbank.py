import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Endpoint, Refused
from sources import worldbank
from tests.sources import bodies

ASKED = bodies.kept(worldbank.monthly_averages("SILVER_MONTHLY", "Silver"))
TITLE = ("Acme Price Data",)
STAMP = ("Updated on July 02, 2030",)
NAMES = ("", "Wool **", "Gold", "Platinum *", "Silver ")
UNITS = ("", "($/kg)", "($/troy oz)", "($/troy oz)", "($/troy oz)")
CODES = ("", "WOOL", "GOLD", "PLATINUM", "SILVER")
MONTHS = (
    ("2030M04", "\u2026", 2_000.5, 900, 25.125),
    ("2030M05", 3.5, 2_010, 910, 26),
    ("2030M06", 3.25, 2_020, 920, 27.0625),
)
ROWS = (TITLE, TITLE, TITLE, STAMP, NAMES, UNITS, *MONTHS)


def workbook(rows: Any = ROWS, *, sheet: str = "Monthly Prices") -> bytes:
    """Write a workbook whose wanted sheet is the second."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("AFOSHEET")
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return file.getvalue()


def months(payload: bytes, symbol: str = "Silver") -> list[dict[str, Any]]:
    capture = bodies.kept(worldbank.monthly_averages(f"{symbol.upper()}_MONTHLY", symbol))
    parsed = worldbank.parse_monthly_averages(payload, capture)
    return parsed.tables["monthly_averages"].to_dicts()


def test_a_commodity_is_asked_for_by_the_page_that_links_it_and_then_at_known_links() -> None:
    request = ASKED.request

    assert request.scope == "worldbank/monthly_averages/SILVER_MONTHLY"
    assert (request.site, request.path) == ("page", "/en/research/commodity-markets")
    assert request.otherwise[0].path == (
        "/en/doc/74e8be41ceb20fa0da750cda2f6b9e4e-0050012026"
        "/related/CMO-Historical-Data-Monthly.xlsx"
    )
    assert [endpoint.path.split("/")[3][-4:] for endpoint in request.otherwise[1:-1]] == [
        "2025",
        "2021",
    ]
    assert request.otherwise[-1] == Endpoint(
        path="/en/561011486076393416/CMO-Historical-Data-Monthly.xlsx", site="old"
    )
    assert request.expects == {"symbol": "Silver"}


def test_a_workbook_gives_the_months_of_one_commodity_as_text_with_unit_and_stamp() -> None:
    facts = {"unit": "($/troy oz)", "updated": "Updated on July 02, 2030"}

    assert months(workbook()) == [
        {"position": 0, "period": "2030M04", "value": "25.125"} | facts,
        {"position": 1, "period": "2030M05", "value": "26"} | facts,
        {"position": 2, "period": "2030M06", "value": "27.0625"} | facts,
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param((*ROWS[:6], CODES, *MONTHS), id="codes below the units, as in 2022"),
        pytest.param((STAMP, NAMES, UNITS, *MONTHS), id="no titles"),
        pytest.param((TITLE, ("", STAMP[0]), (), *ROWS[4:]), id="the stamp elsewhere"),
        pytest.param((*ROWS, ("",) * 5, ("", " ")), id="blank rows below"),
        pytest.param(tuple((*row, *("",) * (9 - len(row))) for row in ROWS), id="blank columns"),
        pytest.param(
            (*ROWS[:4], *(row[:1] + row[:0:-1] for row in ROWS[4:])), id="columns in another order"
        ),
    ],
)
def test_a_workbook_in_another_layout_reads_the_same(rows: Any) -> None:
    assert months(workbook(rows)) == months(workbook())


def test_names_are_compared_without_stars_and_blanks() -> None:
    assert months(workbook(), "Platinum")[0]["value"] == "900"
    assert [row["value"] for row in months(workbook(), "Wool")] == ["\u2026", "3.5", "3.25"]
    assert months(workbook(), "Wool")[0]["unit"] == "($/kg)"


def test_bad_rows_stay_to_be_rejected_and_keep_their_place() -> None:
    rows = (*ROWS, (), ("Note", "", "", "", ""), ("2030M13", 1, 1, 1, "x"))

    assert [
        (row["position"], row["period"], row["value"]) for row in months(workbook(rows))[3:]
    ] == [
        (4, "Note", ""),
        (5, "2030M13", "x"),
    ]


def test_the_shape_is_the_names_of_the_commodities() -> None:
    parsed = worldbank.parse_monthly_averages(workbook(), ASKED)

    assert parsed.columns == ("Gold", "Platinum", "Silver", "Wool")


def without(*numbers: int) -> bytes:
    return workbook([row for number, row in enumerate(ROWS) if number not in numbers])


def named(*names: str) -> bytes:
    return workbook((*ROWS[:4], names, *ROWS[5:]))


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where an XLSX", id="a page"),
        pytest.param(b"%PDF-1.7", "a PDF was served", id="the PDF twin"),
        pytest.param(workbook()[:-500], "broken or cut-off workbook", id="cut off"),
        pytest.param(workbook(sheet="Annual Prices"), "no such sheet, only 'AFOSHEET'", id="sheet"),
        pytest.param(
            workbook(()), "no row of 'Monthly Prices' names Gold and Silver", id="nothing"
        ),
        pytest.param(without(4), "names Gold and Silver", id="no names"),
        pytest.param(without(3), "no stamp", id="no stamp"),
        pytest.param(
            workbook((("Updated on Juli 02, 2030",), *ROWS[4:])), "is no day", id="no such day"
        ),
        pytest.param(without(5), "no unit is below the name, but '25.125'", id="no units"),
        pytest.param(workbook(ROWS[:5]), "no unit is below the name, but ''", id="names alone"),
        pytest.param(workbook(ROWS[:6]), "no row begins with a month", id="no months"),
        pytest.param(named("", "Silver", "Gold", "", "Silver"), "there twice", id="two of a name"),
    ],
)
def test_what_is_no_such_workbook_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^worldbank/monthly_averages/SILVER_MONTHLY: .*{told}"):
        months(payload)


def test_a_commodity_that_is_gone_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(Refused, match=r"column 'Tin' is missing; .* 'Wool', 'Gold', ") as refusal:
        months(workbook(), "Tin")

    assert refusal.value.columns == ("Gold", "Platinum", "Silver", "Wool")


@pytest.mark.parametrize(("days", "is_refused"), [(0, False), (40, False), (41, True), (400, True)])
def test_an_edition_is_refused_once_it_is_more_than_40_days_old(
    days: int,
    is_refused: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    known_at = datetime(2030, 7, 2, 23, tzinfo=UTC) + timedelta(days=days)
    capture = bodies.kept(ASKED.request, known_at)

    if is_refused:
        with pytest.raises(Refused, match=f"old edition, 'Updated on .*', .* {known_at.date()}"):
            worldbank.parse_monthly_averages(workbook(), capture)
    else:
        worldbank.parse_monthly_averages(workbook(), capture)


LINK = "https://docs.example/en/doc/a-1/related/CMO-Historical-Data-Monthly.xlsx"


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (f'<p><a class="x" href="{LINK}">Monthly</a>', LINK),
        (f"<a href='{LINK}?a=1&amp;b=2'>", f"{LINK}?a=1&b=2"),
        (f'<a href="/a/CMO-Historical-Data-Annual.xlsx"><A HREF="{LINK}">', LINK),
        (f'<a href="{LINK}"><a href="/b/CMO-Historical-Data-Monthly.xlsx">', LINK),
        ('<a href="/a/CMO-Historical-Data-Monthly_xlsx.pdf">', None),
        ("CMO-Historical-Data-Monthly.xlsx", None),
        ("<a href>", None),
        ("", None),
    ],
)
def test_the_current_link_is_the_first_to_the_workbook(page: str, link: str | None) -> None:
    assert worldbank.link_in(page.encode()) == link


def test_the_place_of_the_workbook_is_found_in_a_page_only() -> None:
    page = f'<!DOCTYPE html><html><body><a href="{LINK}">Monthly</a></body></html>'

    assert worldbank.linked(page.encode()) == Endpoint(path=urlsplit(LINK).path)
    assert worldbank.linked(workbook()) is None
    assert worldbank.linked(page.replace(LINK, f"http://[{worldbank.FILE}").encode()) is None


def test_a_page_that_is_no_text_has_no_link() -> None:
    assert worldbank.link_in(b"\xff\xfe\x00<a href=\xff>") is None


PRICES = st.integers(1, 10**9).map(lambda number: number / 10_000)
VALUES = PRICES | st.sampled_from(["..", "...", "\u2026"])


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=1, max_size=12), st.permutations(range(1, 5)))
def test_any_months_come_back_whatever_the_order_of_the_columns(
    values: list[float | str], order: list[int]
) -> None:
    served = [(f"2029M{number:02}", 1, 2, 3, value) for number, value in enumerate(values, 1)]
    rows = [tuple(row[n] for n in (0, *order)) for row in (NAMES, UNITS, *served)]

    found = months(workbook([STAMP, *rows]))

    assert [row["period"] for row in found] == [row[0] for row in served]
    assert [as_served(row["value"]) for row in found] == values


def as_served(text: str) -> float | str:
    return text if text.strip(".\u2026") == "" else float(text)
