from datetime import UTC, date, datetime
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest

import warehouse
from schemas.capture import Capture, Refused
from schemas.tables.reference import REFERENCE
from schemas.validation import accept
from sources import reference
from transforms.identity import as_is
from warehouse.tables import name

FOLDER = Path(warehouse.__file__).parent / "reference"
OVERRIDES = b"""calendar,session,is_open,reason
XNYS,2025-01-09,false,"a day of mourning, as announced"
XNYS,2001-09-11,true,opened late
"""


def parse(table: str, payload: bytes) -> pl.DataFrame:
    capture = Capture(reference.table(table), datetime(2030, 7, 5, tzinfo=UTC), "0" * 64)
    return reference.parse_table(payload, capture).tables[table]


def refusal(table: str, payload: bytes) -> str:
    with pytest.raises(Refused) as told:
        parse(table, payload)
    return str(told.value)


@pytest.mark.parametrize("schema", REFERENCE, ids=name)
def test_every_shipped_file_is_accepted_whole(schema: type[pa.DataFrameModel]) -> None:
    payload = (FOLDER / f"{name(schema)}.csv").read_bytes()
    capture = Capture(reference.table(name(schema)), datetime(2030, 7, 5, tzinfo=UTC), "0" * 64)

    raw = parse(name(schema), payload)
    verdict = accept(schema, as_is(raw, capture), raw, capture)

    assert verdict.rejected.is_empty()
    assert verdict.accepted.height == len(payload.splitlines()) - 1


def test_there_is_a_file_for_each_table_and_no_other() -> None:
    assert {file.stem for file in FOLDER.glob("*")} == {name(schema) for schema in REFERENCE}


def test_a_file_is_read_into_the_columns_of_its_table() -> None:
    assert parse("calendar_overrides", OVERRIDES).rows() == [
        (0, "XNYS", date(2025, 1, 9), False, "a day of mourning, as announced"),
        (1, "XNYS", date(2001, 9, 11), True, "opened late"),
    ]


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\xef\xbb\xbf" + OVERRIDES, id="a byte order mark"),
        pytest.param(OVERRIDES.replace(b"\n", b"\r\n"), id="Windows' line ends"),
        pytest.param(OVERRIDES + b"\n\n", id="blank lines at the end"),
        pytest.param(OVERRIDES.replace(b"\n", b",x\n"), id="a column more"),
    ],
)
def test_what_an_editor_leaves_behind_changes_nothing(payload: bytes) -> None:
    assert parse("calendar_overrides", payload).rows() == (
        parse("calendar_overrides", OVERRIDES).rows()
    )


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert parse("calendar_overrides", OVERRIDES.splitlines()[0]).is_empty()


FILE = "warehouse/reference/calendar_overrides.csv"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(
            OVERRIDES.replace(b"is_open", b"open"),
            f"{FILE}: column is_open is missing",
            id="a missing column",
        ),
        pytest.param(
            OVERRIDES.replace(b"2001-09-11", b"11.09.2001"),
            f"{FILE}: line 3, column session: '11.09.2001' is no day, as in 2025-12-31",
            id="a date of another form",
        ),
        pytest.param(
            OVERRIDES.replace(b"2025-01-09", b"01/09/2025").replace(b"2001-09-11", b"11/09/2001"),
            f"{FILE}: line 2, column session: '01/09/2025' is no day, as in 2025-12-31",
            id="dates that could be read in two ways",
        ),
        pytest.param(
            OVERRIDES.replace(b"true", b"yes"),
            f"{FILE}: line 3, column is_open: 'yes' is no true or false",
            id="a yes",
        ),
        pytest.param(b"", f"{FILE}: the file is empty", id="an empty file"),
        pytest.param(
            OVERRIDES.replace(b"opened", b"ge\xf6ffnet"),
            f"{FILE}: line 3 is not UTF-8: save the file as UTF-8",
            id="another encoding",
        ),
        pytest.param(OVERRIDES.replace(b"opened", b"a,b,c"), f"{FILE}: ", id="too many cells"),
        pytest.param(
            OVERRIDES.replace(b",", b";"),
            f"{FILE}: column calendar, session, is_open, reason is missing",
            id="semicolons",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_name(payload: bytes, told: str) -> None:
    assert refusal("calendar_overrides", payload).startswith(told)


def test_a_number_that_is_none_is_refused_with_line_and_column() -> None:
    payload = (FOLDER / "funds.csv").read_bytes().replace(b",18,", b",18h,", 1)

    assert refusal("funds", payload) == (
        "warehouse/reference/funds.csv: line 2, column publication_lag_hours: "
        "'18h' is no whole number"
    )


def test_a_files_shape_is_its_header_and_known_when_it_is_refused() -> None:
    capture = Capture(
        reference.table("calendar_overrides"), datetime(2030, 7, 5, tzinfo=UTC), "0" * 64
    )

    assert reference.parse_table(OVERRIDES, capture).columns == (
        "calendar",
        "is_open",
        "reason",
        "session",
    )
    with pytest.raises(Refused) as refusal:
        reference.parse_table(OVERRIDES.replace(b"is_open", b"open"), capture)
    assert refusal.value.columns == ("calendar", "open", "reason", "session")
