import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.reference import Funds
from schemas.validation import Verdict
from tests.warehouse.market import answer, capture, evening, put, verdict
from warehouse.ledger import Recorded
from warehouse.recording import record, record_together, store
from warehouse.refusals import refuse
from warehouse.transaction import transaction

MONDAY, TUESDAY, WEDNESDAY = (datetime(2030, 7, day, 23, tzinfo=UTC) for day in (1, 2, 3))
FIRST, SECOND = date(2030, 6, 27), date(2030, 6, 28)


def valuation(nav: float, as_of: date = FIRST, fund: str = "AAA") -> dict[str, Any]:
    return {"fund": fund, "as_of": as_of, "nav": nav}


def counted(recorded: Recorded) -> dict[str, int]:
    return {field: count for field, count in recorded._asdict().items() if count}


def navs(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    query = "select as_of, nav from fund_valuations_by_source order by fund, as_of"
    return [(day.day, nav) for day, nav in answer(warehouse, query)]


def test_recording_twice_stores_once(warehouse: duckdb.DuckDBPyConnection) -> None:
    first = put(warehouse, FundValuations, [valuation(50), valuation(51, SECOND)], MONDAY)
    again = put(warehouse, FundValuations, [valuation(50), valuation(51, SECOND)], TUESDAY)

    assert counted(first) == {"seen": 2, "new": 2}
    assert counted(again) == {"seen": 2, "unchanged": 2}
    assert answer(warehouse, "select count(*) from history.fund_valuations") == [(2,)]


def test_a_revision_closes_the_version_it_revises(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, FundValuations, [valuation(50)], MONDAY)
    recorded = put(warehouse, FundValuations, [valuation(51)], TUESDAY)

    assert counted(recorded) == {"seen": 1, "revised": 1}
    assert answer(
        warehouse,
        "select nav, known_at, nullif(superseded_at, 'infinity') "
        "from history.fund_valuations order by known_at",
    ) == [(50, MONDAY, TUESDAY), (51, TUESDAY, None)]


def test_what_was_known_before_a_revision_can_be_asked(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, FundValuations, [valuation(50)], MONDAY)
    put(warehouse, FundValuations, [valuation(51)], TUESDAY)

    warehouse.execute("set variable known_at = timestamptz '2030-07-02 22:59:59+00'")
    assert navs(warehouse) == [(27, 50)]
    warehouse.execute("set variable known_at = timestamptz '2030-07-02 23:00:00+00'")
    assert navs(warehouse) == [(27, 51)]


@pytest.mark.parametrize(
    ("late", "found", "believed"),
    [
        pytest.param([valuation(49)], {"stale": 1}, [(27, 50)], id="what it would revise is newer"),
        pytest.param([valuation(50)], {"unchanged": 1}, [(27, 50)], id="it says what is believed"),
        pytest.param(
            [valuation(48, SECOND)], {"new": 1}, [(27, 50), (28, 48)], id="its new keys are stored"
        ),
    ],
)
def test_an_answer_older_than_what_is_known_revises_nothing(
    warehouse: duckdb.DuckDBPyConnection,
    late: list[dict[str, Any]],
    found: dict[str, int],
    believed: list[tuple[int, float]],
) -> None:
    put(warehouse, FundValuations, [valuation(50)], TUESDAY)

    assert counted(put(warehouse, FundValuations, late, MONDAY)) == {"seen": 1} | found
    assert navs(warehouse) == believed


def test_an_answer_older_than_one_that_confirmed_the_row_revises_nothing(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, FundValuations, [valuation(50)], MONDAY)
    put(warehouse, FundValuations, [valuation(50)], WEDNESDAY)

    late = put(warehouse, FundValuations, [valuation(49)], TUESDAY)

    assert counted(late) == {"seen": 1, "stale": 1}
    assert navs(warehouse) == [(27, 50)]


def test_a_later_answer_about_other_days_makes_nothing_stale(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, FundValuations, [valuation(50)], MONDAY)
    put(warehouse, FundValuations, [valuation(60, SECOND)], WEDNESDAY)

    late = put(warehouse, FundValuations, [valuation(49)], TUESDAY)

    assert counted(late) == {"seen": 1, "revised": 1}


def test_a_crash_leaves_nothing_of_it(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, FundValuations, [valuation(50)], MONDAY)
    before = contents(warehouse)
    rows = [
        valuation(51),
        *(valuation(60, SECOND, f"B{n}") for n in range(9)),
        valuation(0, SECOND),
    ]
    revised = verdict(FundValuations, rows)

    def crash() -> None:
        with transaction(warehouse):
            found = store(warehouse, FundValuations, revised, capture(TUESDAY))
            assert (found.new, found.revised, found.added) == (9, 1, 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()

    assert contents(warehouse) == before
    assert record(warehouse, FundValuations, revised, capture(TUESDAY)).new == 9


def test_of_a_capture_that_fills_two_tables_either_all_is_stored_or_nothing(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:

    before = contents(warehouse)
    good = verdict(FundValuations, [valuation(50)])
    torn = Verdict(good.accepted, good.rejected)

    with pytest.raises(duckdb.Error):
        record_together(warehouse, {FundValuations: good, Holdings: torn}, capture(MONDAY))

    assert contents(warehouse) == before


def contents(warehouse: duckdb.DuckDBPyConnection) -> list[Any]:
    relations = ("history.fund_valuations", "ops.loads", "ops.rejections")
    return [answer(warehouse, f"from {relation} order by all") for relation in relations]


def held(*holdings: str, as_of: date = FIRST, fund: str = "AAA") -> list[dict[str, Any]]:
    return [{"fund": fund, "as_of": as_of, "holding": holding} for holding in holdings]


def positions(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select fund || ' ' || day(as_of) || ' ' || holding from holdings order by all"
    return [position for (position,) in answer(warehouse, query)]


def test_a_position_that_a_later_snapshot_lacks_is_gone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, Holdings, held("gold", "silver"), MONDAY)
    put(warehouse, Holdings, held("tin", as_of=SECOND), MONDAY)
    put(warehouse, Holdings, held("tin", fund="BBB"), MONDAY)
    recorded = put(warehouse, Holdings, held("silver"), TUESDAY)

    assert counted(recorded) == {"seen": 1, "unchanged": 1, "gone": 1}
    assert positions(warehouse) == ["AAA 27 silver", "AAA 28 tin", "BBB 27 tin"]
    warehouse.execute("set variable known_at = timestamptz '2030-07-02 00:00:00+00'")
    assert "AAA 27 gold" in positions(warehouse)


def test_a_position_that_comes_back_is_believed_again(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for known_at, snapshot in zip(
        (MONDAY, TUESDAY, WEDNESDAY),
        (held("gold", "tin"), held("tin"), held("gold", "tin")),
        strict=True,
    ):
        put(warehouse, Holdings, snapshot, known_at)

    assert positions(warehouse) == ["AAA 27 gold", "AAA 27 tin"]
    assert answer(warehouse, "select count(*) from history.holdings") == [(3,)]


def test_a_late_snapshot_is_stale_as_a_whole(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, Holdings, held("gold"), TUESDAY)
    late = put(warehouse, Holdings, held("lead", "tin"), MONDAY)

    assert counted(late) == {"seen": 2, "stale": 2}
    assert positions(warehouse) == ["AAA 27 gold"]


def test_lateness_is_judged_snapshot_by_snapshot(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, Holdings, held("gold", as_of=SECOND), TUESDAY)
    both = [*held("tin"), *held("tin", as_of=SECOND)]
    late = put(warehouse, Holdings, both, MONDAY)

    assert counted(late) == {"seen": 2, "new": 1, "stale": 1}
    assert positions(warehouse) == ["AAA 27 tin", "AAA 28 gold"]


def test_a_snapshot_older_than_one_that_removed_a_position_does_not_revive_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, Holdings, held("gold", "tin"), MONDAY)
    put(warehouse, Holdings, held("gold"), WEDNESDAY)
    put(warehouse, Holdings, held("gold", "tin", "lead"), TUESDAY)

    assert positions(warehouse) == ["AAA 27 gold"]


def test_a_rejected_position_is_not_taken_for_gone(warehouse: duckdb.DuckDBPyConnection) -> None:
    metals = ["gold", "silver", 'tin "ore" 100 %', "lead", "zinc", "Nickel (naïve)"]
    put(warehouse, Holdings, held(*metals), MONDAY)
    bad = [row | ({"name": None} if "tin" in row["holding"] else {}) for row in held(*metals)]
    recorded = put(warehouse, Holdings, bad, TUESDAY)

    assert counted(recorded) == {"seen": 6, "unchanged": 5, "rejected": 1, "added": 1}
    assert len(positions(warehouse)) == 6


def test_a_line_taken_out_of_a_reference_table_is_believed_no_longer(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, Funds, [{"fund": "AAA"}, {"fund": "BBB"}], MONDAY)
    put(warehouse, Funds, [{"fund": "BBB"}], TUESDAY)

    assert answer(warehouse, "select fund from funds") == [("BBB",)]
    put(warehouse, Funds, [], WEDNESDAY)
    assert answer(warehouse, "select fund from funds") == []


def bar(close: float) -> dict[str, Any]:
    return {"instrument": "SI=F", "session": FIRST, "close": close}


@pytest.mark.parametrize(
    ("again", "found"),
    [
        pytest.param(63.92900085449219, "unchanged", id="the same digits"),
        pytest.param(63.929, "unchanged", id="the same float32 in fewer digits"),
        pytest.param(63.92900000000001, "unchanged", id="noise below float32"),
        pytest.param(63.92901, "revised", id="the next tick is a change"),
    ],
)
def test_prices_are_compared_at_the_precision_they_are_served_in(
    warehouse: duckdb.DuckDBPyConnection, again: float, found: str
) -> None:
    put(warehouse, Bars, [bar(63.92900085449219)], MONDAY)

    assert counted(put(warehouse, Bars, [bar(again)], TUESDAY)) == {"seen": 1, found: 1}


def test_what_is_not_served_as_float32_is_compared_in_full(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, FundValuations, [valuation(63.929)], MONDAY)

    again = put(warehouse, FundValuations, [valuation(63.9290000001)], TUESDAY)

    assert counted(again) == {"seen": 1, "revised": 1}


def test_a_value_that_becomes_unknown_is_a_revision(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, Bars, [bar(5.0) | {"open": 5.0}], MONDAY)

    assert counted(put(warehouse, Bars, [bar(5.0)], TUESDAY)) == {"seen": 1, "revised": 1}


def good_and_bad(bad_nav: float) -> Verdict:
    good = [valuation(50, FIRST, f"B{number}") for number in range(9)]
    return verdict(FundValuations, [*good, valuation(bad_nav)])


def open_rejections(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return answer(
        warehouse,
        "select key, failures, rejected_at from rejections where resolved_at is null order by all",
    )


def test_a_bad_row_is_rejected_once_however_often_it_is_served(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    added = [
        record(warehouse, FundValuations, good_and_bad(nav), capture(known_at)).added
        for known_at, nav in ((MONDAY, -1.0), (TUESDAY, -1.0), (WEDNESDAY, -2.0))
    ]

    assert added == [1, 0, 1]
    key = '{"fund":"AAA","as_of":"2030-06-27","source":"bank"}'
    assert open_rejections(warehouse) == [
        (key, ["nav: greater_than(0)"], MONDAY),
        (key, ["nav: greater_than(0)"], WEDNESDAY),
    ]


def test_a_rejection_keeps_the_row_as_served(warehouse: duckdb.DuckDBPyConnection) -> None:
    record(warehouse, FundValuations, good_and_bad(-1.0), capture(MONDAY))

    [[position, nav, served_in]] = answer(
        warehouse, "select position, (row::json ->> 'nav')::double, capture from rejections"
    )
    assert (position, nav, served_in) == (9, -1.0, capture(MONDAY).id)


def test_a_good_row_of_the_same_key_closes_a_rejection(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    record(warehouse, FundValuations, good_and_bad(-1.0), capture(MONDAY))
    put(warehouse, FundValuations, [valuation(50)], TUESDAY)

    assert open_rejections(warehouse) == []
    assert answer(warehouse, "select resolved_at, resolved_by from ops.rejections") == [
        (TUESDAY, capture(TUESDAY).id)
    ]


def test_an_older_good_row_closes_no_rejection(warehouse: duckdb.DuckDBPyConnection) -> None:
    record(warehouse, FundValuations, good_and_bad(-1.0), capture(TUESDAY))
    put(warehouse, FundValuations, [valuation(50)], MONDAY)

    assert len(open_rejections(warehouse)) == 1


def test_the_same_capture_again_does_not_reopen_a_closed_rejection(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    record(warehouse, FundValuations, good_and_bad(-1.0), capture(MONDAY))
    put(warehouse, FundValuations, [valuation(50)], TUESDAY)
    record(warehouse, FundValuations, good_and_bad(-1.0), capture(MONDAY))

    assert open_rejections(warehouse) == []


def test_a_rejection_without_evidence_is_kept_all_the_same(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    bad = good_and_bad(-1.0)
    bare = Verdict(bad.accepted, bad.rejected.with_columns(row=pl.lit(None, pl.String)))

    added = [
        record(warehouse, FundValuations, bare, capture(known_at)).added
        for known_at in (MONDAY, TUESDAY)
    ]

    assert added == [1, 0]


def test_a_good_answer_closes_the_refusals_before_it_and_none_after(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    refuse(warehouse, capture(MONDAY), "HTML, where JSON was wanted", "1")
    refuse(warehouse, capture(WEDNESDAY), "HTML, where JSON was wanted", "1")
    refuse(warehouse, capture(MONDAY, subject="another"), "empty", "1")
    put(warehouse, FundValuations, [valuation(50)], TUESDAY)

    assert answer(
        warehouse, "select scope, refused_at, resolved_at from refusals order by all"
    ) == [
        ("bank/test/all", MONDAY, TUESDAY),
        ("bank/test/all", WEDNESDAY, None),
        ("bank/test/another", MONDAY, None),
    ]


def test_the_ledger_agrees_with_the_rows(warehouse: duckdb.DuckDBPyConnection) -> None:
    def snapshot(*weights: float, bad: int = 0) -> list[dict[str, Any]]:
        rows = held(*(f"metal {number}" for number in range(len(weights) + bad)))
        return [
            row | {"weight": w}
            for row, w in zip(rows, (*weights, *[float("nan")] * bad), strict=True)
        ]

    put(warehouse, Holdings, snapshot(*[0.1] * 10), MONDAY)
    put(warehouse, Holdings, snapshot(*[0.1] * 5, *[0.2] * 3, bad=1), WEDNESDAY)
    put(warehouse, Holdings, snapshot(*[0.1] * 4, 0.3), TUESDAY)

    assert answer(
        warehouse,
        "select known_at, seen, new, revised, unchanged, stale, gone, rejected "
        "from loads order by known_at",
    ) == [
        (MONDAY, 10, 10, 0, 0, 0, 0, 0),
        (TUESDAY, 5, 0, 0, 4, 1, 1, 0),  # Wednesday lacks it, too, but as a rejected row
        (WEDNESDAY, 9, 0, 3, 5, 0, 1, 1),
    ]
    assert answer(
        warehouse,
        """
        select
            (select sum(new + revised) from loads) - (select count(*) from history.holdings),
            (select sum(revised + gone) from loads)
            - (select count(*) from history.holdings where superseded_at < 'infinity'),
            (select sum(seen - new - revised - unchanged - stale - rejected) from loads),
            (select min(first_as_of) from ops.loads),
            (select max(last_as_of) from ops.loads)
        """,
    ) == [(0, 0, 0, FIRST, FIRST)]


def test_rows_outside_the_days_of_a_batch_are_left_alone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    first = date(2030, 1, 1)
    history = [valuation(10 + n, first + timedelta(n)) for n in range(60)]
    put(warehouse, FundValuations, history, evening(first))
    outside = "from history.fund_valuations where not as_of between '2030-01-20' and '2030-01-25'"
    before = answer(warehouse, f"{outside} order by all")

    recorded = put(
        warehouse,
        FundValuations,
        [row | {"nav": 99.0} for row in history[19:25]],
        MONDAY,
    )

    assert counted(recorded) == {"seen": 6, "revised": 6}
    assert answer(warehouse, f"{outside} order by all") == before


def test_recording_in_order_and_days_apart_gives_one_row_per_key(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for (number, as_of), nav in itertools.product(enumerate((FIRST, SECOND)), (50.0, 51.0)):
        known_at = MONDAY + timedelta(hours=int(nav) + number)
        put(warehouse, FundValuations, [valuation(nav, as_of)], known_at)

    assert navs(warehouse) == [(27, 51.0), (28, 51.0)]
