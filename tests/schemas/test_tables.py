"""What every table promises, and what each refuses."""

from datetime import UTC, date, datetime
from typing import Any

import pandera.errors
import polars as pl
import pytest

from schemas.tables import TABLES
from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.model import key, metadata
from schemas.tables.reference import Funds, FundTerms, Instruments
from schemas.tables.sessions import Sessions

COLUMNS = [(schema, column) for schema in TABLES for column in schema.to_schema().columns]
NUMBERS = [
    (schema, column)
    for schema, column in COLUMNS
    if schema.to_schema().columns[column].dtype.type == pl.Float64
]


def named(value: Any) -> str | None:
    return value.__name__ if isinstance(value, type) else None


@pytest.mark.parametrize(("schema", "column"), COLUMNS, ids=named)
def test_every_column_says_what_it_means(schema: Any, column: str) -> None:
    assert schema.to_schema().columns[column].description


@pytest.mark.parametrize("schema", TABLES, ids=named)
def test_every_table_says_what_a_row_is(schema: Any) -> None:
    assert schema.__doc__ != schema.__base__.__doc__
    assert len(schema.__doc__) > 20


@pytest.mark.parametrize("schema", TABLES, ids=named)
def test_the_columns_of_a_key_exist_and_are_never_null(schema: Any) -> None:
    columns = schema.to_schema().columns

    assert key(schema)
    assert [c for c in key(schema) if c not in columns or columns[c].nullable] == []


@pytest.mark.parametrize("schema", TABLES, ids=named)
def test_a_table_takes_no_column_that_it_does_not_declare(schema: Any) -> None:
    assert schema.to_schema().strict is True


@pytest.mark.parametrize("schema", TABLES, ids=named)
def test_the_market_day_and_the_snapshot_are_told_by_columns_of_the_key(schema: Any) -> None:
    traits = metadata(schema)

    assert set(traits) <= {"as_of", "days_ahead", "derived", "snapshot", "timeless"}
    assert set(traits.get("snapshot") or ()) <= set(key(schema))
    assert traits.get("as_of") in {None, *key(schema)} or "observed_at" in key(schema)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize(("schema", "column"), NUMBERS, ids=named)
def test_a_number_is_a_number(schema: Any, column: str, value: float) -> None:
    assert column in failing(schema, {column: value})


SINGLE = [
    (schema, column)
    for schema, column in NUMBERS
    if (schema.to_schema().columns[column].metadata or {}).get("precision") == "float32"
]


@pytest.mark.parametrize(("schema", "column"), SINGLE, ids=named)
def test_what_is_compared_as_float32_fits_in_it(schema: Any, column: str) -> None:
    assert column in failing(schema, {column: 3.5e38})
    assert column not in failing(schema, {column: 3.4e38})


DAY = date(2030, 3, 4)
PLAIN: dict[Any, Any] = {
    pl.Boolean: True,
    pl.Date: DAY,
    pl.Datetime: datetime(2030, 3, 4, 21, tzinfo=UTC),
    pl.Float64: 1.0,
    pl.Int64: 1,
    pl.String: "USD",
}


def failing(schema: Any, wrong: dict[str, Any]) -> dict[str, str]:
    """Give the columns (or the whole row's check) that fail of a row with something wrong in it."""
    columns = schema.to_schema().columns
    row = {name: PLAIN[spec.dtype.type.base_type()] for name, spec in columns.items()} | wrong
    types = {name: spec.dtype.type for name, spec in columns.items()}
    try:
        schema.validate(pl.DataFrame([row], schema=types), lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.select("column", "check").unique()
        return {column or "": str(check) for column, check in cases.iter_rows()}
    return {}


@pytest.mark.parametrize(
    ("schema", "wrong", "check"),
    [
        pytest.param(Bars, {"close": 0.0}, "greater_than(0)", id="nothing trades at nothing"),
        pytest.param(Bars, {"close": None}, "not_nullable", id="a bar has a close"),
        pytest.param(Bars, {"volume": -1.0}, "greater_than_or_equal_to(0)", id="volume"),
        pytest.param(Bars, {"low": 2.0}, "low_is_not_above_high", id="low above high"),
        pytest.param(Bars, {"instrument": "si=f"}, "str_matches", id="symbols are upper case"),
        pytest.param(Bars, {"currency": "US$"}, "str_matches", id="currencies are letters"),
        pytest.param(FundValuations, {"nav": 0.0}, "greater_than(0)", id="a fund has a worth"),
        pytest.param(FundValuations, {"as_of": None}, "not_nullable", id="a day is needed"),
        pytest.param(
            FundValuations,
            {"shares_outstanding": -1.0},
            "greater_than_or_equal_to(0)",
            id="no fund has issued fewer than no shares",
        ),
        pytest.param(Holdings, {"holding": ""}, "str_length", id="a holding has a name"),
        pytest.param(
            CorporateActions,
            {"kind": "split", "ratio": None},
            "a_split_has_a_ratio_and_the_rest_an_amount",
            id="a split without ratio",
        ),
        pytest.param(
            CorporateActions,
            {"kind": "dividend", "amount": None},
            "a_split_has_a_ratio_and_the_rest_an_amount",
            id="a dividend without amount",
        ),
        pytest.param(
            Sessions,
            {"opens_at": datetime(2030, 3, 4, 22, tzinfo=UTC)},
            "a_session_opens_before_it_closes",
            id="a session that ends before it begins",
        ),
        pytest.param(Funds, {"sources": "ishares"}, "str_matches", id="a source without an id"),
        pytest.param(Instruments, {"kind": "stock"}, "isin", id="an unknown kind"),
        pytest.param(FundTerms, {"fee": 0.5}, "less_than(0.2)", id="a fee in percent"),
    ],
)
def test_a_wrong_row_is_refused(schema: Any, wrong: dict[str, Any], check: str) -> None:
    assert check in " ".join(failing(schema, wrong).values())


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        pytest.param(Bars, {"low": None, "high": None, "open": None}, id="a bar of a close only"),
        pytest.param(
            CorporateActions, {"kind": "split", "amount": None, "currency": None}, id="a split"
        ),
        pytest.param(Holdings, {"market_value": -5.0, "quantity": -5.0}, id="a short position"),
        pytest.param(FundValuations, {"shares_outstanding": None}, id="an unpublished count"),
    ],
)
def test_a_right_row_is_not_refused(schema: Any, row: dict[str, Any]) -> None:
    assert failing(schema, row) == {}
