import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.tables.bars import Bars
from schemas.validation import Verdict, accept
from sources import lbma
from tests.sources.bodies import kept
from transforms import lbma as transform

LATER = datetime(2030, 7, 20, 12, tzinfo=UTC)


def judged(*days: tuple[str, list[Any]], known_at: datetime = LATER) -> Verdict:
    asked = lbma.quotes("ACM-FIX", "acme", "USD", date(2030, 7, 1), date(2030, 7, 12))
    capture = kept(asked, known_at)
    listed = [{"is_cms_locked": 0, "d": day, "v": prices} for day, prices in days]
    raw = lbma.parse_quotes(json.dumps(listed).encode(), capture).tables["bars"]
    return accept(Bars, transform.bars(raw, capture), raw, capture)


def test_a_price_is_a_close_in_dollars() -> None:
    verdict = judged(("2030-07-08", [2.25, 1.25, 1.5]))

    assert verdict.rejected.is_empty()
    assert verdict.accepted.to_dicts() == [
        {
            "instrument": "ACM-FIX",
            "session": date(2030, 7, 8),
            "source": "lbma",
            "open": None,
            "high": None,
            "low": None,
            "close": 2.25,
            "adj_close": None,
            "volume": None,
            "currency": "USD",
            "is_final": True,
        }
    ]


@pytest.mark.parametrize("prices", [[None, 1.25, None], [None, None, None]])
def test_a_day_without_a_price_in_dollars_states_nothing(prices: list[Any]) -> None:
    verdict = judged(("2030-07-05", [2, 1, None]), ("2030-07-08", prices))

    assert verdict.accepted["session"].to_list() == [date(2030, 7, 5)]
    assert verdict.rejected.is_empty()


def test_days_outside_those_asked_for_are_left_out() -> None:
    days = ("1983-02-05", "2030-06-28", "2030-07-01", "2030-07-12", "2030-07-15")

    verdict = judged(*((day, [2, 1, 1]) for day in days))

    assert verdict.accepted["session"].to_list() == [date(2030, 7, 1), date(2030, 7, 12)]
    assert verdict.rejected.is_empty()


@pytest.mark.parametrize("day", ["2030-07-06", "2030-07-07"])
def test_a_price_of_a_weekend_is_rejected_with_its_row(day: str) -> None:
    verdict = judged(("2030-07-05", [2, 1, 1]), (day, [1.0625, 1, 1]))

    assert verdict.accepted["session"].to_list() == [date(2030, 7, 5)]
    assert verdict.rejected["failures"].to_list() == [["session: not_nullable"]]
    assert json.loads(verdict.rejected["row"].item()) == {
        "d": day,
        "is_cms_locked": 0,
        "USD": 1.0625,
        "GBP": 1.0,
        "EUR": 1.0,
    }


@pytest.mark.parametrize(
    ("day", "price", "failure"),
    [
        ("???", 2, "session: not_nullable"),
        ("2030-07-08", 0, "close: greater_than(0)"),
        ("2030-07-08", float("inf"), "close: less_than(3.4028234663852886e+38)"),
    ],
)
def test_what_cannot_be_is_rejected(day: str, price: float, failure: str) -> None:
    verdict = judged((day, [price, 1, 1]))

    assert verdict.rejected["failures"].to_list() == [[failure]]


@pytest.mark.parametrize(
    ("known_at", "is_final"),
    [
        pytest.param(datetime(2030, 7, 8, 22, 59, tzinfo=UTC), False, id="before midnight"),
        pytest.param(datetime(2030, 7, 8, 23, 0, tzinfo=UTC), True, id="at London's midnight"),
    ],
)
def test_a_price_is_final_once_londons_day_is_over(known_at: datetime, is_final: bool) -> None:  # noqa: FBT001 -- a column of the table
    verdict = judged(("2030-07-08", [2, 1, 1]), known_at=known_at)

    assert verdict.accepted["is_final"].to_list() == [is_final]
