"""The reference data that we ship hang together: each name that one file uses another explains."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import exchange_calendars
import pytest

import warehouse
from flows import planning
from schemas.capture import Capture
from schemas.tables.reference import REFERENCE
from sources import reference
from tests.warehouse.market import LONG_AGO, answer, lay
from warehouse.tables import name

FOLDER = Path(warehouse.__file__).parent / "reference"


@pytest.fixture(scope="module")
def shipped(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lay all reference files into a warehouse without a calendar."""
    shared.begin()
    for schema in REFERENCE:
        table = name(schema)
        capture = Capture(reference.table(table), datetime(2030, 7, 5, tzinfo=UTC), "0" * 64)
        rows = reference.parse_table((FOLDER / f"{table}.csv").read_bytes(), capture).tables[table]
        lay(shared, schema, rows.drop("position").rows(named=True), LONG_AGO)
    yield shared
    shared.rollback()


def test_every_source_is_one_that_can_be_asked(shipped: duckdb.DuckDBPyConnection) -> None:
    assert planning.strangers(shipped) == []


def test_no_source_is_named_twice_for_one_thing(shipped: duckdb.DuckDBPyConnection) -> None:
    for sources, things in {
        "instrument_sources": "instrument",
        "fund_sources": "fund, dataset",
        "series_sources": "series",
        "page_sources": "page",
    }.items():
        query = f"select {things}, source from {sources} group by all having count(*) > 1"
        assert answer(shipped, query) == []


def test_every_calendar_exists(shipped: duckdb.DuckDBPyConnection) -> None:
    query = """
        select calendar from instruments union select calendar from funds
        union select calendar from calendar_overrides
    """
    used = {calendar for (calendar,) in answer(shipped, query)}

    assert used <= set(exchange_calendars.get_calendar_names())


@pytest.mark.parametrize(
    ("file", "column", "explained_by"),
    [
        ("fund_groups", "fund", "funds"),
        ("fund_terms", "fund", "funds"),
        ("assets", "instrument", "instruments"),
        ("known_peaks", "instrument", "instruments"),
        ("pairs", "numerator", "instruments"),
        ("pairs", "denominator", "instruments"),
    ],
)
def test_what_a_file_names_another_explains(
    shipped: duckdb.DuckDBPyConnection, file: str, column: str, explained_by: str
) -> None:
    strays = f"""
        select {column} from {file}
        where {column} not in (select {explained_by.removesuffix("s")} from {explained_by})
    """

    assert answer(shipped, strays) == []


def test_a_fund_has_the_currency_and_calendar_of_its_instrument(
    shipped: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select funds.fund
        from funds inner join instruments on funds.fund = instruments.instrument
        where funds.currency != instruments.currency or funds.calendar != instruments.calendar
    """

    assert answer(shipped, query) == []


def test_every_currency_is_one_that_is_quoted_here(shipped: duckdb.DuckDBPyConnection) -> None:
    query = "select currency from instruments union select currency from funds"

    assert {currency for (currency,) in answer(shipped, query)} <= {"USD", "USDT"}


def test_no_fund_is_a_member_before_its_launch_or_twice_at_once(
    shipped: duckdb.DuckDBPyConnection,
) -> None:
    early = """
        select fund from fund_groups inner join funds using (fund) where member_from < launched_on
    """
    twice = """
        select fund
        from fund_groups as earlier
        inner join fund_groups as later using (fund_group, fund)
        where earlier.member_from < later.member_from
            and later.member_from <= coalesce(earlier.member_until, date 'infinity')
    """

    assert answer(shipped, early) == []
    assert answer(shipped, twice) == []


def test_a_metal_fund_has_its_ounces_and_its_fee_from_the_launch_on(
    shipped: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select funds.fund
        from funds left join fund_terms on funds.fund = fund_terms.fund
        where funds.metal is not null
        group by funds.fund, funds.launched_on, funds.ounces_per_share_at_launch
        having
            funds.ounces_per_share_at_launch is null
            or coalesce(min(fund_terms.effective_from) > funds.launched_on, true)
    """

    assert answer(shipped, query) == []


def test_no_fund_has_a_history_from_before_its_launch(shipped: duckdb.DuckDBPyConnection) -> None:
    assert answer(shipped, "select fund from funds where first_session < launched_on") == []


def test_a_group_is_of_funds_that_are_valued(shipped: duckdb.DuckDBPyConnection) -> None:
    query = """
        select fund from fund_groups
        anti join (select fund from fund_sources where dataset = 'valuations') using (fund)
    """

    assert answer(shipped, query) == []
