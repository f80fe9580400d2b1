"""What a brief says: facts and exhibits, read from the published warehouse."""

from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from brief import outline, topics
from brief.outline import Exhibit, Section
from brief.topics import Topic
from warehouse import asking

QUERIES = Path(__file__).with_name("exhibits")
HEADLINES = 10
KEY = ("fact", "subject", "measure")
WORDS = {"usd": "dollars"}


class Fact(NamedTuple):
    """A fact as a brief tells it: its sentence, and how it was computed.

    `rank` is worded, `query` gives it again, `view` its evidence.
    """

    statement: str
    as_of: date
    query: str
    view: str
    sample: str
    labels: list[str]


class Shown(NamedTuple):
    """An exhibit with its rows, and the query that gave them."""

    exhibit: Exhibit
    title: str
    query: str
    rows: pl.DataFrame


class Part(NamedTuple):
    """A section with what there is to tell in it; `without` says so if there is nothing."""

    section: Section
    title: str
    facts: list[Fact]
    shown: list[Shown]
    without: str


class Brief(NamedTuple):
    """All that a brief says.

    Attributes:
        topic: What it is about.
        as_of: Latest market day of what is said of the subject itself; None if nothing is.
        known_at: Up to when what was known is told, UTC.
        origin: live, history or synthetic.
        moved: The statements that move any client to the same day and moment; empty: to none.
        headlines: The most significant facts.
        parts: The sections.
        labels: What is said of the numbers, and of how many facts.
    """

    topic: Topic
    as_of: date | None
    known_at: datetime | None
    origin: str
    moved: str
    headlines: list[Fact]
    parts: list[Part]
    labels: list[tuple[str, int]]


def gather(warehouse: duckdb.DuckDBPyConnection, subject: str) -> Brief:
    """Read what a brief on a subject says, from the day and moment that the warehouse is moved to.

    Args:
        warehouse: What is published.
        subject: An asset, a group of funds, a fund or an instrument.

    Raises:
        TopicError: There is no such subject.
    """
    topic = topics.find(warehouse, subject)
    facts = by_significance(asking.ask(warehouse, "from facts"))
    own = facts.filter(pl.col("subject").is_in([*topic.instruments, *topic.funds]))
    parts = [part(warehouse, topic, section, facts) for section in outline.SECTIONS]
    [[origin, last]] = asking.ask(warehouse, "select origin, last_known_at from about").rows()
    [[day, moment]] = asking.ask(warehouse, VARIABLES).rows()
    return Brief(
        topic=topic,
        as_of=own["as_of"].max(),  # type: ignore[arg-type]  # polars knows no type of a column
        known_at=moment or last,
        origin=origin,
        moved=moves(day, moment),
        headlines=list(map(fact, headlines(facts, topic).iter_rows(named=True))),
        parts=parts,
        labels=labels(facts),
    )


VARIABLES = """
    select getvariable('as_of')::date as as_of, getvariable('known_at')::timestamptz as known_at
"""


def moves(day: date | None, moment: datetime | None) -> str:
    """Write the statements that move a client in time."""
    lines = [f"set variable as_of = date '{day}';"] if day else []
    lines += [f"set variable known_at = timestamptz '{moment.isoformat(' ')}';"] if moment else []
    return "\n".join(lines)


def by_significance(facts: pl.DataFrame) -> pl.DataFrame:
    """Order facts by how rare their place is among those they are ranked with.

    The significance is the logarithm to base 10 of one over the share of places that are as far
    out, from above or from below: 3 for the best or the worst of 1,000. A fact without a rank has
    none. It says nothing of why, and facts rest on the same numbers.
    """
    rank = pl.coalesce("rank", "rank_if_counted")
    from_either_end = pl.min_horizontal(rank, pl.col("of") + 1 - rank)
    significance = (pl.col("of") / from_either_end).log10().fill_null(0)
    return facts.with_columns(significance=significance).sort(
        "significance", *KEY, descending=[True, False, False, False]
    )


def headlines(facts: pl.DataFrame, topic: Topic) -> pl.DataFrame:
    """Choose the most significant facts: one of each name, in the headline measure of the subject.

    Those of markets as a whole are among them.
    """
    return foremost(facts, topic).head(HEADLINES)


def foremost(facts: pl.DataFrame, topic: Topic) -> pl.DataFrame:
    """Choose one fact of each name: the most significant of the subject itself, or of markets."""
    markets = ["crypto", "top_20", "markets", topic.ether]
    own = [topic.asset, topic.instrument, topic.flows, topic.in_bitcoin]
    is_of_flows = pl.col("subject").is_in([topic.flows or ""])
    is_headline = pl.col("measure").str.starts_with(topic.measure) | ~is_of_flows
    chosen = facts.filter(pl.col("subject").is_in([*filter(None, [*own, *markets])]), is_headline)
    return chosen.unique("fact", keep="first", maintain_order=True)


def part(
    warehouse: duckdb.DuckDBPyConnection, topic: Topic, section: Section, facts: pl.DataFrame
) -> Part:
    """Fill a section."""
    wanted = facts.filter(pl.col("fact").is_in(section.facts))
    if section.about:
        about = [subject for subject in section.about(topic) if subject]
        wanted = wanted.filter(pl.col("subject").is_in(about))
    first = foremost(wanted, topic)
    wanted = pl.concat([first, wanted.join(first, on=KEY, how="anti", maintain_order="left")])
    shown = [show(warehouse, topic, exhibit) for exhibit in section.exhibits]
    return Part(
        section,
        section.title.format_map(worded(topic)),
        list(map(fact, wanted.iter_rows(named=True))),
        [one for one in shown if one and one.rows.height],
        section.without.format_map(worded(topic)),
    )


def show(warehouse: duckdb.DuckDBPyConnection, topic: Topic, exhibit: Exhibit) -> Shown | None:
    """Ask for an exhibit's rows, if the topic has what it needs."""
    needs = exhibit.needs(topic)
    if needs is None:
        return None
    text = (QUERIES / f"{exhibit.query}.sql").read_text()
    query = text.format_map({name: literal(value) for name, value in needs.items()}).strip()
    return Shown(
        exhibit, exhibit.title.format_map(worded(topic)), query, asking.ask(warehouse, query)
    )


def worded(topic: Topic) -> dict[str, object]:
    """Give the words that titles are made of."""
    return topic._asdict() | {"measure": WORDS.get(topic.measure, topic.measure)}


def literal(value: object) -> str:
    """Write a value as SQL does."""
    if isinstance(value, list):
        return f"({', '.join(map(literal, value))})"
    return "'" + str(value).replace("'", "''") + "'"


def fact(row: dict[str, object]) -> Fact:
    """Tell a fact, and how it was computed."""
    where = f"subject = {literal(row['subject'])} and measure = {literal(row['measure'])}"
    return Fact(
        statement=str(row["statement"]),
        as_of=row["as_of"],  # type: ignore[arg-type]  # a day, as the view promises
        query=f"select * from {row['fact']} where {where}",  # noqa: S608 -- to be read
        view=str(row["view"]),
        sample=sample(row),
        labels=list(row["labels"] or []),  # type: ignore[call-overload]  # a list, likewise
    )


def sample(row: dict[str, object]) -> str:
    """Say on how much a fact rests."""
    told = {
        "": f"{row['observations']:,} observations" if row["observations"] else None,
        "from": row["first_observed"],
        "rank": row["rank"] and f"{row['rank']:,} of {row['of']:,}",
        "rank if it ended now": row["rank_if_counted"]
        and f"{row['rank_if_counted']:,} of {row['of']:,}",
        "since": row["since"],
    }
    return ", ".join(f"{name} {value}".strip() for name, value in told.items() if value)


def labels(facts: pl.DataFrame) -> list[tuple[str, int]]:
    """Count what is said of the numbers, the most frequent first."""
    counted = facts.select(pl.col("labels").explode().alias("label")).drop_nulls()
    counted = counted.group_by("label").len().sort("len", "label", descending=[True, False])
    return counted.rows()
