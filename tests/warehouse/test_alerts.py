"""What a person is told, and that it is told once."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.coins import Coins
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import FundGroups, Funds, FundTerms, Instruments, Pages
from schemas.tables.stated_facts import StatedFacts
from tests.diary import begin
from tests.warehouse.market import (
    DAY,
    answer,
    capture,
    evening,
    lay,
    open_calendar,
    put,
    sessions,
)
from warehouse import alerts, runs, shapes
from warehouse.alerts import Alert, Owed, Wishes
from warehouse.checks import Failure
from warehouse.runs import Run

FIRST = date(2030, 1, 2)
DAYS = sessions(FIRST, date(2030, 3, 29))
ALL = Wishes({"record", "streak", "week"}, (), 6, 3, 24)
EVERYONE = pl.DataFrame(
    {"source": ["bank"] * 3, "dataset": ["quotes", "valuations", "coins"], "symbol": [None] * 3},
    schema=dict.fromkeys(("source", "dataset", "symbol"), pl.String),
)
NOBODY = EVERYONE.clear()
HOUR = timedelta(hours=1)


def fact(name: str, subject: str, measure: str, day: date, **told: Any) -> dict[str, Any]:
    """State a fact of a day, in a sentence that names it."""
    sentence = f"{name} {subject} {measure} {day}: {told}"
    about = {"fact": name, "subject": subject, "measure": measure, "as_of": day}
    return about | {"statement": sentence, "complete": True} | told


def close(day: date, rank: int, subject: str = "SI=F", measure: str = "close") -> dict[str, Any]:
    return fact("record_high", subject, measure, day, rank=rank)


def streak(
    day: date, months: int, *, complete: bool = False, measure: str = "shares", subject: str = "AAA"
) -> dict[str, Any]:
    return fact("inflow_streak", subject, measure, day, value=float(months), complete=complete)


def week(
    day: date, rank: int | None, flow: float = 1.0, measure: str = "shares", subject: str = "AAA"
) -> dict[str, Any]:
    return fact("nth_largest_week", subject, measure, day, value=flow, rank=rank)


def state(
    warehouse: duckdb.DuckDBPyConnection, facts: Iterable[dict[str, Any]], now: datetime
) -> None:
    put(warehouse, StatedFacts, facts, now, source="silverstreak", tag=f"{now:%H%M%S}")


def end_run(
    warehouse: duckdb.DuckDBPyConnection,
    now: datetime,
    *,
    datasets: tuple[str, ...] = ("quotes", "valuations", "coins"),
    wishes: Wishes = ALL,
    followed: pl.DataFrame = EVERYONE,
    failures: Iterable[Failure] = (),
    addresses: int = 0,
) -> list[Alert]:
    """Begin and end a run at this moment; give what it has raised."""
    run = Run(f"run {now}", "run", datasets, now)
    runs.begin(warehouse, run, lambda _: False)
    runs.finish(warehouse, run.run, now, [])
    return alerts.raise_all(
        warehouse,
        run,
        now,
        wishes=wishes,
        followed=followed,
        failures=[*failures],
        addresses=addresses,
    )


def live(
    warehouse: duckdb.DuckDBPyConnection,
    day: date,
    *facts: dict[str, Any],
    wishes: Wishes = ALL,
) -> list[str]:
    """State facts on a day's evening, and name what is raised then."""
    state(warehouse, facts, evening(day))
    return [alert.alert for alert in end_run(warehouse, evening(day) + HOUR / 60, wishes=wishes)]


def test_what_the_first_publish_states_is_no_news(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert live(warehouse, DAYS[0], close(DAYS[0], 1), streak(DAYS[0], 7), week(DAYS[0], 1)) == []
    assert live(warehouse, DAYS[1], close(DAYS[1], 1)) == [f"record/SI=F/{DAYS[1]}"]


def test_what_an_earlier_release_has_stated_is_no_news(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """It has looked for none."""
    state(warehouse, [close(DAYS[0], 2), streak(DAYS[0], 5)], evening(DAYS[0]))
    state(warehouse, [close(DAYS[1], 1), streak(DAYS[1], 6)], evening(DAYS[1]))

    assert live(warehouse, DAYS[1]) == []
    assert live(warehouse, DAYS[2], streak(DAYS[2], 6)) == []


def test_a_record_is_told_in_its_own_words(warehouse: duckdb.DuckDBPyConnection) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    told = close(DAYS[1], 1)
    state(warehouse, [told], evening(DAYS[1]))

    [alert] = end_run(warehouse, evening(DAYS[1]) + HOUR)
    assert alert == Alert(f"record/SI=F/{DAYS[1]}", "record", "SI=F", told["statement"])
    assert answer(warehouse, "select kind, subject, message, raised_at from alerts") == [
        ("record", "SI=F", told["statement"], evening(DAYS[1]) + HOUR)
    ]


def test_news_are_told_once_whatever_is_stated_of_the_day_later(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    state(warehouse, [close(DAYS[1], 1)], evening(DAYS[1]))
    assert len(end_run(warehouse, evening(DAYS[1]) + HOUR)) == 1

    for hour, rank in enumerate((1, 4, 1), start=2):
        state(warehouse, [close(DAYS[1], rank)], evening(DAYS[1]) + hour * HOUR)
        assert end_run(warehouse, evening(DAYS[1]) + hour * HOUR + HOUR / 2) == []


def test_a_day_that_becomes_a_record_is_news_though_it_was_stated_before(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2, measure="intraday"))
    assert live(warehouse, DAYS[1], close(DAYS[1], 3, measure="intraday")) == []
    state(warehouse, [close(DAYS[1], 1, measure="intraday")], evening(DAYS[1]) + HOUR)

    assert len(end_run(warehouse, evening(DAYS[1]) + 2 * HOUR)) == 1


def test_a_close_and_a_high_on_one_day_are_one_record(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    both = ("close", "high")
    live(warehouse, DAYS[0], *(close(DAYS[0], 2, measure=measure) for measure in both))
    state(warehouse, [close(DAYS[1], 1, measure=measure) for measure in both], evening(DAYS[1]))

    [alert] = end_run(warehouse, evening(DAYS[1]) + HOUR)
    assert alert.message.startswith("record_high SI=F close")
    assert live(warehouse, DAYS[2], close(DAYS[2], 5), close(DAYS[2], 1, measure="high")) == [
        f"record/SI=F/{DAYS[2]}"
    ]


def test_what_is_found_later_of_an_earlier_day_is_no_news(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    live(warehouse, DAYS[1], close(DAYS[1], 2))

    assert live(warehouse, DAYS[2], close(DAYS[1], 1), close(DAYS[2], 2)) == []


def test_what_is_withdrawn_before_anybody_looked_is_no_news(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    state(warehouse, [close(DAYS[1], 1)], evening(DAYS[1]))
    gone = {"statement": None, "rank": None, "is_withdrawn": True}
    state(warehouse, [close(DAYS[1], 1) | gone], evening(DAYS[1]) + HOUR)

    assert end_run(warehouse, evening(DAYS[1]) + 2 * HOUR) == []


def test_what_a_killed_run_has_stated_is_told_by_the_next(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    state(warehouse, [close(DAYS[1], 1)], evening(DAYS[1]))  # and dies before it looks for news

    assert live(warehouse, DAYS[1] + DAY) == [f"record/SI=F/{DAYS[1]}"]


def test_a_subject_that_is_added_is_no_news_either(warehouse: duckdb.DuckDBPyConnection) -> None:
    live(warehouse, DAYS[0], close(DAYS[0], 2))
    new = {"subject": "CCC"}

    assert live(warehouse, DAYS[1], close(DAYS[1], 1, **new), streak(DAYS[1], 40, **new)) == []
    assert live(warehouse, DAYS[2], close(DAYS[2], 2, **new), streak(DAYS[2], 40, **new)) == []
    assert live(warehouse, DAYS[3], close(DAYS[3], 1, **new)) == [f"record/CCC/{DAYS[3]}"]


COLUMNS = ("fact", "subject", "measure", "as_of", "value", "statement", "complete")
JANUARY, FEBRUARY, MARCH = date(2030, 1, 31), date(2030, 2, 28), date(2030, 3, 29)


def test_a_streak_is_told_at_each_so_many_months(warehouse: duckdb.DuckDBPyConnection) -> None:
    live(warehouse, FIRST, streak(FIRST, 5))

    assert live(warehouse, JANUARY, streak(JANUARY, 6, complete=True)) == [
        "streak/AAA/6 months from 2029-08"
    ]
    assert live(warehouse, JANUARY + DAY, streak(JANUARY + DAY, 6)) == []
    assert live(warehouse, FEBRUARY, streak(FEBRUARY, 7, complete=True)) == []
    more = ALL._replace(streak_every=4)
    assert live(warehouse, MARCH, streak(MARCH, 8, complete=True), wishes=more) == [
        "streak/AAA/8 months from 2029-08"
    ]


def test_a_streak_whose_month_nobody_stated_is_told_a_month_late(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    live(warehouse, FIRST, streak(FIRST, 5))

    assert live(warehouse, FEBRUARY, streak(FEBRUARY, 7, complete=True)) == [
        "streak/AAA/6 months from 2029-08"
    ]


def test_another_streak_is_told_anew(warehouse: duckdb.DuckDBPyConnection) -> None:
    every_month = ALL._replace(streak_every=1)
    live(warehouse, FIRST, streak(FIRST, 0))

    assert live(warehouse, JANUARY, streak(JANUARY, 1, complete=True), wishes=every_month) == [
        "streak/AAA/1 months from 2030-01"
    ]
    assert live(warehouse, FEBRUARY, streak(FEBRUARY, 0, complete=True)) == []
    assert live(warehouse, MARCH, streak(MARCH, 1, complete=True), wishes=every_month) == [
        "streak/AAA/1 months from 2030-03"
    ]


def test_a_streak_is_told_in_the_first_of_its_measures(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Of a fund in shares, of a group, which has none, in ounces, of others in dollars."""
    measured = {"AAA": ("shares", "ounces", "usd"), "metals": ("ounces", "usd"), "BBB": ("usd",)}
    pairs = [(subject, measure) for subject in measured for measure in measured[subject]]

    def stated(day: date, months: int) -> list[dict[str, Any]]:
        return [streak(day, months, subject=s, measure=m, complete=True) for s, m in pairs]

    state(warehouse, stated(FIRST, 5), evening(FIRST))
    end_run(warehouse, evening(FIRST) + HOUR)
    state(warehouse, stated(JANUARY, 6), evening(JANUARY))

    told = [alert.message.split(" ")[1:3] for alert in end_run(warehouse, evening(JANUARY) + HOUR)]
    assert told == [["AAA", "shares"], ["BBB", "usd"], ["metals", "ounces"]]


def test_the_months_of_a_streak_are_those_that_the_fact_itself_names(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """A month runs, is over with its last session, and is over when the next one runs."""
    open_calendar(warehouse, FIRST)
    put(warehouse, Funds, [{"fund": "AAA", "metal": "silver", "ounces_per_share_at_launch": 1.0}])
    put(warehouse, FundTerms, [{"fund": "AAA", "effective_from": FIRST, "fee": 0.0}])
    put(warehouse, FundGroups, [{"fund_group": "metals", "fund": "AAA"}])
    ends = [date(2030, 5, 30), date(2030, 5, 31), date(2030, 6, 3)]
    known = {"since": set[str](), "told": set[str]()}
    for end in ends:
        begin(warehouse, f"{end}", evening(end))
        counts = [
            {"fund": "AAA", "as_of": day, "shares_outstanding": 1e6 + 1000 * number}
            for number, day in enumerate(sessions(FIRST, end))
        ]
        put(warehouse, FundValuations, counts, evening(end))
        stated = warehouse.sql("from inflow_streak").pl()
        state(warehouse, stated.select(COLUMNS).rows(named=True), evening(end))
        known["since"] |= {f"{since:%Y-%m}" for since in stated["since"]}
        told = end_run(warehouse, evening(end) + HOUR, wishes=ALL._replace(streak_every=1))
        known["told"] |= {alert.alert.rpartition(" ")[2] for alert in told}

    assert known["told"] == known["since"] == {"2030-02"}


@pytest.mark.parametrize(
    ("rank", "flow", "is_told"),
    [
        pytest.param(1, 1.0, True, id="the largest"),
        pytest.param(3, 1.0, True, id="the third largest"),
        pytest.param(4, 1.0, False, id="the fourth largest"),
        pytest.param(None, 1.0, False, id="a week that is not over"),
        pytest.param(1, -1.0, False, id="the smallest outflow of a year without inflows"),
    ],
)
def test_a_week_of_a_large_inflow_is_told(
    warehouse: duckdb.DuckDBPyConnection, rank: int | None, flow: float, *, is_told: bool
) -> None:
    friday = date(2030, 1, 11)
    live(warehouse, friday - DAY, week(friday - DAY, None))

    expected = ["week/AAA/2030-W02"] if is_told else []
    assert live(warehouse, friday, week(friday, rank, flow)) == expected
    assert live(warehouse, friday + DAY) == []


def test_only_news_of_the_chosen_kinds_and_subjects_are_told(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    both = ("SI=F", "GC=F")
    live(warehouse, DAYS[0], *(close(DAYS[0], 2, subject) for subject in both))
    records = [close(DAYS[1], 1, subject) for subject in both]

    assert live(warehouse, DAYS[1], *records, wishes=ALL._replace(facts={"week"})) == []
    gold = ALL._replace(subjects={"GC=F"})
    assert live(warehouse, DAYS[1], wishes=gold) == [f"record/GC=F/{DAYS[1]}"]


class Evening(NamedTuple):
    """What an evening states of two subjects, and how often runs end on it: 0, the one is killed.

    A rank of 0 is none: nothing is stated of the subject.
    """

    ranks: tuple[int, int]
    runs: int


EVENINGS = st.lists(
    st.builds(
        Evening,
        ranks=st.tuples(st.integers(0, 2), st.integers(0, 2)),
        runs=st.integers(0, 2),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=40)
@given(lived=EVENINGS)
def test_each_record_is_told_once_in_whatever_order_runs_end_or_die(
    shared: duckdb.DuckDBPyConnection, lived: list[Evening]
) -> None:
    """Of each subject the last record that was stated before a run looked, if it is the latest."""
    for table in ("ops.alerts", "ops.runs", "history.stated_facts"):
        shared.execute(f"delete from {table}")
    latest: dict[str, tuple[date, bool]] = {}
    first: dict[str, date] = {}
    looked_since: date | None = None
    expected, told = set[str](), list[str]()

    for day, (ranks, ended) in zip(DAYS, lived, strict=False):
        facts = [close(day, rank, s) for s, rank in zip("XY", ranks, strict=True) if rank]
        lay(shared, StatedFacts, facts, evening(day))
        for stated in facts:
            first.setdefault(stated["subject"], day)
            latest[stated["subject"]] = (day, stated["rank"] == 1)
        for nth in range(ended):
            moment = evening(day) + (nth + 1) * HOUR
            told += [alert.alert for alert in end_run(shared, moment, followed=NOBODY)]
            expected |= {
                f"record/{subject}/{stated_on}"
                for subject, (stated_on, is_record) in latest.items()
                if is_record and looked_since and stated_on > max(looked_since, first[subject])
            }
            looked_since = looked_since or day

    assert sorted(told) == sorted(expected)


@pytest.fixture
def market(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Know of two instruments, whose days are due at 23:00, and have all days up to the fifth."""
    open_calendar(warehouse)
    each = [{"instrument": name, "first_session": FIRST} for name in ("SI=F", "GC=F")]
    put(warehouse, Instruments, each)
    for name in ("SI=F", "GC=F"):
        bars(warehouse, name, DAYS[:5], evening(DAYS[4]))
    return warehouse


def bars(
    warehouse: duckdb.DuckDBPyConnection, instrument: str, days: list[date], now: datetime
) -> None:
    rows = [{"instrument": instrument, "session": day, "close": 1.0} for day in days]
    put(warehouse, Bars, rows, now, subject=instrument, dataset="quotes", asked=(FIRST, days[-1]))


def a_day_after(day: date) -> datetime:
    """Give the moment at which 24 hours have passed since the day was due."""
    return datetime.combine(day + DAY, datetime.min.time(), UTC) + 23 * HOUR


def test_a_dataset_is_late_when_a_day_has_passed_since_it_was_due(
    market: duckdb.DuckDBPyConnection,
) -> None:
    assert end_run(market, evening(DAYS[5])) == []  # due now, and open
    assert end_run(market, a_day_after(DAYS[5]) - HOUR) == []

    [alert] = end_run(market, a_day_after(DAYS[5]))
    assert (alert.kind, alert.subject) == ("late", "bank/quotes")
    assert alert.message == (
        f"bank/quotes: nothing of GC=F, SI=F for {DAYS[5]} or later, due {DAYS[5]} 23:00 UTC "
        "(never asked)."
    )


def test_an_incident_is_told_once_and_the_next_one_again(market: duckdb.DuckDBPyConnection) -> None:
    assert len(end_run(market, a_day_after(DAYS[6]))) == 1
    assert end_run(market, a_day_after(DAYS[7])) == []
    for name in ("SI=F", "GC=F"):
        bars(market, name, DAYS[5:9], evening(DAYS[8]))
    assert end_run(market, evening(DAYS[8])) == []
    [over] = answer(market, "select over_at from alerts")

    [alert] = end_run(market, a_day_after(DAYS[9]))
    assert over == (evening(DAYS[8]),)
    assert alert.alert == f"late/bank/quotes/{DAYS[9]}"
    query = "select alert, over_at is null from alerts order by raised_at"
    assert answer(market, query) == [
        (f"late/bank/quotes/{DAYS[5]}", False),
        (f"late/bank/quotes/{DAYS[9]}", True),
    ]


def test_one_subject_that_never_comes_back_hides_no_later_outage(
    market: duckdb.DuckDBPyConnection,
) -> None:
    bars(market, "GC=F", DAYS[5:9], evening(DAYS[8]))
    assert [alert.alert for alert in end_run(market, evening(DAYS[8]))] == [
        f"late/bank/quotes/{DAYS[5]}"
    ]

    [alert] = end_run(market, a_day_after(DAYS[9]))
    assert "nothing of GC=F for" in alert.message


def test_a_source_that_is_confirmed_to_have_no_more_is_told_of_once(
    market: duckdb.DuckDBPyConnection,
) -> None:
    bars(market, "GC=F", DAYS[5:20], evening(DAYS[19]))
    told = []
    for day in DAYS[5:19]:
        moment = a_day_after(day)
        about = {"subject": "SI=F", "dataset": "quotes", "asked": (FIRST, day)}
        put(market, Bars, [], moment, **about)
        told += [alert.alert for alert in end_run(market, moment)]

    closed = "select count(*) filter (not is_open) > 9, bool_or(is_open) from gaps"
    assert answer(market, closed) == [(True, True)]
    assert told == [f"late/bank/quotes/{DAYS[5]}"]


def test_nobody_is_told_that_a_hole_or_what_was_never_recorded_is_late(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    open_calendar(warehouse)
    each = [{"instrument": name, "first_session": FIRST} for name in ("SI=F", "GC=F")]
    put(warehouse, Instruments, each)
    bars(warehouse, "SI=F", [*DAYS[:3], *DAYS[5:9]], evening(DAYS[3]))

    assert end_run(warehouse, evening(DAYS[8])) == []


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"source": "other"}, id="a source that is switched off"),
        pytest.param({"symbol": "Y"}, id="what a sandbox does not carry"),
    ],
)
def test_what_nobody_is_asked_for_is_not_late(
    market: duckdb.DuckDBPyConnection, others: dict[str, str]
) -> None:
    rows = {"source": "bank", "dataset": "quotes", "symbol": "X"} | others

    assert end_run(market, evening(DAYS[9]), followed=pl.DataFrame([rows])) == []


def test_a_fallback_is_not_late(market: duckdb.DuckDBPyConnection) -> None:
    several = [
        {"instrument": name, "first_session": FIRST, "sources": "other:Y bank:X"}
        for name in ("SI=F", "GC=F")
    ]
    put(market, Instruments, several, evening(DAYS[5]))

    assert end_run(market, evening(DAYS[9])) == []


def test_after_an_outage_of_ours_each_dataset_is_left_time_to_catch_up(
    market: duckdb.DuckDBPyConnection,
) -> None:
    """But one that no run records any more is late in the end."""
    others = {"datasets": ("rates",)}
    end_run(market, evening(DAYS[4]), **others)
    back = a_day_after(DAYS[9])

    assert end_run(market, back, **others) == []
    assert end_run(market, back + 23 * HOUR, **others) == []
    assert len(end_run(market, back + 24 * HOUR, **others)) == 1


def test_a_page_that_answers_no_more_is_late(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, Pages, [{"page": "coins", "dataset": "coins", "every": "hour"}])
    seen = datetime(2030, 1, 7, 10, tzinfo=UTC)
    coin = {"coin": "bitcoin", "observed_at": seen, "as_of": seen.date(), "price": 1.0}
    put(warehouse, Coins, [coin | {"market_cap": 1.0}], seen, subject="coins", dataset="coins")

    assert end_run(warehouse, seen + 30 * HOUR) == []
    [alert] = end_run(warehouse, seen + 72 * HOUR)
    assert alert.alert == "late/bank/coins/2030-01-08"
    assert "(lost)" in alert.message
    assert end_run(warehouse, seen + 96 * HOUR) == []


def failure(check: str = "every_sum_adds_up", severity: str = "warning") -> Failure:
    return Failure(check, severity, 1, ("fund SLV, missing 3",))


def test_a_failing_check_is_told_once_until_it_has_passed_again(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    fails = [True, True, False, False, True, True]
    told = [
        len(end_run(warehouse, evening(day), failures=[failure()] if failing else []))
        for day, failing in zip(DAYS, fails, strict=False)
    ]

    assert told == [1, 0, 0, 0, 1, 0]
    assert answer(warehouse, "select message, over_at from alerts order by raised_at") == [
        ("every_sum_adds_up (warning): 1 row, such as fund SLV, missing 3.", evening(DAYS[2])),
        ("every_sum_adds_up (warning): 1 row, such as fund SLV, missing 3.", None),
    ]


def test_one_check_says_nothing_of_another(warehouse: duckdb.DuckDBPyConnection) -> None:
    end_run(warehouse, evening(DAYS[0]), failures=[failure("first")])

    [alert] = end_run(
        warehouse, evening(DAYS[1]), failures=[failure("first"), failure("second", "error")]
    )
    assert alert.message == (
        "second (error): 1 row, such as fund SLV, missing 3; nothing is published until it passes."
    )


def shape(warehouse: duckdb.DuckDBPyConnection, now: datetime, *columns: str, **about: Any) -> None:
    known = capture(now, **({"subject": "SI=F", "dataset": "quotes"} | about))
    shapes.keep(warehouse, known, columns)


def test_what_a_provider_changes_is_told_once_of_all_subjects(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    both = ("SI=F", "GC=F")
    for name in both:
        shape(warehouse, evening(DAYS[0]), "close", "open", subject=name)
    assert end_run(warehouse, evening(DAYS[0])) == []
    for name in both:
        shape(warehouse, evening(DAYS[1]), "close", "first", subject=name)

    [alert] = end_run(warehouse, evening(DAYS[1]))
    assert (alert.kind, alert.subject) == ("drift", "bank/quotes")
    assert alert.message == "bank/quotes: columns gone: 'open', new: 'first' (GC=F and 1 more)."
    assert end_run(warehouse, evening(DAYS[2])) == []


def test_what_was_changed_before_anybody_looked_is_not_told(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for nth, columns in enumerate(("a", "b")):
        shape(warehouse, evening(DAYS[nth]), columns)

    assert end_run(warehouse, evening(DAYS[2])) == []
    assert end_run(warehouse, evening(DAYS[3])) == []


def test_our_own_files_are_no_providers(warehouse: duckdb.DuckDBPyConnection) -> None:
    end_run(warehouse, evening(DAYS[0]))
    for nth, columns in enumerate(("a", "b")):
        shape(warehouse, evening(DAYS[1 + nth]), columns, source="reference")

    assert end_run(warehouse, evening(DAYS[3])) == []


@pytest.fixture
def raised(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Raise two alerts, of which two addresses are to be told."""
    for day, check in zip(DAYS, ("first", "second"), strict=False):
        end_run(warehouse, evening(day), failures=[failure(check)], addresses=2)
    return warehouse


def owed(found: list[Owed]) -> list[tuple[str, tuple[int, ...]]]:
    return [(alert.message.split(" ")[0], alert.addresses) for alert in found]


BOTH = [("first", (1, 2)), ("second", (1, 2))]


def dies(_: str) -> bool:
    return False


def lives(_: str) -> bool:
    return True


def test_what_one_run_is_about_to_send_no_other_sends(raised: duckdb.DuckDBPyConnection) -> None:
    assert owed(alerts.claim(raised, "one", lives, 2)) == BOTH
    assert alerts.claim(raised, "other", lives, 2) == []


def test_what_a_run_that_died_was_about_to_send_the_next_one_sends(
    raised: duckdb.DuckDBPyConnection,
) -> None:
    alerts.claim(raised, "one", lives, 2)

    assert owed(alerts.claim(raised, "other", dies, 2)) == BOTH


def test_each_address_is_told_by_itself(raised: duckdb.DuckDBPyConnection) -> None:
    first, second = alerts.claim(raised, "one", lives, 2)
    now = evening(DAYS[2])
    told = [(first.alert, 1), (first.alert, 2), (second.alert, 1)]

    alerts.settle(raised, "one", told, now)

    assert answer(raised, "select sent_at from alerts order by raised_at") == [(now,), (None,)]
    assert owed(alerts.claim(raised, "other", lives, 2)) == [("second", (2,))]
    alerts.settle(raised, "other", [(second.alert, 2)], now + HOUR)
    assert answer(raised, "select sent_at from alerts order by raised_at") == [
        (now,),
        (now + HOUR,),
    ]
    assert alerts.claim(raised, "third", lives, 2) == []


def test_an_address_that_is_gone_is_not_told_and_one_that_is_new_not_of_the_past(
    raised: duckdb.DuckDBPyConnection,
) -> None:
    assert owed(alerts.claim(raised, "one", lives, 1)) == [("first", (1,)), ("second", (1,))]
    alerts.settle(raised, "one", [], evening(DAYS[2]))

    assert owed(alerts.claim(raised, "other", lives, 9)) == BOTH


def test_where_nobody_is_to_be_told_alerts_are_kept_all_the_same(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    end_run(warehouse, evening(DAYS[0]), failures=[failure()])

    assert alerts.claim(warehouse, "run", lives, 0) == []
    assert alerts.claim(warehouse, "later, with an address", lives, 1) == []
    assert answer(warehouse, "select kind, sent_at from alerts") == [("check", None)]


def test_a_run_that_fails_to_raise_an_alert_leaves_all_to_the_next(
    raised: duckdb.DuckDBPyConnection,
) -> None:
    """What is over is noted before, and that it was looked for: neither is kept."""
    raised.execute("alter table ops.alerts rename column message to another")
    before = answer(raised, "from ops.alerts order by all")

    with pytest.raises(duckdb.Error):
        end_run(raised, evening(DAYS[3]), failures=[failure("third")])

    assert answer(raised, "from ops.alerts order by all") == before
    looked = "select alerted_at is null from ops.runs order by started_at"
    assert answer(raised, looked) == [(False,), (False,), (True,)]
