from datetime import date

import polars as pl
import pytest

from tests.warehouse.conftest import Ask

STATES = {"f": "first", "c": "complete", "r": "running", "?": "cannot be told"}


def monthly(*months: tuple[str, float | None]) -> pl.DataFrame:
    """Lay months of a fund from October 2029 on: state by its letter, and the net flow."""
    first = date(2029, 10, 1)
    states = [STATES[state] for state, _ in months]
    return pl.DataFrame(
        {
            "subject": ["AAA"] * len(months),
            "month": pl.date_range(first, date(2040, 1, 1), "1mo", eager=True)[: len(months)],
            "net_flow_shares": [flow for _, flow in months],
            "net_flow_ounces": [flow for _, flow in months],
            "net_flow_usd": [None] * len(months),
            "complete": [state == "complete" for state in states],
            "state": states,
            "is_estimated": [True] * len(months),
            "is_over": [state != "running" for state in states],
            "last_as_of": [date(2030, 12, 5)] * len(months),
        },
        schema_overrides={"net_flow_shares": pl.Float64, "net_flow_usd": pl.Float64},
    )


@pytest.mark.parametrize(
    ("months", "streaks"),
    [
        pytest.param([("f", 1), ("c", 1), ("c", 1)], [None, 1, 2], id="it starts after the first"),
        pytest.param([("c", 1), ("c", 0), ("c", 1)], [1, 0, 1], id="a flat month ends it"),
        pytest.param([("c", 1), ("c", -1), ("c", 1)], [1, 0, 1], id="an outflow ends it"),
        pytest.param(
            [("c", 1), ("?", 5), ("c", 1), ("c", -1), ("c", 1)],
            [1, None, None, 0, 1],
            id="after an untold month it is not known until a month ends it",
        ),
        pytest.param(
            [("c", 1), ("c", None), ("c", 1)],
            [1, None, None],
            id="a complete month whose flow is not known is untold too",
        ),
        pytest.param([("c", 1), ("r", 1)], [1, 2], id="the running month counts"),
        pytest.param([("c", 1), ("r", -1)], [1, 0], id="the running month may break it, so far"),
    ],
)
def test_streaks_count_months_of_inflow(
    ask: Ask, months: list[tuple[str, float | None]], streaks: list[int | None]
) -> None:
    answer = ask("inflow_streaks", monthly_net_flows=monthly(*months)).sort("month")

    assert answer.filter(measure="shares")["streak"].to_list() == streaks


def test_a_measure_that_a_subject_does_not_have_has_no_streaks(ask: Ask) -> None:
    answer = ask("inflow_streaks", monthly_net_flows=monthly(("c", 1.0)))

    assert set(answer["measure"]) == {"shares", "ounces"}


def test_only_ounces_are_estimated(ask: Ask) -> None:
    answer = ask("inflow_streaks", monthly_net_flows=monthly(("c", 1.0)))

    assert dict(answer.select("measure", "is_estimated").iter_rows()) == {
        "shares": False,
        "ounces": True,
    }


def runs(ask: Ask, *months: tuple[str, float | None]) -> list[tuple[object, ...]]:
    streaks = ask("inflow_streaks", monthly_net_flows=monthly(*months))
    found = ask("inflow_runs", inflow_streaks=streaks).filter(measure="shares")
    columns = ("first_month", "completed", "on_track", "is_current", "at_least")
    return [
        (first.strftime("%b"), *rest)
        for first, *rest in found.sort("first_month").select(columns).iter_rows()
    ]


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        pytest.param([("f", -1), ("c", -1)], [], id="no inflow, no run"),
        pytest.param(
            [("f", 1), ("c", 1), ("c", 1), ("c", -1), ("c", 1), ("r", 1)],
            [("Nov", 2, 2, False, True), ("Feb", 1, 2, True, False)],
            id="the first may be longer than is known; the last is running",
        ),
        pytest.param(
            [("c", 1), ("c", 1), ("c", -1)],
            [("Oct", 2, 2, False, True)],
            id="a whole first month may follow on others, too",
        ),
        pytest.param(
            [("f", 1), ("c", -1), ("c", 1), ("r", -1)],
            [("Dec", 1, 1, True, False)],
            id="a running month that is no inflow so far ends no run",
        ),
        pytest.param(
            [("f", 1), ("c", -1), ("c", 1), ("c", -1), ("r", 1)],
            [("Dec", 1, 1, False, False), ("Feb", 0, 1, True, False)],
            id="a run may consist of the running month",
        ),
        pytest.param(
            [("f", 1), ("c", -1), ("c", 1), ("?", None), ("c", 1), ("c", 1), ("c", -1)],
            [("Dec", 1, 1, False, False)],
            id="one that begins after an untold month is not listed, the one before it is over",
        ),
    ],
)
def test_runs_are_unbroken_months(
    ask: Ask, months: list[tuple[str, float | None]], expected: list[tuple[object, ...]]
) -> None:
    assert runs(ask, *months) == expected
