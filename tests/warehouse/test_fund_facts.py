"""What moved a fund's assets, how near its peak it is, its flow against its price, its premium."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds, FundTerms
from schemas.tables.sessions import Sessions
from tests.warehouse import arithmetic
from tests.warehouse.arithmetic import Count, Split
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame, sessions
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_flow_facts import DAYS, Rows, laid
from tests.warehouse.test_net_flows import histories

DAY = timedelta(days=1)
OPEN = sessions(date(2029, 12, 3), date(2030, 8, 30))
CALENDAR = frame(Sessions, [{"calendar": "TEST", "session": session} for session in OPEN])
NET_FLOWS = {
    "fund": pl.String,
    "as_of": pl.Date,
    "net_assets": pl.Float64,
    "net_flow_usd": pl.Float64,
    "spans_sessions": pl.Int64,
    "calendar": pl.String,
}
Assets = Sequence[tuple[date, float | None, float | None]]


def valued(days: Assets, fund: str = "AAA") -> Rows:
    """Lay a fund's days: net assets at the close, and net flow."""
    rows: Rows = []
    for number, (day, assets, flow) in enumerate(days):
        spans = sum(days[number - 1][0] < session <= day for session in OPEN) if number else 1
        row = {"fund": fund, "as_of": day, "net_assets": assets, "net_flow_usd": flow}
        rows.append(row | {"spans_sessions": max(1, spans), "calendar": "TEST"})
    return rows


def changes(ask: Ask, days: Rows) -> pl.DataFrame:
    return ask("assets_changes", fund_net_flows=laid(days, NET_FLOWS), sessions=CALENDAR)


def moved(ask: Ask, days: Assets) -> dict[str, dict[str, Any]]:
    facts = ask("assets_change", assets_changes=changes(ask, valued(days)))
    return {fact["measure"]: fact for fact in facts.rows(named=True)}


NEW_YEAR, FEBRUARY, FRIDAY = date(2029, 12, 31), date(2030, 2, 28), date(2030, 3, 1)
MONDAY, TUESDAY = date(2030, 3, 4), date(2030, 3, 5)
SPRING: Assets = [
    (NEW_YEAR, 1e6, 7.0),
    (FEBRUARY, 1.9e6, 5e5),
    (FRIDAY, 2e6, 0.0),
    (MONDAY, 2.1e6, 3e5),
    (TUESDAY, 2.05e6, -1e5),
]


def test_what_moved_assets_is_stated_for_week_month_and_year(ask: Ask) -> None:
    near = [(day, 1.9e6 if day == FEBRUARY else 1e6, 0.0) for day in OPEN if day < FRIDAY]
    facts = moved(ask, [*near, *SPRING[2:]])

    assert {measure: fact["statement"] for measure, fact in facts.items()} == {
        "usd_week": "The net assets of AAA rose by 50,000 dollars (2.50 %) so far in 2030-W10, "
        "from 2030-03-01 to 2030-03-05: +200,000 dollars by net creations, -150,000 dollars by "
        "price.",
        "usd_month": "The net assets of AAA rose by 150,000 dollars (7.89 %) so far in March 2030, "
        "from 2030-02-28 to 2030-03-05: +200,000 dollars by net creations, -50,000 dollars by "
        "price.",
        "usd_year_to_date": "The net assets of AAA rose by 1,050,000 dollars (105.00 %) so far in "
        "2030, from 2029-12-31 to 2030-03-05: +200,000 dollars by net creations, +850,000 dollars "
        "by price.",
    }
    assert all(list(fact) == COMMON for fact in facts.values())


@pytest.mark.parametrize(
    ("assets", "flow", "sentence"),
    [
        pytest.param(
            2e6,
            5e5,
            "did not change so far in 2030-W10, from 2030-03-01 to 2030-03-04: +500,000 dollars by "
            "net creations, -500,000 dollars by price.",
            id="flow and price cancel",
        ),
        pytest.param(
            1.99e6,
            0.0,
            "fell by 10,000 dollars (0.50 %) so far in 2030-W10, from 2030-03-01 to 2030-03-04: "
            "0 dollars by net creations, -10,000 dollars by price.",
            id="price alone",
        ),
    ],
)
def test_assets_may_fall_or_stay(ask: Ask, assets: float, flow: float, sentence: str) -> None:
    fact = moved(ask, [*SPRING[:3], (MONDAY, assets, flow)])["usd_week"]

    assert fact["statement"] == f"The net assets of AAA {sentence}"


def test_a_finished_week_is_stated_as_such(ask: Ask) -> None:
    fact = moved(ask, [*SPRING[:3], *((MONDAY + n * DAY, 3e6, 0.0) for n in range(5))])["usd_week"]

    assert fact["complete"]
    assert "in 2030-W10, from 2030-03-01 to 2030-03-08" in fact["statement"]
    assert "so far" not in fact["statement"]


def test_a_change_of_assets_has_its_numbers(ask: Ask) -> None:
    fact = moved(ask, SPRING)["usd_week"]

    assert (fact["value"], fact["unit"], fact["complete"]) == (5e4, "USD", False)
    assert (fact["previous_value"], fact["previous_at"]) == (2e6, FRIDAY)
    assert (fact["since"], fact["as_of"], fact["observations"]) == (FRIDAY, TUESDAY, 2)
    assert fact["labels"] == [
        "notional at NAV; creations are in kind",
        "by book date",
        "price effect: all that is not flow, so fees and distributions",
    ]


@pytest.mark.parametrize(
    ("days", "measures"),
    [
        pytest.param([], [], id="no history"),
        pytest.param([SPRING[0]], [], id="one day"),
        pytest.param(SPRING, ["usd_month", "usd_week"], id="a hole of two months before a year"),
        pytest.param(
            [*SPRING[:4], (TUESDAY, None, 0.0)], [], id="net assets that are not known today"
        ),
        pytest.param([*SPRING[:4], (TUESDAY, 2e6, None)], [], id="a flow that is not known"),
        pytest.param(
            [*SPRING[1:2], (FRIDAY, None, 0.0), *SPRING[3:]],
            ["usd_month"],
            id="net assets that were not known before the week",
        ),
    ],
)
def test_what_moved_assets_is_stated_only_where_it_is_known(
    ask: Ask, days: Assets, measures: list[str]
) -> None:
    assert sorted(moved(ask, days)) == measures


@st.composite
def valuations(draw: st.DrawFn) -> Assets:
    """Draw a fund's days, with holes, and values and flows that are not known."""
    begin = draw(st.integers(0, 60))
    numbers = set(range(begin, draw(st.integers(begin, len(OPEN)))))
    for _ in range(draw(st.integers(0, 2))):
        hole = draw(st.integers(begin, len(OPEN)))
        numbers -= set(range(hole, hole + draw(st.integers(1, 9))))
    unknown = draw(st.sets(st.integers(0, len(OPEN)), max_size=3))
    unvalued = draw(st.sets(st.integers(0, len(OPEN)), max_size=3))
    step = draw(st.integers(1, 9))
    return [
        (
            OPEN[n],
            None if n in unvalued else float(1000 + n * step % 7),
            None if n in unknown else float(n * step % 5 - 2),
        )
        for n in sorted(numbers)
    ]


@settings(max_examples=15)
@given(funds=st.lists(valuations(), max_size=4))
def test_changes_of_assets_are_those_of_a_loop(ask: Ask, funds: list[Assets]) -> None:
    days = [row for number, fund in enumerate(funds) for row in valued(fund, f"F{number}")]
    found = changes(ask, days)
    columns = ("starts_on", "base_as_of", "change", "net_flow_usd", "price_effect", "complete")

    for number, fund in enumerate(funds):
        for period in ("week", "month", "year"):
            mine = found.filter(fund=f"F{number}", period=period).sort("starts_on")
            assert list(mine.select(columns).iter_rows()) == changes_of(fund, period)


def first_of(period: str, day: date) -> date:
    if period == "week":
        return day - day.weekday() * DAY
    return day.replace(day=1) if period == "month" else day.replace(month=1, day=1)


def changes_of(days: Assets, period: str) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    starts = sorted({first_of(period, day) for day, *_ in days})
    for start in starts[1:]:
        inside = [row for row in days if first_of(period, row[0]) == start]
        base_day, base, _ = [row for row in days if row[0] < start][-1]
        after = [session for session in OPEN if session > inside[-1][0]]
        is_over = start < starts[-1] or (bool(after) and first_of(period, after[0]) > start)
        known = [flow for *_, flow in inside if flow is not None]
        flow = sum(known) if len(known) == len(inside) else None
        hole = sum(base_day < session < inside[0][0] for session in OPEN)
        last, change = inside[-1][1], None
        if flow is not None and last is not None and base is not None and hole <= 5:
            change = last - base
        effect = None if change is None or flow is None else change - flow
        told.append((start, base_day, change, flow, effect, is_over))
    return told


LEVELS = {
    "fund": pl.String,
    "measure": pl.String,
    "as_of": pl.Date,
    "amount": pl.Float64,
    "is_estimated": pl.Boolean,
    "is_recovered": pl.Boolean,
}


def levels(
    amounts: Sequence[float], measure: str = "shares", fund: str = "AAA", **traits: bool
) -> Rows:
    """Lay a fund's levels, day by day."""
    return [
        {"fund": fund, "measure": measure, "as_of": MONDAY + number * DAY, "amount": float(amount)}
        | {"is_estimated": False, "is_recovered": False}
        | traits
        for number, amount in enumerate(amounts)
    ]


def peak(ask: Ask, rows: Rows) -> Rows:
    found = ask("holdings_peak", fund_levels=laid(rows, LEVELS))
    return found.sort("subject", "measure").rows(named=True)


RISING = [*range(1000, 1015), 1400, 1400, 1300, 1100]


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        pytest.param(
            1500,
            "1,500 shares outstanding on 2030-03-23, the most since the series began on "
            "2030-03-04; the peak before was 1,400 shares on 2030-03-19.",
            id="the most ever",
        ),
        pytest.param(
            1400,
            "1,400 shares outstanding on 2030-03-23, matching the peak of 2030-03-19.",
            id="as many as ever",
        ),
        pytest.param(
            1260,
            "1,260 shares outstanding on 2030-03-23, 10.00 % below the peak of 1,400 shares on "
            "2030-03-19; at least as many were last counted on 2030-03-21.",
            id="below the peak, which is dated to when it was reached",
        ),
        pytest.param(
            1399.99,
            "1,400 shares outstanding on 2030-03-23, less than 0.01 % below the peak of "
            "1,400 shares on 2030-03-19; at least as many were last counted on 2030-03-20.",
            id="just below it",
        ),
        pytest.param(
            0,
            "0 shares outstanding on 2030-03-23, 100.00 % below the peak of 1,400 shares on "
            "2030-03-19; at least as many were last counted on 2030-03-22.",
            id="none at all",
        ),
    ],
)
def test_a_peak_is_stated(ask: Ask, amount: float, sentence: str) -> None:
    [fact] = peak(ask, levels([*RISING, amount]))

    assert fact["statement"] == f"AAA had {sentence}"
    assert list(fact) == COMMON


def test_a_peak_has_its_numbers(ask: Ask) -> None:
    [fact] = peak(ask, levels([*RISING, 1260], "ounces", is_estimated=True))

    assert "AAA had 1,260 ounces on 2030-03-23" in fact["statement"]
    assert (fact["value"], fact["unit"], fact["complete"]) == (1260.0, "troy ounces", True)
    assert (fact["rank"], fact["of"], fact["observations"]) == (4, 20, 20)
    assert (fact["previous_value"], fact["previous_at"]) == (1400.0, date(2030, 3, 19))
    assert (fact["since"], fact["first_observed"]) == (date(2030, 3, 21), MONDAY)
    assert fact["labels"] == ["ounces estimated, +/- 0.1 %", "by book date"]


def test_a_new_peak_holds_since_the_beginning(ask: Ask) -> None:
    [fact] = peak(ask, levels([*RISING, 1500], is_recovered=True))

    assert (fact["rank"], fact["since"]) == (1, MONDAY)
    assert fact["labels"] == ["recovered, not published", "by book date"]


@pytest.mark.parametrize(
    "amounts",
    [pytest.param([], id="no history"), [1], pytest.param(RISING, id="nineteen counts")],
)
def test_a_peak_of_too_few_counts_is_not_stated(ask: Ask, amounts: list[float]) -> None:
    assert peak(ask, levels(amounts)) == []


@settings(max_examples=15)
@given(funds=st.lists(st.lists(st.integers(0, 5), min_size=17, max_size=30), max_size=4))
def test_peaks_are_those_of_a_loop(ask: Ask, funds: list[list[int]]) -> None:
    rows = [row for n, fund in enumerate(funds) for row in levels(fund, fund=f"F{n}")]
    columns = ("subject", "rank", "since", "previous_value", "previous_at")
    found = [tuple(fact[column] for column in columns) for fact in peak(ask, rows)]

    expected = []
    for number, fund in enumerate(funds):
        *before, latest = fund
        if len(fund) >= 20:
            as_many = [n for n, amount in enumerate(before) if amount >= latest]
            highest = max(before)
            expected.append(
                (
                    f"F{number}",
                    1 + sum(amount > latest for amount in before),
                    MONDAY + max(as_many, default=0) * DAY,
                    float(highest),
                    MONDAY + before.index(highest) * DAY,
                )
            )
    assert found == expected


def counted(ask: Ask, funds: Rows, counts: Rows, splits: Sequence[Any] = ()) -> pl.DataFrame:
    return ask(
        "fund_levels",
        fund_valuations=frame(FundValuations, counts),
        funds=frame(Funds, funds),
        fund_terms=frame(
            FundTerms,
            [
                {"fund": row["fund"], "effective_from": date(2020, 1, 2), "fee": 0.0}
                for row in funds
            ],
        ),
        corporate_actions=frame(CorporateActions, splits),
        sessions=CALENDAR,
    )


def served(*counts: tuple[float, float, float | None]) -> Rows:
    """Lay shares, NAV and ounces of a fund, session by session."""
    return [
        {"fund": "AAA", "as_of": day, "shares_outstanding": shares, "nav": nav, "ounces": ounces}
        for day, (shares, nav, ounces) in zip(OPEN, counts, strict=False)
    ]


def amounts(found: pl.DataFrame, measure: str) -> list[float]:
    return found.filter(measure=measure).sort("as_of")["amount"].to_list()


SPLIT = {"instrument": "AAA", "ex_date": OPEN[2], "kind": "split", "ratio": 10.0}


def test_levels_are_on_the_share_basis_of_the_latest_count(ask: Ask) -> None:
    counts = served((100, 50, None), (110, 50, None), (1100, 5, None), (1200, 5, None))
    found = counted(ask, [{"fund": "AAA"}], counts, [SPLIT])

    assert amounts(found, "shares") == [1000.0, 1100.0, 1100.0, 1200.0]
    assert amounts(found, "ounces") == []


def test_a_history_of_mixed_basis_begins_anew(ask: Ask) -> None:
    late = SPLIT | {"ex_date": OPEN[4]}
    counts = served((100, 50, None), (1100, 5, None), (1100, 5, None), (1200, 5, None))

    assert amounts(counted(ask, [{"fund": "AAA"}], counts, [late]), "shares") == [
        1100.0,
        1100.0,
        1200.0,
    ]


def test_ounces_are_those_published_else_estimated(ask: Ask) -> None:
    trust = {"fund": "AAA", "metal": "silver", "ounces_per_share_at_launch": 0.5}
    found = counted(ask, [trust], served((100, 50, 48.0), (110, 50, None)))

    told = found.filter(measure="ounces").sort("as_of").select("amount", "is_estimated")
    assert list(told.iter_rows()) == [(48.0, False), (pytest.approx(55.0), True)]


@settings(max_examples=15)
@given(funds=st.lists(histories(), max_size=4))
def test_levels_are_those_of_plain_python(
    ask: Ask, funds: list[tuple[list[Count], Split | None, date]]
) -> None:
    named = [(f"F{number}", *fund) for number, fund in enumerate(funds)]
    found = counted(
        ask,
        [{"fund": fund, "launched_on": launched_on} for fund, *_, launched_on in named],
        [
            {"fund": fund} | row
            for fund, counts, split, _ in named
            for row in arithmetic.as_served(counts, split)
        ],
        [
            {"instrument": fund, "ex_date": s.ex_date, "kind": "split", "ratio": s.ratio}
            for fund, _, s, _ in named
            if s
        ],
    )

    for fund, counts, split, _ in named:
        assert amounts(found.filter(fund=fund), "shares") == pytest.approx(levels_of(counts, split))


def levels_of(counts: list[Count], split: Split | None) -> list[float]:
    known = [(count.as_of, count.shares) for count in counts if count.shares is not None]
    if not split or not known:
        return [shares for _, shares in known]
    days = [day for day, _ in known]
    seams = [
        n + 1
        for n, (before, after) in enumerate(pairwise(days))
        if arithmetic.is_seam(split, before, after)
    ]
    ratio = split.ratio if split.has_old_basis(days[-1]) else 1.0
    return [shares / ratio for _, shares in known[max(seams, default=0) :]]


def priced(closes: dict[date, float], fund: str = "AAA", currency: str = "USD") -> Rows:
    return [
        {"instrument": fund, "session": day, "close": close, "currency": currency}
        for day, close in closes.items()
    ]


def flowed(days: Sequence[date], values: Sequence[float | None], fund: str = "AAA") -> Rows:
    """Lay a fund's days from its second count on."""
    rows: Rows = []
    for number in range(1, len(days)):
        before, day = days[number - 1 : number + 1]
        one = dict.fromkeys(("members_reporting", "members_known", "members_expected"), 1)
        rows.append(
            {
                "subject": fund,
                "as_of": day,
                "is_group": False,
                "calendar": "TEST",
                "previous_as_of": before,
                "net_flow_shares": values[number],
                "coverage": 1.0,
                "spans_sessions": sum(before < session <= day for session in OPEN),
                "is_estimated": False,
            }
            | one
        )
    return rows


def beside(ask: Ask, days: Rows, bars: Rows) -> pl.DataFrame:
    subject_days, closes = laid(days, DAYS), frame(Bars, bars)
    return ask("flows_and_prices", subject_days=subject_days, bars=closes)


def diverged(ask: Ask, days: Rows, bars: Rows) -> Rows:
    facts = ask("flow_against_price", flows_and_prices=beside(ask, days, bars))
    return facts.sort("subject", "measure").rows(named=True)


SIX = OPEN[:6]
"""Of 2029-12-03 to 2029-12-10."""
REACH = "over the 5 sessions to 2029-12-10 while its price"


@pytest.mark.parametrize(
    ("flows", "close", "sentence"),
    [
        pytest.param(
            [0, 400, 0, 900, -100, 34],
            48.45,
            f"took in 1,234 shares {REACH} fell 3.10 %, from 50.00 USD on 2029-12-03 to "
            "48.45 USD: flow against price.",
            id="in while the price fell",
        ),
        pytest.param(
            [0, 0, 0, 0, 0, 1],
            51,
            f"took in 1 share {REACH} rose 2.00 %, from 50.00 USD on 2029-12-03 to "
            "51.00 USD: flow with price.",
            id="in while it rose",
        ),
        pytest.param(
            [0, 0, 0, 0, 0, -10],
            51,
            f"gave back 10 shares {REACH} rose 2.00 %, from 50.00 USD on 2029-12-03 to "
            "51.00 USD: flow against price.",
            id="out while it rose",
        ),
        pytest.param(
            [0, 10, 0, 0, 0, -10],
            51,
            f"had no net flow of shares {REACH} rose 2.00 %, from 50.00 USD on 2029-12-03 to "
            "51.00 USD.",
            id="no flow",
        ),
        pytest.param(
            [0, 10, 0, 0, 0, 0],
            50,
            f"took in 10 shares {REACH} did not change, from 50.00 USD on 2029-12-03 to 50.00 USD.",
            id="no change of price",
        ),
    ],
)
def test_flow_is_stated_against_price(
    ask: Ask, flows: list[float], close: float, sentence: str
) -> None:
    [fact] = diverged(ask, flowed(SIX, flows), priced({SIX[0]: 50.0, SIX[-1]: close}))

    assert fact["statement"] == f"AAA {sentence}"
    assert list(fact) == COMMON


def test_flow_against_price_has_its_numbers(ask: Ask) -> None:
    days = OPEN[:21]
    closes = priced({day: 50.0 + number for number, day in enumerate(days)})
    [twenty, five] = diverged(ask, flowed(days, [2.0] * 21), closes)

    assert (twenty["measure"], twenty["value"]) == ("shares_20_sessions", 40.0)
    assert (five["measure"], five["value"], five["unit"]) == ("shares_5_sessions", 10.0, "shares")
    assert (twenty["since"], twenty["as_of"], twenty["observations"]) == (days[0], days[20], 20)
    assert five["labels"] == ["by book date", "price without distributions"]


@pytest.mark.parametrize(
    ("days", "flows", "closed"),
    [
        pytest.param([], [], SIX, id="no history"),
        pytest.param(SIX[:2], [0, 1], SIX, id="one day"),
        pytest.param(SIX[1:], [1] * 5, SIX, id="four sessions"),
        pytest.param(SIX, [1] * 6, SIX[1:], id="no close before the first"),
        pytest.param(SIX, [1] * 6, SIX[:-1], id="no close on the last"),
        pytest.param(SIX, [1, 1, None, 1, 1, 1], SIX, id="a flow that is not known"),
        pytest.param([SIX[0], *OPEN[2:7]], [1] * 6, OPEN[:7], id="a hole"),
    ],
)
def test_flow_is_not_stated_where_it_or_the_price_is_not_known(
    ask: Ask, days: list[date], flows: list[float | None], closed: list[date]
) -> None:
    assert diverged(ask, flowed(days, flows), priced(dict.fromkeys(closed, 50.0))) == []


def test_flow_is_not_set_against_a_price_of_another_instrument(ask: Ask) -> None:
    days = flowed(SIX, [1.0] * 6)

    assert diverged(ask, days, priced(dict.fromkeys(SIX, 50.0), fund="BBB")) == []


@st.composite
def traded(draw: st.DrawFn) -> tuple[list[date], list[float | None], dict[date, float]]:
    """Draw a fund's counts and closes on some of 30 sessions, with flows that are not known."""
    observed = sorted(draw(st.sets(st.sampled_from(OPEN[:30]), min_size=22)))
    last_whole = draw(st.integers(0, 8))
    days = sorted({*observed, *OPEN[last_whole:30]}) if draw(st.booleans()) else observed
    values = st.none() if draw(st.integers(0, 4)) == 0 else st.integers(-2, 2).map(float)
    flows = [draw(values) if n % 7 == 0 else float(n % 5 - 2) for n in range(len(days))]
    closes = draw(st.dictionaries(st.sampled_from(OPEN[:30]), st.integers(1, 3).map(float)))
    return days, flows, dict.fromkeys(OPEN[:30:2], 2.0) | closes


@settings(max_examples=15)
@given(funds=st.lists(traded(), max_size=4))
def test_flows_and_prices_are_those_of_a_loop(
    ask: Ask, funds: list[tuple[list[date], list[float | None], dict[date, float]]]
) -> None:
    days = [row for n, (on, values, _) in enumerate(funds) for row in flowed(on, values, f"F{n}")]
    bars = [row for n, (*_, closes) in enumerate(funds) for row in priced(closes, f"F{n}")]
    found = beside(ask, days, bars).sort("fund", "sessions")

    expected = [
        (f"F{number}", length, *told)
        for number, fund in enumerate(funds)
        for length in (5, 20)
        if (told := beside_of(*fund, length))
    ]
    columns = ("fund", "sessions", "net_flow_shares", "price_change", "is_opposite")
    assert list(found.select(columns).iter_rows()) == expected


def beside_of(
    days: list[date], flows: list[float | None], closes: dict[date, float], length: int
) -> tuple[float, Any, bool] | None:
    inside = days[-length:]
    known = [flow for flow in flows[-length:] if flow is not None]
    if len(days) <= length or len(known) < length:
        return None
    base = days[-length - 1]
    if sum(base < session <= inside[-1] for session in OPEN) > length:
        return None
    if base not in closes or inside[-1] not in closes:
        return None
    change = closes[inside[-1]] / closes[base] - 1
    return sum(known), pytest.approx(change), sum(known) * change < 0


def valuated(navs: dict[date, float], fund: str = "AAA") -> Rows:
    return [{"fund": fund, "as_of": day, "nav": nav} for day, nav in navs.items()]


def over_nav(ask: Ask, funds: Rows, navs: Rows, bars: Rows) -> Rows:
    found = ask(
        "premiums",
        funds=frame(Funds, funds),
        fund_valuations=frame(FundValuations, navs),
        bars=frame(Bars, bars),
    )
    return ask("premium", premiums=found).sort("subject").rows(named=True)


def one(ask: Ask, closes: dict[date, float], navs: dict[date, float], **traits: Any) -> Rows:
    return over_nav(ask, [{"fund": "AAA"} | traits], valuated(navs), priced(closes))


@pytest.mark.parametrize(
    ("close", "placed"),
    [
        (50.25, "50.25 USD on 2029-12-03, 0.50 % above"),
        (49.75, "49.75 USD on 2029-12-03, 0.50 % below"),
        (50.001, "50.00 USD on 2029-12-03, less than 0.01 % above"),
        (50.0, "50.00 USD on 2029-12-03, at"),
    ],
)
def test_a_premium_is_stated(ask: Ask, close: float, placed: str) -> None:
    [fact] = one(ask, {SIX[0]: close}, {SIX[0]: 50.0})

    assert fact["statement"] == f"AAA closed at {placed} its NAV of 50.0000 USD."
    assert list(fact) == COMMON


YEAR = [date(2030, 1, 1) + number * DAY for number in range(254)]


def test_a_premium_is_compared_with_those_of_252_days(ask: Ask) -> None:
    navs = dict.fromkeys(YEAR, 50.0)
    closes = {day: 50.0 + number % 4 / 10 for number, day in enumerate(YEAR)}
    [fact] = one(ask, closes, navs)

    assert fact["statement"] == (
        "AAA closed at 50.10 USD on 2030-09-11, 0.20 % above its NAV of 50.0000 USD: at or above "
        "that of 50.0 % of the 252 sessions before (2030-01-02 to 2030-09-10)."
    )
    assert (fact["value"], fact["unit"]) == (pytest.approx(0.002), "fraction of NAV")
    assert (fact["observations"], fact["first_observed"]) == (254, YEAR[0])
    assert fact["labels"] == [
        "close against NAV of the same day",
        "window: 252 sessions, 2030-01-02 to 2030-09-10",
    ]


@pytest.mark.parametrize(
    "traits",
    [
        pytest.param({"caveat": "NAV is struck at noon in London"}, id="at another hour"),
        pytest.param({"metal": "gold"}, id="of a metal, which is fixed in London"),
        pytest.param({"fund": "BBB"}, id="of another fund"),
    ],
)
def test_close_over_a_nav_struck_elsewhere_is_no_premium(ask: Ask, traits: dict[str, Any]) -> None:
    assert one(ask, {SIX[0]: 50.0}, {SIX[0]: 50.0}, **traits) == []


def test_another_caveat_does_not_stand_in_the_way(ask: Ask) -> None:
    assert len(one(ask, {SIX[0]: 50.0}, {SIX[0]: 50.0}, caveat="a snapshot a day")) == 1


def test_close_and_nav_must_be_of_one_day_and_currency(ask: Ask) -> None:
    in_euros = priced({SIX[0]: 50.0}, currency="EUR")

    assert one(ask, {SIX[0]: 50.0}, {SIX[1]: 50.0}) == []
    assert over_nav(ask, [{"fund": "AAA"}], valuated({SIX[0]: 50.0}), in_euros) == []
    assert one(ask, {}, {}) == []


@settings(max_examples=15)
@given(
    seeds=st.lists(st.tuples(st.integers(1, 9), st.integers(2, 30)), max_size=3),
    unpriced=st.sets(st.integers(0, 259), max_size=9),
    unvalued=st.sets(st.integers(0, 259), max_size=9),
)
def test_premiums_are_those_of_a_loop(
    ask: Ask, seeds: list[tuple[int, int]], unpriced: set[int], unvalued: set[int]
) -> None:
    days = [date(2030, 1, 1) + number * DAY for number in range(260)]
    navs, bars, expected = [], [], []
    for number, (step, modulus) in enumerate(seeds):
        closes = {
            day: 100.0 + n * step % modulus for n, day in enumerate(days) if n not in unpriced
        }
        navs += valuated(
            {day: 100.0 for n, day in enumerate(days) if n not in unvalued}, f"F{number}"
        )
        bars += priced(closes, f"F{number}")
        both = [close for day, close in closes.items() if days.index(day) not in unvalued]
        before = both[-253:-1]
        share = sum(close <= both[-1] for close in before) / 252 if len(before) == 252 else None
        expected.append((both[-1] / 100 - 1, None if share is None else f"{100 * share:.1f} %"))
    funds = [{"fund": f"F{number}"} for number in range(len(seeds))]
    found = over_nav(ask, funds, navs, bars)

    assert [fact["value"] for fact in found] == pytest.approx([value for value, _ in expected])
    for fact, (_, told) in zip(found, expected, strict=True):
        assert ("of the 252 sessions before" in fact["statement"]) == (told is not None)
        assert told is None or f"above that of {told}" in fact["statement"]
