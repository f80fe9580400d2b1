"""Rows that break a promise are set aside one by one; a payload that is not it is refused."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.capture import Refused
from schemas.raw.ishares import ISharesHistorical
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept, promised, refuse_if_mostly_bad
from tests.warehouse.market import capture, frame, verdict

DAYS = [date(2030, 3, day) for day in range(1, 12)]


def valuations(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Give eleven good rows of a fund; `changes` are appended."""
    return [{"fund": "AAA", "as_of": day} for day in DAYS] + [
        {"fund": "AAA", "as_of": DAYS[0]} | change for change in changes
    ]


def rejected(verdict: Verdict) -> list[tuple[int, list[str]]]:
    return list(verdict.rejected.select("position", "failures").iter_rows())


def test_good_rows_are_accepted_in_the_tables_columns() -> None:
    found = verdict(FundValuations, valuations())

    assert found.accepted.columns == list(FundValuations.to_schema().columns)
    assert found.accepted.height == len(DAYS)
    assert rejected(found) == []


def test_equal_rows_of_a_key_count_once() -> None:
    found = verdict(FundValuations, valuations({}, {}))

    assert found.accepted["as_of"].to_list() == DAYS
    assert rejected(found) == []


def test_different_rows_of_a_key_are_rejected_both() -> None:
    found = verdict(FundValuations, valuations({"nav": 11.0}))

    assert found.accepted["as_of"].to_list() == DAYS[1:]
    assert sorted(position for position, _ in rejected(found)) == [0, 11]
    assert {failure for _, failures in rejected(found) for failure in failures} == {
        "conflicting duplicate"
    }


def test_a_row_is_rejected_with_everything_it_breaks() -> None:
    wrong = {"as_of": date(2030, 3, 20), "nav": -1.0, "currency": "usd", "shares_outstanding": -1.0}
    [(position, failures)] = rejected(verdict(FundValuations, valuations(wrong)))

    assert position == 11
    assert [failure.split(":")[0] for failure in failures] == [
        "currency",
        "nav",
        "shares_outstanding",
    ]


def test_a_row_without_its_day_is_rejected() -> None:
    [(position, failures)] = rejected(verdict(FundValuations, valuations({"as_of": None})))

    assert (position, failures) == (11, ["as_of: not_nullable"])


def test_evidence_is_the_row_as_served_not_as_transformed() -> None:
    rows = frame(FundValuations, valuations({"as_of": date(2030, 3, 20), "nav": -1.0}))
    numbered = rows.with_row_index("position")
    served = pl.DataFrame({"position": range(12), "NAV": [f"${n}.50" for n in range(12)]})

    found = accept(FundValuations, numbered, served, capture())

    assert found.rejected["row"].to_list() == ['{"NAV":"$11.50"}']
    assert found.rejected["key"].to_list() == [
        '{"fund":"AAA","as_of":"2030-03-20","source":"bank"}'
    ]


@pytest.mark.parametrize(
    ("bad", "is_refused"),
    [pytest.param(2, False, id="a fifth is rejected"), pytest.param(3, True, id="more is refused")],
)
def test_a_payload_with_more_than_a_fifth_of_bad_rows_is_refused(
    bad: int,
    is_refused: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    rows = [
        {"fund": "AAA", "as_of": day, "nav": -1.0 if number < bad else 1.0}
        for number, day in enumerate(DAYS[:10])
    ]

    judged = verdict(FundValuations, rows)

    assert judged.rejected.height == bad
    if is_refused:
        with pytest.raises(Refused, match=r"bank/test/all: 3 of 10 rows are bad \(nav: greater_th"):
            refuse_if_mostly_bad([judged], capture())
    else:
        refuse_if_mostly_bad([judged], capture())


def test_rows_without_their_day_are_counted_one_by_one_however_alike() -> None:
    whole = [{"fund": "AAA", "as_of": day, "nav": 1.0} for day in DAYS[:7]]
    judged = verdict(FundValuations, [*whole, *[{"fund": "AAA", "as_of": None, "nav": 1.0}] * 3])

    assert judged.rejected.height == 3
    with pytest.raises(Refused, match="3 of 10 rows are bad"):
        refuse_if_mostly_bad([judged], capture())


def test_a_small_table_is_judged_with_the_rest_of_its_payload() -> None:
    good = verdict(FundValuations, [{"fund": "AAA", "as_of": day, "nav": 1.0} for day in DAYS[:9]])
    bad = verdict(FundValuations, [{"fund": "AAA", "as_of": DAYS[0], "nav": -1.0}])

    refuse_if_mostly_bad([good, bad], capture())

    with pytest.raises(Refused):
        refuse_if_mostly_bad([bad], capture())


def test_a_row_for_a_day_that_has_not_come_is_rejected() -> None:
    rows = frame(FundValuations, [{"fund": "AAA", "as_of": day, "nav": 1.0} for day in DAYS[:3]])
    rows = rows.with_row_index("position").cast({"position": pl.Int64})

    judged = accept(FundValuations, rows, rows, capture(), today=DAYS[1])

    assert judged.accepted["as_of"].to_list() == DAYS[:2]
    assert judged.rejected["failures"].to_list() == [["as_of: later than the day it was known"]]


def test_no_rows_are_no_fault() -> None:
    found = verdict(FundValuations, [])

    assert (found.accepted.height, found.rejected.height) == (0, 0)
    assert found.accepted.columns == list(FundValuations.to_schema().columns)


def raw(**columns: list[Any]) -> pl.DataFrame:
    plain = {"As Of": ["Mar 01, 2030"], "NAV per Share": ["9.5"], "Shares Outstanding": ["1"]}
    return pl.DataFrame({"position": [0]} | plain | columns)


def test_a_raw_schema_drops_what_was_never_asked_for() -> None:
    found = promised(ISharesHistorical, raw(**{"Index Level": ["1"]}), capture())

    assert found.columns == ["position", "As Of", "NAV per Share", "Shares Outstanding"]


def test_a_payload_without_a_promised_column_is_refused_by_its_name() -> None:
    told = r"column NAV per Share is missing; the payload has 'position', 'As Of', 'Shares"

    with pytest.raises(Refused, match=told):
        promised(ISharesHistorical, raw().drop("NAV per Share"), capture())


def test_a_payload_with_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(Refused, match="bank/test/all: NAV per Share: dtype"):
        promised(ISharesHistorical, raw(**{"NAV per Share": [9.5]}), capture())


def test_so_is_one_without_rows() -> None:
    with pytest.raises(Refused, match="bank/test/all: NAV per Share: dtype"):
        promised(ISharesHistorical, raw(**{"NAV per Share": [9.5]}).clear(), capture())
