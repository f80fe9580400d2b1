"""What a brief tells, in order: its sections, the facts and the exhibits of each."""

from collections.abc import Callable
from typing import NamedTuple

from brief import charts
from brief.charts import Draw
from brief.topics import Topic


class Exhibit(NamedTuple):
    """Rows to be shown: the query that gives them (`exhibits/NAME.sql`), and how they are drawn.

    Attributes:
        query: Name of the file of the query.
        title: What is shown; `{name}` and the like are filled in.
        draw: Draws a chart of them; None: they are shown as a table only.
        needs: Gives the parameters of the query, or None where the topic has no such thing.
    """

    query: str
    title: str
    draw: Draw | None
    needs: Callable[[Topic], dict[str, object] | None] = lambda _: {}


class Section(NamedTuple):
    """A part of the brief.

    Attributes:
        key: Its anchor.
        title: Its heading; `{name}` and the like are filled in.
        facts: The facts that it tells, by name.
        about: Gives the subjects of these facts; None: whatever their subject.
        exhibits: What it shows.
        without: What is said where there is nothing to tell.
    """

    key: str
    title: str
    facts: tuple[str, ...]
    about: Callable[[Topic], list[str]] | None
    exhibits: tuple[Exhibit, ...]
    without: str


def priced(topic: Topic) -> dict[str, object] | None:
    """Give the instrument whose price is shown."""
    return {"instrument": topic.instrument} if topic.instrument else None


def flowing(measure: str | None = None) -> Callable[[Topic], dict[str, object] | None]:
    """Give the subject whose flows are shown, in a measure or else in its own."""

    def needs(topic: Topic) -> dict[str, object] | None:
        if topic.flows is None or measure == topic.measure:
            return None
        return {"subject": topic.flows, "measure": measure or topic.measure}

    return needs


def held(topic: Topic) -> dict[str, object] | None:
    """Give the funds whose holdings are shown."""
    return {"funds": topic.funds, "level": topic.level} if topic.funds else None


def bitcoin(topic: Topic) -> dict[str, object] | None:
    """Give the pair of bitcoin and the subject."""
    return {"pair": topic.in_bitcoin} if topic.in_bitcoin else None


def ether(topic: Topic) -> dict[str, object] | None:
    """Give the pair of ether and bitcoin."""
    return {"pair": topic.ether} if topic.ether else None


def named(topic: Topic) -> dict[str, object]:
    """Give the subject's plain name."""
    return {"name": topic.name}


def grouped(topic: Topic) -> dict[str, object] | None:
    """Give the subject whose flows are shown."""
    return {"subject": topic.flows} if topic.flows else None


PRICES = (
    "record_high", "breakout", "round_level", "return_since", "drawdown", "best_period", "streak",
)  # fmt: skip
FLOWS = (
    "inflow_streak", "nth_largest_week", "rolling_inflow", "period_vs_previous", "best_flow",
    "streak_in_context", "window_inflow", "flow_rate", "flow_percentile", "flow_against_price",
    "fund_vs_group", "assets_change", "holdings_peak", "premium", "new_positions",
    "position_streak", "streak",
)  # fmt: skip
RATES = ("cross_rate", "cross_rate_change", "ratio_to_sma")

SECTIONS = (
    Section(
        "records",
        "{name} and its records",
        PRICES,
        lambda topic: topic.instruments,
        (
            Exhibit(
                "closes",
                "Closes of {instrument} in five years; records are marked",
                charts.closes,
                priced,
            ),
            Exhibit("years", "Return of {instrument} by calendar year", charts.years, priced),
        ),
        "No price of {name} is known.",
    ),
    Section(
        "flows",
        "Fund flows",
        FLOWS,
        lambda topic: [topic.flows or "", *topic.funds],
        (
            Exhibit(
                "months", "Net flow of {flows} by month, in {measure}", charts.months, flowing()
            ),
            Exhibit("months", "The same in dollars", charts.months, flowing("usd")),
            Exhibit(
                "weeks",
                "Net flow of {flows} by ISO week, in {measure}; the largest are ranked",
                charts.weeks,
                flowing(),
            ),
            Exhibit("levels", "What the funds of {flows} hold, in {level}", charts.levels, held),
        ),
        "No flows of funds of {name} are known.",
    ),
    Section(
        "league",
        "{name} against other markets",
        ("league", "beta", *RATES),
        lambda topic: [topic.asset or "", *others(topic), *betas(topic)],
        (
            Exhibit(
                "rebased", "Benchmarks since the end of last year, rebased to 100", charts.rebased
            ),
            Exhibit("league", "Price return since the end of last year", charts.league),
        ),
        "No market is known to compare with.",
    ),
    Section(
        "bitcoin",
        "Bitcoin and {name}",
        RATES,
        lambda topic: [topic.in_bitcoin or ""],
        (Exhibit("rate", "{in_bitcoin} in five years", charts.rate, bitcoin),),
        "Bitcoin is not priced in {name} here: pairs are lines of warehouse/reference/pairs.csv.",
    ),
    Section(
        "ether",
        "Ether in bitcoin, and its 50-week mean",
        RATES,
        lambda topic: [topic.ether or ""],
        (
            Exhibit(
                "ratio",
                "{ether} at the end of each week, and the mean of 50 weeks",
                charts.ratio,
                ether,
            ),
        ),
        "Ether in bitcoin is not known.",
    ),
    Section(
        "breadth",
        "The crypto market and its top 20",
        ("market_change_24h", "breadth", "coin_change_24h"),
        lambda topic: ["crypto", "top_20", "bitcoin", topic.asset or ""],
        (
            Exhibit(
                "coins",
                "The 20 largest coins in 24 hours, without stablecoins and copies",
                charts.coins,
            ),
        ),
        "No snapshot of coins is known.",
    ),
    Section(
        "assets",
        "The largest assets of all kinds",
        ("asset_rank",),
        lambda topic: [topic.asset or ""],
        (Exhibit("ranks", "Market cap of the ten largest assets, USD", charts.ranks, named),),
        "No list of assets is known.",
    ),
    Section(
        "risk",
        "Risk-on and risk-off, side by side",
        ("risk_evidence", "policy_pivot"),
        None,
        (Exhibit("risk", "Which way each indicator speaks: convention, and no verdict", None),),
        "Too few indicators can be told.",
    ),
    Section(
        "health",
        "How sound these data are",
        (),
        None,
        (
            Exhibit("freshness", "How fresh each dataset is, by source", None),
            Exhibit(
                "coverage",
                "How much of {flows} has reported: share of its net assets",
                None,
                grouped,
            ),
        ),
        "Nothing has been recorded.",
    ),
)


def others(topic: Topic) -> list[str]:
    """Name the pairs but that with bitcoin, which has a section of its own."""
    return [pair for pair in topic.pairs if pair != topic.in_bitcoin]


def betas(topic: Topic) -> list[str]:
    """Name both directions of each pair, as the fact on betas does."""
    sides = [pair.split("/") for pair in topic.pairs]
    return [f"{one} on {other}" for a, b in sides for one, other in ((a, b), (b, a))]
