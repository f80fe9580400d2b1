from datetime import UTC, date, datetime

import pytest

from schemas.tables.bars import Bars
from schemas.validation import Verdict, accept
from sources import stooq
from tests.sources.bodies import kept
from transforms import stooq as transform

LATER = datetime(2030, 7, 20, 12, tzinfo=UTC)
GOOD = "12,13,11,12.5"


def judged(*rows: str, known_at: datetime = LATER, header: str = "Close") -> Verdict:
    asked = stooq.quotes("ACM", "acm", "EUR", date(2030, 7, 1), date(2030, 7, 12))
    capture = kept(asked, known_at)
    lines = (f"Date,Open,High,Low,{header}", *rows, "")
    raw = stooq.parse_quotes("\r\n".join(lines).encode(), capture).tables["bars"]
    return accept(Bars, transform.bars(raw, capture), raw, capture)


def test_a_bar_is_in_our_names() -> None:
    verdict = judged("2030-07-08,12,13.5,11.25,12.5,1000.125", header="Close,Volume")

    assert verdict.rejected.is_empty()
    assert verdict.accepted.to_dicts() == [
        {
            "instrument": "ACM",
            "session": date(2030, 7, 8),
            "source": "stooq",
            "open": 12.0,
            "high": 13.5,
            "low": 11.25,
            "close": 12.5,
            "adj_close": None,
            "volume": 1000.125,
            "currency": "EUR",
            "is_final": True,
        }
    ]


def test_metals_have_no_volume() -> None:
    assert judged(f"2030-07-08,{GOOD}").accepted["volume"].to_list() == [None]


def test_a_flat_bar_is_a_bar() -> None:
    assert judged("2030-07-08,12,12,12,12").accepted.height == 1


def test_rows_outside_the_days_asked_for_are_left_out() -> None:
    days = ("1792-03-01", "2030-06-30", "2030-07-01", "2030-07-12", "2030-07-15")

    verdict = judged(*(f"{day},{GOOD}" for day in days))

    assert verdict.accepted["session"].to_list() == [date(2030, 7, 1), date(2030, 7, 12)]
    assert verdict.rejected.is_empty()


@pytest.mark.parametrize(
    ("known_at", "is_there"),
    [
        pytest.param(datetime(2030, 7, 9, 23, 59, tzinfo=UTC), False, id="on its day"),
        pytest.param(datetime(2030, 7, 10, 0, 0, tzinfo=UTC), True, id="from midnight UTC"),
    ],
)
def test_a_session_whose_day_is_not_over_is_left_out(known_at: datetime, is_there: bool) -> None:  # noqa: FBT001 -- a column of the table
    verdict = judged(f"2030-07-08,{GOOD}", f"2030-07-09,{GOOD}", known_at=known_at)

    assert (date(2030, 7, 9) in verdict.accepted["session"]) is is_there
    assert date(2030, 7, 8) in verdict.accepted["session"]


@pytest.mark.parametrize(
    ("day", "is_final"),
    [
        pytest.param(9, False, id="one day after Monday"),
        pytest.param(10, True, id="two days after Monday"),
    ],
)
def test_a_bar_is_final_two_business_days_later(day: int, is_final: bool) -> None:  # noqa: FBT001 -- a column of the table
    verdict = judged(f"2030-07-08,{GOOD}", known_at=datetime(2030, 7, day, 1, tzinfo=UTC))

    assert verdict.accepted["is_final"].to_list() == [is_final]


@pytest.mark.parametrize(
    ("row", "failure"),
    [
        (f"???,{GOOD}", "session: not_nullable"),
        (f"2030-02-30,{GOOD}", "session: not_nullable"),
        (f"+2030-07-08,{GOOD}", "session: not_nullable"),
        ("2030-07-08,12,13,11,N/D", "close: less_than(3.4028234663852886e+38)"),
        ("2030-07-08,12,13,11,0", "close: greater_than(0)"),
        ("2030-07-08,12,13,11", "close: not_nullable"),
        ("2030-07-08,12,10,11,12", "low_is_not_above_high"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_with_its_text(row: str, failure: str) -> None:
    verdict = judged(f"2030-07-05,{GOOD}", row)

    assert verdict.accepted.height == 1
    assert failure in verdict.rejected["failures"].item()
    assert row.partition(",")[0] in verdict.rejected["row"].item()


def test_two_rows_of_one_session_that_differ_are_both_rejected() -> None:
    verdict = judged("2030-07-08,12,13,11,12", "2030-07-08,12,13,11,12.5")

    assert verdict.accepted.is_empty()
    assert verdict.rejected.height == 2
