"""What funds hold: positions, what changed, who holds what, overlaps and streaks of additions."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.holdings import Holdings
from schemas.tables.reference import Funds
from tests.warehouse.conftest import Ask
from tests.warehouse.market import answer, frame, lay
from tests.warehouse.test_facts import COMMON
from warehouse import definitions

DAY = date(2030, 3, 4)
CASH = "USD"
WHOLE = 8
Snapshot = Mapping[str, float | None]
"""Quantity by ticker; None: not published."""
History = Mapping[int, Snapshot]
"""Snapshot by the number of days after DAY."""


def on(number: int) -> date:
    return DAY + timedelta(number)


def line(fund: str, number: int, holding: str, **stated: Any) -> dict[str, Any]:
    """Write one line of a fund's list; a share weighs an eighth of the fund."""
    quantity = stated.get("quantity", 1.0)
    plain = {
        "name": f"{holding} Corp",
        "ticker": holding,
        "asset_class": "Cash" if holding == CASH else "Equity",
        "quantity": quantity,
        "weight": None if quantity is None else quantity / WHOLE,
    }
    return {"fund": fund, "as_of": on(number), "holding": holding} | plain | stated


def lines(funds: Mapping[str, History]) -> list[dict[str, Any]]:
    return [
        line(fund, number, ticker, quantity=quantity)
        for fund, history in funds.items()
        for number, snapshot in history.items()
        for ticker, quantity in snapshot.items()
    ]


def tables(stated: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """Put lines in no order, of funds whose holdings a bank states, and else a broker."""
    funds = sorted({row["fund"] for row in stated})
    held = frame(Holdings, sorted(stated, key=str, reverse=True))
    return {
        "holdings": held.with_columns(correction=pl.lit(None, pl.String)),
        "funds": frame(Funds, [{"fund": f, "holdings_sources": "bank:1 broker:2"} for f in funds]),
    }


def asked(ask: Ask, view: str, stated: list[dict[str, Any]], *columns: str) -> list[Any]:
    """Give a view's columns over lines of holdings, ordered by them."""
    found = ask(view, **tables(stated)).select(columns)
    return sorted(found.iter_rows(), key=str)


def test_the_preferred_source_states_all_of_a_day(ask: Ask) -> None:
    stated = [
        line("AAA", 0, "X", quantity=1.0),
        line("AAA", 0, "X", quantity=2.0, source="broker"),
        line("AAA", 0, "Y", quantity=2.0, source="broker"),
        line("AAA", 1, "X", quantity=3.0, source="broker"),
        line("AAA", 2, "X", quantity=9.0, source="a stranger"),
    ]

    assert asked(ask, "positions", stated, "as_of", "security", "quantity", "source") == [
        (on(0), "X", 1.0, "bank"),
        (on(1), "X", 3.0, "broker"),
    ]
    snapshots = asked(
        ask, "holding_snapshots", stated, "as_of", "source", "previous_as_of", "nth", "is_latest"
    )
    assert snapshots == [
        (on(0), "bank", None, 1, False),
        (on(1), "broker", on(0), 2, True),
    ]


@pytest.mark.parametrize(
    ("asset_class", "ticker", "is_cash"),
    [
        ("Equity", "X", False),
        ("Equity", None, False),
        ("Common Stock", "X", False),
        ("American Depository Receipt - NY", "X", False),
        ("Alternative", "BTC", False),
        ("Fixed Income", None, False),
        (None, "X", False),
        (None, None, True),
        ("Cash", "USD", True),
        ("Cash", None, True),
        ("Cash Collateral and Margins", "MSFUT", True),
        ("Money Market", "XTSLA", True),
        ("Futures", "ESZ5", True),
        ("FX", "EUR", True),
    ],
)
def test_cash_and_derivatives_are_told_from_securities(
    ask: Ask, asset_class: str | None, ticker: str | None, *, is_cash: bool
) -> None:
    stated = [line("AAA", 0, ticker or "a name", ticker=ticker, asset_class=asset_class)]

    assert asked(ask, "positions", stated, "is_cash") == [(is_cash,)]
    assert len(asked(ask, "holders", stated, "security")) == (not is_cash)


@pytest.mark.parametrize(
    ("holding", "ticker", "security"),
    [
        ("BRK.B", "BRK.B", "BRKB"),
        ("BRKB", "BRKB", "BRKB"),
        ("brk/b", "brk/b", "BRKB"),
        ("A Corp Warrants", None, "A CORP WARRANTS"),
        ("ADRO Chinook CVR", "ADRO", "ADRO CHINOOK CVR"),
    ],
)
def test_a_security_has_one_name_whoever_states_it(
    ask: Ask, holding: str, ticker: str | None, security: str
) -> None:
    stated = [line("AAA", 0, holding, ticker=ticker)]

    assert asked(ask, "positions", stated, "security") == [(security,)]


def test_two_lines_of_a_snapshot_stay_two_securities(ask: Ask) -> None:
    stated = [line("AAA", 0, "AB.C"), line("AAA", 0, "ABC"), line("BBB", 0, "AB.C")]

    found = asked(ask, "positions", stated, "fund", "security")
    assert found == [("AAA", "AB.C"), ("AAA", "ABC"), ("BBB", "ABC")]


def test_who_holds_a_security_is_told_from_latest_snapshots(ask: Ask) -> None:
    stated = lines({"AAA": {0: {"X": 1, "Y": 1}, 1: {"X": 2, CASH: 5}}, "BBB": {0: {"X": 4}}})

    columns = ("security", "fund", "holders", "as_of", "quantity", "weight")
    assert asked(ask, "holders", stated, *columns) == [
        ("X", "AAA", 2, on(1), 2.0, 0.25),
        ("X", "BBB", 2, on(0), 4.0, 0.5),
    ]


def test_changes_name_what_was_bought_and_sold(ask: Ask) -> None:
    before: Snapshot = {"KEEP": 2, "SELL": 3, "MORE": 1, "LESS": 4, "DARK": None, CASH: 1}
    after: Snapshot = {"KEEP": 2, "BUY": 5, "MORE": 3, "LESS": 1, "DARK": 2, CASH: 7}
    stated = lines({"AAA": {0: before, 3: after}})

    columns = ("security", "name", "kind", "quantity_change", "weight_change", "previous_as_of")
    assert asked(ask, "holding_changes", stated, *columns) == [
        ("BUY", "BUY Corp", "new", 5.0, 0.625, on(0)),
        ("DARK", "DARK Corp", None, None, None, on(0)),
        ("LESS", "LESS Corp", "cut", -3.0, -0.375, on(0)),
        ("MORE", "MORE Corp", "added", 2.0, 0.25, on(0)),
        ("SELL", "SELL Corp", "gone", -3.0, -0.375, on(0)),
    ]


@pytest.mark.parametrize(
    ("funds", "expected"),
    [
        pytest.param(
            {"AAA": {0: {"X": 1, "Y": 3, "Z": 4}}, "BBB": {1: {"X": 2, "Y": 2, CASH: 4}}},
            [("AAA", "BBB", 2, 3, 2 / 3, 0.375), ("BBB", "AAA", 2, 2, 1.0, 0.375)],
            id="the smaller weights of what both hold, cash left out",
        ),
        pytest.param(
            {"AAA": {0: {"X": 1}}, "BBB": {0: {"Y": 1}}},
            [("AAA", "BBB", 0, 1, 0.0, 0.0), ("BBB", "AAA", 0, 1, 0.0, 0.0)],
            id="nothing in common",
        ),
        pytest.param(
            {"AAA": {0: {"X": 1, "Y": None}}, "BBB": {0: {"X": 1, "Y": 1}}},
            [("AAA", "BBB", 2, 2, 1.0, None), ("BBB", "AAA", 2, 2, 1.0, None)],
            id="a weight that is not known",
        ),
        pytest.param({"AAA": {0: {"X": 1}}}, [], id="one fund"),
        pytest.param({}, [], id="none"),
    ],
)
def test_two_funds_overlap(
    ask: Ask, funds: Mapping[str, History], expected: list[tuple[Any, ...]]
) -> None:
    columns = ("fund", "other_fund", "common", "positions", "share_of_positions", "overlap")

    assert asked(ask, "fund_overlaps", lines(funds), *columns) == expected


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"X": 3}},
            [(on(1), "added", 1, on(1), True), (on(2), "added", 2, on(1), True)],
            id="back to the first snapshot, so perhaps longer",
        ),
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 4: {"X": 3}},
            [(on(1), "added", 1, on(1), True), (on(4), "added", 2, on(1), True)],
            id="over a hole in the snapshots",
        ),
        pytest.param(
            {0: {"Y": 1}, 1: {"X": 1, "Y": 1}, 2: {"X": 2, "Y": 1}},
            [(on(2), "added", 1, on(2), False)],
            id="the first purchase is no addition",
        ),
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"X": 2}, 3: {"X": 3}},
            [(on(1), "added", 1, on(1), True), (on(3), "added", 1, on(3), False)],
            id="an unchanged quantity ends it",
        ),
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"Y": 1}, 3: {"X": 1, "Y": 1}, 4: {"X": 2, "Y": 1}},
            [(on(1), "added", 1, on(1), True), (on(4), "added", 1, on(4), False)],
            id="a position that is gone ends it",
        ),
        pytest.param(
            {0: {"X": 3}, 1: {"X": 2}, 2: {"X": 1}, 3: {"X": 5}},
            [
                (on(1), "cut", 1, on(1), True),
                (on(2), "cut", 2, on(1), True),
                (on(3), "added", 1, on(3), False),
            ],
            id="a cut ends additions, and the other way round",
        ),
        pytest.param(
            {0: {"X": 1}, 1: {"X": None}, 2: {"X": 2}, 3: {"X": 3}, 4: {"X": 3}, 5: {"X": 4}},
            [(on(3), "added", None, None, False), (on(5), "added", 1, on(5), False)],
            id="after a quantity that is not known it cannot be told until one ends it",
        ),
        pytest.param({0: {"X": 1}}, [], id="one snapshot"),
        pytest.param({}, [], id="none"),
    ],
)
def test_additions_and_cuts_are_counted_in_a_row(
    ask: Ask, history: History, expected: list[tuple[Any, ...]]
) -> None:
    columns = ("as_of", "kind", "streak", "first_as_of", "at_least")

    assert asked(ask, "position_streaks", lines({"AAA": history}), *columns) == expected


def stated_by(ask: Ask, fact: str, funds: Mapping[str, History]) -> list[dict[str, Any]]:
    return ask(fact, **tables(lines(funds))).sort("subject").rows(named=True)


@pytest.mark.parametrize(
    ("history", "sentence"),
    [
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"X": 3}, 3: {"X": 4}},
            "AAA has added to its position in X in each of its last 3 snapshots (2030-03-05 to "
            "2030-03-07): its longest current streak of additions.",
            id="one position",
        ),
        pytest.param(
            {n: {"X": 1 + n, "Y": 2 + n, "Z": 1} for n in range(4)},
            "AAA has added to its position in Y, and to 1 other of its 3 positions, in each of its "
            "last 3 snapshots (2030-03-05 to 2030-03-07): its longest current streak of additions.",
            id="two as long: the larger is named",
        ),
        pytest.param(
            {n: {"X": n + 1, "Y": n + 1, "Z": n + 1} for n in range(5)},
            "AAA has added to its position in X, and to 2 others of its 3 positions, in each of "
            "its last 4 snapshots (2030-03-05 to 2030-03-08): its longest current streak of "
            "additions.",
            id="three as long and large: the first by name",
        ),
        pytest.param(
            {n: {"X": 1 + n, "Y": 9 + abs(n - 1)} for n in range(5)},
            "AAA has added to its position in X in each of its last 4 snapshots (2030-03-05 to "
            "2030-03-08): its longest current streak of additions.",
            id="a shorter streak of a larger position is not named",
        ),
    ],
)
def test_a_streak_of_additions_is_stated(ask: Ask, history: History, sentence: str) -> None:
    [fact] = stated_by(ask, "position_streak", {"AAA": history})

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_streak_of_additions_has_its_numbers(ask: Ask) -> None:
    quantities = [4, 3, 4, 5, 6]
    history = {n: {"X": quantity} for n, quantity in enumerate(quantities)}
    [fact] = stated_by(ask, "position_streak", {"AAA": history})

    assert (fact["measure"], fact["value"], fact["unit"]) == ("added_to", 3, "snapshots")
    assert (fact["as_of"], fact["since"]) == (on(4), on(2))
    assert (fact["observations"], fact["first_observed"]) == (5, on(0))
    assert fact["labels"] == [
        "quantities as published, not adjusted for splits",
        "creations of the fund's shares add to every position",
    ]


def test_a_streak_back_to_the_first_snapshot_says_so(ask: Ask) -> None:
    [fact] = stated_by(ask, "position_streak", {"AAA": {n: {"X": n} for n in range(4)}})

    assert fact["labels"][-1] == "reaches back to the first snapshot known"


@pytest.mark.parametrize(
    "history",
    [
        pytest.param({}, id="no history"),
        pytest.param({0: {"X": 1}}, id="one snapshot"),
        pytest.param({0: {"X": 1}, 1: {"X": 2}, 2: {"X": 3}}, id="two additions"),
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"X": 3}, 3: {"X": 4}, 4: {"X": 4}},
            id="a streak that has ended",
        ),
        pytest.param(
            {0: {"X": 1}, 1: {"X": 2}, 2: {"X": 3}, 3: {"X": 4}, 4: {"Y": 4}},
            id="a position that is gone",
        ),
        pytest.param({n: {CASH: n} for n in range(6)}, id="cash"),
    ],
)
def test_a_streak_too_short_is_not_stated(ask: Ask, history: History) -> None:
    assert stated_by(ask, "position_streak", {"AAA": history}) == []


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        pytest.param(
            {"X": 1},
            {"X": 2},
            "AAA opened no position and closed none between its snapshots of 2030-03-04 and "
            "2030-03-07; it holds 1 position.",
            id="neither",
        ),
        pytest.param(
            {"X": 1, CASH: 1},
            {"X": 1, "Y": 1},
            "AAA opened 1 position (Y) and closed none between its snapshots of 2030-03-04 and "
            "2030-03-07; it holds 2 positions.",
            id="one",
        ),
        pytest.param(
            {"X": 1, "Y": 1},
            {"A": 1, "B": 2, "C": 2},
            "AAA opened 3 positions (B, C, A) and closed 2 between its snapshots of 2030-03-04 and "
            "2030-03-07; it holds 3 positions.",
            id="three, the largest first",
        ),
        pytest.param(
            {"X": 1},
            {"X": None, "A": None, "B": 1, "C": 1, "D": 1},
            "AAA opened 4 positions (B, C, D and 1 other) and closed none between its snapshots of "
            "2030-03-04 and 2030-03-07; it holds 5 positions.",
            id="four, one without a weight",
        ),
        pytest.param(
            {"X": 1},
            {"A": 1, "B": 1, "C": 1, "D": 1, "E": 1},
            "AAA opened 5 positions (A, B, C and 2 others) and closed 1 between its snapshots of "
            "2030-03-04 and 2030-03-07; it holds 5 positions.",
            id="five",
        ),
    ],
)
def test_new_positions_are_stated(
    ask: Ask, before: Snapshot, after: Snapshot, sentence: str
) -> None:
    [fact] = stated_by(ask, "new_positions", {"AAA": {0: before, 3: after}})

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_new_positions_have_their_numbers(ask: Ask) -> None:
    history: History = {0: {"X": 1}, 1: {"X": 1, "Y": 1}, 2: {"Y": 1, "Z": 1}}
    [fact] = stated_by(ask, "new_positions", {"AAA": history})

    assert (fact["measure"], fact["value"], fact["unit"]) == ("opened", 1, "positions")
    assert (fact["as_of"], fact["since"]) == (on(2), on(1))
    assert (fact["observations"], fact["first_observed"]) == (3, on(0))
    assert fact["labels"] == ["a changed ticker counts as one opened and one closed"]


@pytest.mark.parametrize("history", [{}, {0: {"X": 1.0}}, {0: {CASH: 1.0}, 1: {CASH: 2.0}}])
def test_without_two_snapshots_no_new_positions_are_stated(ask: Ask, history: History) -> None:
    assert stated_by(ask, "new_positions", {"AAA": history}) == []


@st.composite
def histories(draw: st.DrawFn) -> dict[str, History]:
    """Draw funds' snapshots: with missing days, ties, zeros, unknown quantities and only cash."""
    quantities = st.none() | st.integers(0, 4).map(float)
    tickers = st.sampled_from(["X", "Y", "Z", CASH])
    snapshots = st.dictionaries(tickers, quantities, min_size=1)
    history = st.dictionaries(st.integers(0, 9), snapshots, max_size=8)
    return draw(st.dictionaries(st.sampled_from(["AAA", "BBB", "CCC"]), history, max_size=3))


def securities(history: History) -> dict[date, Snapshot]:
    """Leave out cash, and days of nothing else."""
    kept = {
        on(number): {ticker: x for ticker, x in snapshot.items() if ticker != CASH}
        for number, snapshot in sorted(history.items())
    }
    return {day: snapshot for day, snapshot in kept.items() if snapshot}


def compared(before: Snapshot, after: Snapshot) -> dict[str, tuple[str | None, float | None]]:
    """Give the kind and the amount of each position's change."""
    found: dict[str, tuple[str | None, float | None]] = {}
    for ticker in {*before, *after}:
        old, new = before.get(ticker, 0.0), after.get(ticker, 0.0)
        change = None if old is None or new is None else new - old
        if ticker not in before:
            kind = "new"
        elif ticker not in after:
            kind = "gone"
        elif change is None:
            kind = None
        else:
            kind = {1: "added", 0: "unchanged", -1: "cut"}[(change > 0) - (change < 0)]
        found[ticker] = (kind, change)
    return found


def steps(history: History) -> list[tuple[date, date, str, str | None, float | None]]:
    """Give every position of each snapshot against the one before."""
    days = list(securities(history).items())
    return [
        (day, previous, ticker, *change)
        for (previous, before), (day, after) in pairwise(days)
        for ticker, change in compared(before, after).items()
    ]


def streaks(history: History) -> list[tuple[date, str, str, int | None, date | None, bool]]:
    """Count back from every addition and every cut."""
    found: list[tuple[date, str, str, int | None, date | None, bool]] = []
    for ticker in ("X", "Y", "Z"):
        told = [(day, kind) for day, _, name, kind, _ in steps(history) if name == ticker]
        for last, (day, kind) in enumerate(told):
            if kind not in ("added", "cut"):
                continue
            first = last
            while first > 0 and told[first - 1][1] == kind:
                first -= 1
            if first > 0 and told[first - 1][1] is None:
                found.append((day, ticker, kind, None, None, False))
            else:
                found.append((day, ticker, kind, last - first + 1, told[first][0], first == 0))
    return found


def in_order(rows: list[Any]) -> list[Any]:
    return sorted(rows, key=str)


@settings(max_examples=15)
@given(funds=histories())
def test_changes_are_those_of_plain_python(ask: Ask, funds: dict[str, History]) -> None:
    columns = ("fund", "as_of", "previous_as_of", "security", "kind", "quantity_change")

    found = asked(ask, "position_history", lines(funds), *columns)
    expected = [(fund, *step) for fund, history in funds.items() for step in steps(history)]
    assert found == in_order(expected)
    changed = asked(ask, "holding_changes", lines(funds), *columns)
    assert changed == [row for row in found if row[4] != "unchanged"]


@settings(max_examples=25)
@given(funds=histories())
def test_streaks_of_positions_are_those_of_plain_python(
    ask: Ask, funds: dict[str, History]
) -> None:
    columns = ("fund", "as_of", "security", "kind", "streak", "first_as_of", "at_least")

    expected = [(fund, *streak) for fund, history in funds.items() for streak in streaks(history)]
    assert asked(ask, "position_streaks", lines(funds), *columns) == in_order(expected)


@settings(max_examples=25)
@given(funds=histories())
def test_overlaps_are_those_of_plain_python(ask: Ask, funds: dict[str, History]) -> None:
    columns = ("fund", "other_fund", "common", "positions", "other_positions", "overlap")
    latest = {
        fund: {ticker: x for ticker, x in history[max(history)].items() if ticker != CASH}
        for fund, history in funds.items()
        if history
    }
    latest = {fund: snapshot for fund, snapshot in latest.items() if snapshot}

    expected = []
    for fund, mine in latest.items():
        for other, theirs in latest.items():
            if fund != other:
                pairs = [(mine[ticker], theirs[ticker]) for ticker in mine.keys() & theirs.keys()]
                known = [min(x, y) for x, y in pairs if x is not None and y is not None]
                overlap = sum(known) / WHOLE if len(known) == len(pairs) else None
                expected.append((fund, other, len(pairs), len(mine), len(theirs), overlap))
    assert asked(ask, "fund_overlaps", lines(funds), *columns) == in_order(expected)


@settings(max_examples=15)
@given(funds=histories())
def test_facts_on_holdings_are_those_of_plain_python(ask: Ask, funds: dict[str, History]) -> None:
    longest, opened = [], []
    for fund, history in funds.items():
        last = on(max(history)) if history else None
        current = [row for row in streaks(history) if row[0] == last and row[2] == "added"]
        if length := max((streak or 0 for _, _, _, streak, _, _ in current), default=0):
            [first] = {row[4] for row in current if row[3] == length}
            longest += [(fund, float(length), last, first)] if length >= 3 else []
        if told := [step for step in steps(history) if step[0] == last]:
            count = sum(kind == "new" for _, _, _, kind, _ in told)
            opened.append((fund, float(count), last, told[0][1]))

    columns = ("subject", "value", "as_of", "since")
    assert asked(ask, "position_streak", lines(funds), *columns) == in_order(longest)
    assert asked(ask, "new_positions", lines(funds), *columns) == in_order(opened)


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """Open a database of an analyst's own, with nothing in it but the macros."""
    connection = duckdb.connect()
    definitions.create_macros(connection)
    return connection


@settings(max_examples=25)
@given(funds=histories(), base=st.integers(-1, 9), until=st.none() | st.integers(-1, 10))
def test_changes_between_two_days_are_those_of_plain_python(
    engine: duckdb.DuckDBPyConnection, funds: dict[str, History], base: int, until: int | None
) -> None:
    schema = {"owner": pl.String, "day": pl.Date, "item": pl.String, "held": pl.Float64}
    rows = [(r["fund"], r["as_of"], r["holding"], r["quantity"]) for r in lines(funds)]
    engine.register("mine", pl.DataFrame(rows, schema=schema, orient="row"))
    upto = "null" if until is None else f"date '{on(until)}'"
    query = (
        "select subject, before_as_of, after_as_of, position, kind, change, weight_change "
        f"from changes_between(mine, owner, item, day, held, date '{on(base)}', until := {upto}, "
        f"weight := held / {WHOLE})"
    )

    expected = []
    for fund, history in funds.items():
        first = max((n for n in history if n <= base), default=None)
        last = max((n for n in history if until is None or n <= until), default=None)
        if first is not None and last is not None and first < last:
            found = compared(history[first], history[last])
            expected += [
                (fund, on(first), on(last), ticker, kind, x, None if x is None else x / WHOLE)
                for ticker, (kind, x) in found.items()
            ]
    assert in_order(answer(engine, query)) == in_order(expected)


def test_common_positions_are_listed(engine: duckdb.DuckDBPyConnection) -> None:
    held = [("a", "X", 1.0), ("a", "Y", 2.0), ("b", "Y", 3.0), ("b", "Z", 1.0), ("c", "Y", None)]
    schema = {"owner": pl.String, "item": pl.String, "part": pl.Float64}
    engine.register("mine", pl.DataFrame(held, schema=schema, orient="row"))
    query = "from common_positions(mine, owner, item, part) where subject < other order by all"

    assert answer(engine, query) == [
        ("a", "b", "Y", 2.0, 3.0, 2.0),
        ("a", "c", "Y", 2.0, None, None),
        ("b", "c", "Y", 3.0, None, None),
    ]


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    lay(shared, Funds, [{"fund": "AAA", "holdings_sources": "bank:1"}])
    yield shared
    shared.rollback()


def test_holdings_are_looked_at_as_of_a_day(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Holdings, lines({"AAA": {n: {"X": n + 1, f"Y{n}": 1} for n in range(5)}}))
    query = "select value from facts where fact in ('position_streak', 'new_positions') order by 1"

    market.execute(f"set variable as_of = date '{on(3)}'")
    earlier = answer(market, query)
    market.execute("reset variable as_of")

    assert earlier == [(1.0,), (3.0,)]
    assert answer(market, query) == [(1.0,), (4.0,)]
