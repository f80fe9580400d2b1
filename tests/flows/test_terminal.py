"""Answers as tables, text and files: nothing is lost on the way, or it is told."""

import csv
import io
import json
from contextlib import redirect_stdout
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from flows import terminal
from flows.terminal import MOST_ROWS, encoded, show, write

LONG = pl.DataFrame({"n": range(MOST_ROWS + 1), "word": "silver"})


class Screen(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def sheet(frame: pl.DataFrame, note: str = "") -> list[list[Any]]:
    """Write a frame as a workbook, and read its sheet with another library."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(encoded(frame, "xlsx", note)))
    return workbook.get_sheet_by_index(0).to_python()


def test_a_terminal_shows_the_first_rows_and_says_how_to_see_all() -> None:
    with redirect_stdout(Screen()) as screen:
        write(LONG, "table", None, "synthetic data")

    shown = screen.getvalue()
    assert f"│ {MOST_ROWS - 1} " in shown
    assert f"│ {MOST_ROWS} " not in shown
    *_, cut, note = shown.splitlines()
    assert cut.startswith(f"only the first {MOST_ROWS} rows are shown: for all add `| less -S`")
    assert note == "synthetic data"


def test_what_fits_a_terminal_is_shown_whole() -> None:
    with redirect_stdout(Screen()) as screen:
        show(LONG.head(MOST_ROWS))

    assert f"│ {MOST_ROWS - 1} " in screen.getvalue()
    assert "only the first" not in screen.getvalue()


def test_no_other_format_is_cut_on_a_terminal() -> None:
    with redirect_stdout(Screen()) as screen:
        write(LONG, "csv", None)

    assert len(screen.getvalue().splitlines()) == LONG.height + 1


def test_a_piped_table_has_every_row_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = LONG.with_columns(word=pl.lit("two\nlines"))

    write(frame, "table", None, "synthetic data")

    header, *rows, note = capsys.readouterr().out.splitlines()
    assert header.split() == ["n", "word"]
    assert [row.split()[0] for row in rows] == [str(n) for n in frame["n"]]
    assert {len(row) for row in rows} == {len("100  two lines")}
    assert note == "synthetic data"


def test_a_table_in_a_file_has_every_row_too(tmp_path: Path) -> None:
    write(LONG, "table", tmp_path / "long.txt", "synthetic data")

    lines = (tmp_path / "long.txt").read_text().splitlines()
    assert len(lines) == LONG.height + 2
    assert lines[-1] == "synthetic data"


def test_a_workbook_holds_days_instants_in_utc_numbers_and_words() -> None:
    moment = datetime(2025, 12, 12, 18, 0, 14, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "as_of": [date(2025, 12, 11), None],
            "known_at": [moment, None],
            "value": [0.000123, None],
            "rank": [10, None],
            "complete": [True, None],
            "statement": ["=Silver was at a record.", None],
        }
    )

    header, row, *_ = sheet(frame)

    assert header == frame.columns
    assert row == [
        date(2025, 12, 11),
        moment.replace(tzinfo=None),
        0.000123,
        10,
        True,
        "=Silver was at a record.",
    ]


def test_a_workbook_says_utc_of_instants_and_does_not_round_numbers() -> None:
    frame = pl.DataFrame({"known_at": [datetime(2025, 12, 12, tzinfo=UTC)], "value": [0.000123]})

    with ZipFile(io.BytesIO(encoded(frame, "xlsx"))) as parts:
        styles = parts.read("xl/styles.xml").decode()

    assert "&quot;UTC&quot;" in styles
    assert "0.000" not in styles


def test_a_workbook_bears_the_note_as_the_name_of_its_sheet() -> None:
    for note, name in (("synthetic data", "synthetic data"), ("", "answer")):
        body = io.BytesIO(encoded(LONG, "xlsx", note))
        assert CalamineWorkbook.from_filelike(body).sheet_names == [name]


def test_a_day_that_excel_does_not_know_is_text() -> None:
    frame = pl.DataFrame({"old": [date(1879, 1, 2), date(2025, 12, 11)], "new": date(2025, 12, 11)})

    assert sheet(frame)[1:] == [
        ["1879-01-02", date(2025, 12, 11)],
        ["2025-12-11", date(2025, 12, 11)],
    ]


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        pytest.param(
            pl.DataFrame({"n": range(1_048_576)}),
            "a sheet of Excel holds 1,048,575 rows, and here are 1,048,576",
            id="too many rows",
        ),
        pytest.param(
            pl.DataFrame({"text": ["short", "x" * 32_768]}),
            "a cell of Excel holds 32,767 characters, and here are 32,768",
            id="too long a text",
        ),
    ],
)
def test_what_excel_would_cut_is_refused(frame: pl.DataFrame, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}: use --format parquet or csv$"):
        encoded(frame, "xlsx")


NESTED = pl.DataFrame(
    {
        "labels": [["by book date", "estimated"], None],
        "days": [[date(2025, 12, 11)], []],
        "deep": [[["a"], ["b"]], None],
        "struct": [{"n": 1, "known_at": datetime(2025, 12, 12, tzinfo=UTC)}, None],
    }
)
FLAT = [
    "by book date; estimated",
    "2025-12-11",
    '[["a"], ["b"]]',
    '{"n": 1, "known_at": "2025-12-12 00:00:00+00:00"}',
]


def test_lists_are_text_in_excel_and_csv_and_what_is_deeper_is_json() -> None:
    _, first, _ = csv.reader(encoded(NESTED, "csv").decode().splitlines())

    assert sheet(NESTED)[1] == FLAT
    assert first == FLAT


def test_parquet_and_json_keep_what_is_nested() -> None:
    assert pl.read_parquet(encoded(NESTED, "parquet")).equals(NESTED)
    assert json.loads(encoded(NESTED, "json"))[0]["deep"] == [["a"], ["b"]]


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_a_file_of_bytes_needs_a_name(form: terminal.Format) -> None:
    with pytest.raises(ValueError, match=f"{form} needs a file: add --output FILE"):
        write(LONG, form, None)
