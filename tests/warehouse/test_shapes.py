from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from schemas.capture import Capture
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from tests.warehouse.market import answer, capture, verdict
from warehouse import shapes
from warehouse.recording import record_together

MONDAY, TUESDAY, WEDNESDAY = (datetime(2030, 7, day, 23, tzinfo=UTC) for day in (1, 2, 3))
CHANGES = "select day(known_at), added, gone from source_changes order by known_at"


def keep(
    warehouse: duckdb.DuckDBPyConnection, at: datetime, *columns: str, is_refused: bool = False
) -> Capture:
    about = capture(at)
    shapes.keep(warehouse, about, columns, is_refused=is_refused)
    return about


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=lambda order: "-".join(map(str, order))
)
def test_changes_are_told_in_the_order_of_knowledge(
    warehouse: duckdb.DuckDBPyConnection, order: tuple[int, ...]
) -> None:
    kept = [(MONDAY, "a", "b"), (TUESDAY, "a", "c"), (WEDNESDAY, "a", "c", "d")]

    for n in order:
        keep(warehouse, *kept[n])

    assert answer(warehouse, CHANGES) == [(2, ["c"], ["b"]), (3, ["d"], [])]


def test_changes_obey_known_at(warehouse: duckdb.DuckDBPyConnection) -> None:
    keep(warehouse, MONDAY, "a")
    keep(warehouse, WEDNESDAY, "b")

    warehouse.execute("set variable known_at = timestamptz '2030-07-03 22:00:00+00'")
    assert answer(warehouse, CHANGES) == []
    warehouse.execute("set variable known_at = timestamptz '2030-07-03 23:00:00+00'")
    assert answer(warehouse, CHANGES) == [(3, ["b"], ["a"])]


def test_answers_without_columns_are_no_change(warehouse: duckdb.DuckDBPyConnection) -> None:
    keep(warehouse, MONDAY, "a")
    keep(warehouse, TUESDAY)
    last = keep(warehouse, WEDNESDAY, "a")

    assert answer(warehouse, CHANGES) == []
    assert shapes.last_good(warehouse, last) == (date(2030, 7, 1), {"a"})


def test_a_payload_tried_again_has_one_shape(warehouse: duckdb.DuckDBPyConnection) -> None:
    tried = keep(warehouse, MONDAY, "a", is_refused=True)
    next_day = capture(TUESDAY)
    assert shapes.last_good(warehouse, next_day) is None

    shapes.keep(warehouse, tried, ("a", "b"))

    assert shapes.last_good(warehouse, next_day) == (date(2030, 7, 1), {"a", "b"})
    assert answer(warehouse, "select count(*) from ops.source_shapes") == [(1,)]


def test_a_shape_is_kept_together_with_the_rows_or_not_at_all(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    row: dict[str, Any] = {"fund": "AAA", "as_of": date(2030, 7, 1)}
    good, torn = verdict(FundValuations, [row]), verdict(Holdings, [row | {"holding": "Silver"}])
    torn = torn._replace(accepted=torn.accepted.drop("weight"))

    with pytest.raises(duckdb.Error):
        record_together(warehouse, {FundValuations: good, Holdings: torn}, capture(MONDAY), ("a",))
    assert answer(warehouse, "from ops.source_shapes") == []

    record_together(warehouse, {FundValuations: good}, capture(MONDAY), ("a",))
    assert answer(warehouse, "select columns, is_refused from ops.source_shapes") == [
        (["a"], False)
    ]
