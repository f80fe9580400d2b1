"""How one instrument moves with another: regressions of returns, and the sentence (claim C18)."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from math import exp, log, sqrt
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.reference import Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY, days, frame
from tests.warehouse.test_cross_rates import Closes, market
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_ratio_to_sma import calendar

MONDAY = date(2030, 1, 7)
OPEN = days(MONDAY, MONDAY + timedelta(900))
ALWAYS = calendar(OPEN)


def betas(ask: Ask, laid: Mapping[str, pl.DataFrame]) -> dict[tuple[str, str], dict[str, Any]]:
    found = ask("betas", **laid, sessions=ALWAYS)
    return {(row["dependent"], row["frequency"]): row for row in found.rows(named=True)}


def grown(returns: list[float]) -> dict[date, float | None]:
    """Lay closes on days in a row, from 100 on."""
    closes = {MONDAY: 100.0}
    for number, change in enumerate(returns):
        closes[MONDAY + (number + 1) * DAY] = closes[MONDAY + number * DAY] * exp(change)
    return {**closes}


UP_AND_DOWN = [0.01, -0.02, 0.03, 0.01, -0.01]


def test_beta_is_the_slope_of_log_returns(ask: Ask) -> None:
    gold, silver = grown(UP_AND_DOWN), grown([2 * change + 0.001 for change in UP_AND_DOWN])
    found = betas(ask, market({"AU": gold, "AG": silver}))

    of_silver, of_gold = found["AG", "daily"], found["AU", "daily"]
    assert (of_silver["independent"], of_gold["independent"]) == ("AU", "AG")
    assert of_silver["beta"] == pytest.approx(2)
    assert of_gold["beta"] == pytest.approx(0.5)
    for found_of in (of_silver, of_gold):
        assert found_of["r2"] == pytest.approx(1)
        assert found_of["standard_error"] == pytest.approx(0, abs=1e-6)
        assert (found_of["returns"], found_of["pair"]) == (5, "AU/AG")
        assert (found_of["first_return_at"], found_of["as_of"]) == (MONDAY + DAY, MONDAY + 5 * DAY)
    assert (of_silver["is_amplified"], of_gold["is_amplified"]) == (True, False)


def test_returns_are_between_days_on_which_both_closed(ask: Ask) -> None:
    gold, silver = grown(UP_AND_DOWN), grown([2 * change for change in UP_AND_DOWN])
    del gold[MONDAY + 2 * DAY], silver[MONDAY + 4 * DAY]
    row = betas(ask, market({"AU": gold, "AG": silver}))["AG", "daily"]

    assert (row["returns"], row["beta"]) == (3, pytest.approx(2))


def test_weekly_returns_are_of_complete_weeks(ask: Ask) -> None:
    gold = grown([0.01, -0.03, 0.02, 0.005, -0.01] * 7)
    silver = {day: None if close is None else close**2 for day, close in gold.items()}
    row = betas(ask, market({"AU": gold, "AG": silver}))["AG", "weekly"]

    assert (row["returns"], row["beta"]) == (4, pytest.approx(2))
    assert (row["first_return_at"], row["last_return_at"]) == (
        MONDAY + 13 * DAY,
        MONDAY + 34 * DAY,
    )
    assert row["as_of"] == MONDAY + 35 * DAY


@pytest.mark.parametrize(
    ("gold", "silver"),
    [
        pytest.param({}, {}, id="no history"),
        pytest.param(grown([]), grown([]), id="one close"),
        pytest.param(grown(UP_AND_DOWN[:2]), grown(UP_AND_DOWN[:2]), id="two returns"),
        pytest.param(grown(UP_AND_DOWN), {MONDAY - DAY: 1.0}, id="no common day"),
    ],
)
def test_without_three_returns_there_is_no_beta(ask: Ask, gold: Closes, silver: Closes) -> None:
    assert betas(ask, market({"AU": gold, "AG": silver})) == {}


def test_there_is_no_beta_to_what_never_moved(ask: Ask) -> None:
    found = betas(ask, market({"AU": grown([0.0] * 5), "AG": grown(UP_AND_DOWN)}))

    assert found.keys() == {("AU", "daily")}
    assert (found["AU", "daily"]["beta"], found["AU", "daily"]["r2"]) == (0.0, None)


def test_two_pairs_of_the_same_instruments_have_one_beta(ask: Ask) -> None:
    closes = {"AU": grown(UP_AND_DOWN), "AG": grown([*UP_AND_DOWN[1:], 0.02])}
    found = ask("betas", **market(closes, ["AU/AG", "AG/AU"]), sessions=ALWAYS)

    assert sorted(found["dependent"]) == ["AG", "AU"]


def stated(ask: Ask, **columns: Any) -> list[dict[str, Any]]:
    """State a beta of silver to gold; what is not given is plain."""
    row = {
        "dependent": "AG",
        "independent": "AU",
        "frequency": "daily",
        "pair": "AU/AG",
        "is_synchronous": True,
        "as_of": date(2030, 12, 20),
        "returns": 252,
        "first_return_at": date(2030, 1, 2),
        "last_return_at": date(2030, 12, 19),
        "beta": 1.254,
        "standard_error": 0.1,
        "r2": 0.456,
        "lower": 1.057,
        "upper": 1.451,
        "is_amplified": True,
        "caveats": [],
    }
    names = {"AG": "Silver", "AU": "Gold"}
    instruments = [{"instrument": symbol, "name": name} for symbol, name in names.items()]
    found = ask(
        "beta", betas=pl.DataFrame([row | columns]), instruments=frame(Instruments, instruments)
    )
    return found.rows(named=True)


def test_an_amplified_beta_is_stated(ask: Ask) -> None:
    [fact] = stated(ask)

    assert fact["statement"] == (
        "Silver (AG) had a beta of 1.25 to Gold (AU) over 252 daily returns from 2030-01-02 to "
        "2030-12-19 (standard error 0.10, R2 0.46): the 95 % interval, 1.06 to 1.45, lies above 1, "
        "so it is amplified."
    )
    assert fact["labels"] == [
        "amplified", "window: 252 common sessions", "price returns, synchronous closes",
    ]  # fmt: skip
    assert list(fact) == COMMON


def test_a_beta_that_may_be_one_is_not_amplified(ask: Ask) -> None:
    [fact] = stated(ask, frequency="weekly", returns=104, lower=0.95, is_amplified=False)

    assert "over 104 weekly returns from" in fact["statement"]
    assert fact["statement"].endswith(
        "the 95 % interval, 0.95 to 1.45, does not lie above 1, so it is not amplified."
    )
    assert fact["labels"][:2] == ["not amplified", "window: 104 common weeks"]


def test_a_beta_of_next_to_nothing_is_not_minus_zero(ask: Ask) -> None:
    [fact] = stated(ask, beta=-0.001, lower=-0.254, upper=-0.003, is_amplified=False)

    assert "had a beta of 0.00 to Gold" in fact["statement"]
    assert "the 95 % interval, -0.25 to 0.00, does not" in fact["statement"]


def test_a_beta_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask)

    assert (fact["subject"], fact["measure"], fact["unit"]) == ("AG on AU", "daily", "slope")
    assert (fact["value"], fact["as_of"]) == (1.254, date(2030, 12, 20))
    assert fact["since"] == fact["first_observed"] == date(2030, 1, 2)
    assert fact["observations"] == 252


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"returns": 251}, id="251 sessions"),
        pytest.param({"returns": 103, "frequency": "weekly"}, id="103 weeks"),
        pytest.param({"is_synchronous": False}, id="closes that are not synchronous"),
    ],
)
def test_a_poor_beta_is_not_stated(ask: Ask, columns: dict[str, Any]) -> None:
    assert stated(ask, **columns) == []


def test_a_front_contract_has_no_beta_but_evidence(ask: Ask) -> None:
    random = Random(1)  # noqa: S311 -- of test data
    gold = grown([random.gauss(0, 0.01) for _ in range(260)])
    silver = grown([random.gauss(0, 0.01) for _ in range(260)])
    splice = {"caveat": "front contract, unadjusted splice"}
    plain, spliced = (
        market({"AU": gold, "AG": silver}, AG=traits) for traits in ({"caveat": None}, splice)
    )

    evidence = betas(ask, spliced)["AG", "daily"]
    assert (evidence["is_synchronous"], evidence["returns"]) == (False, 252)
    assert evidence["caveats"] == ["front contract, unadjusted splice"]
    assert ask("beta", **spliced, sessions=ALWAYS).is_empty()
    assert sorted(ask("beta", **plain, sessions=ALWAYS)["subject"]) == ["AG on AU", "AU on AG"]


def regression(x: list[float], y: list[float]) -> tuple[float, float, float] | None:
    """Give slope, standard error and R2 by the textbook; none where x never moves."""
    n = len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    squares_x = sum((a - mean_x) ** 2 for a in x)
    squares_y = sum((b - mean_y) ** 2 for b in y)
    if not squares_x or not squares_y:
        return None
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / squares_x
    cut = mean_y - slope * mean_x
    residuals = sum((b - cut - slope * a) ** 2 for a, b in zip(x, y, strict=True))
    return slope, sqrt(residuals / (n - 2) / squares_x), 1 - residuals / squares_y


def expected(gold: Closes, silver: Closes, frequency: str) -> tuple[Any, ...] | None:
    """Work out returns, first and last day, slope, error, R2 and whether silver amplifies gold."""
    common = sorted(day for day in gold if gold[day] is not None and silver.get(day) is not None)
    if frequency == "weekly":
        over = [day for day in common if day + (6 - day.weekday()) * DAY <= common[-1]]
        common = sorted({day - day.weekday() * DAY: day for day in over}.values())
    window = 252 if frequency == "daily" else 104
    common = common[-window - 1 :]
    x, y = (
        [log((side[b] or 0) / (side[a] or 0)) for a, b in pairwise(common)]
        for side in (gold, silver)
    )
    if len(x) < 3 or not (told := regression(x, y)):
        return None
    slope, error, r2 = told
    t = 1.96 + 2.4 / (len(x) - 2)
    return (
        *(len(x), common[1], common[-1]),
        *(pytest.approx(number, rel=1e-6, abs=1e-6) for number in (slope, error, r2)),
        slope - t * error > 1,
    )


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Closes, Closes]]:
    """Draw pairs' closes, one following the other: with gaps, unknowns, and days of no change."""
    pairs: list[tuple[Closes, Closes]] = []
    for length in draw(st.lists(st.sampled_from([0, 1, 4, 30, 300, 800]), max_size=3)):
        random = Random(draw(st.integers(0, 10**6)))  # noqa: S311 -- of test data
        beta, density = draw(st.sampled_from([-1, 0.5, 2])), draw(st.sampled_from([0.4, 0.95]))
        gold, silver = {MONDAY: 100.0}, {MONDAY: 100.0}
        for day in OPEN[1:length]:
            change = random.choice([0, random.gauss(0, 0.01)])
            noise = random.choice([0, random.gauss(0, 0.01)])
            gold[day] = gold[day - DAY] * exp(change)
            silver[day] = silver[day - DAY] * exp(beta * change + noise)
        pairs.append((thinned(gold, density, random), thinned(silver, density, random)))
    return pairs


def thinned(closes: Mapping[date, float], density: float, random: Random) -> Closes:
    """Leave out some closes, and forget some."""
    return {
        day: random.choice([close] * 20 + [None])
        for day, close in closes.items()
        if random.random() < density
    }


@settings(max_examples=25)
@given(pairs=histories())
def test_betas_are_those_of_plain_python(ask: Ask, pairs: list[tuple[Closes, Closes]]) -> None:
    closes = {
        f"{side}{number}": found
        for number, pair in enumerate(pairs)
        for side, found in zip(("AU", "AG"), pair, strict=True)
    }
    subjects = [f"AU{number}/AG{number}" for number in range(len(pairs))]
    found = betas(ask, market(closes, subjects))

    columns = [
        *("returns", "first_return_at", "last_return_at"),
        *("beta", "standard_error", "r2", "is_amplified"),
    ]
    for number, (gold, silver) in enumerate(pairs):
        for frequency in ("daily", "weekly"):
            row = found.get((f"AG{number}", frequency))
            ours = tuple(row[column] for column in columns) if row else None
            assert ours == expected(gold, silver, frequency)
