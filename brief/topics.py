"""What a brief is about: a subject, and what of the market belongs to it."""

from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from warehouse import asking

TOPICS = Path(__file__).with_name("topics.sql")


class TopicError(Exception):
    """There is no such subject; the message names those that there are."""


class Topic(NamedTuple):
    """A subject, and what of the market belongs to it.

    Attributes:
        subject: What was asked for: an asset, a group of funds, a fund or an instrument.
        name: Plain name, as headings say it.
        asset: The asset that markets are compared by, if it is one's.
        instrument: Market symbol whose price is shown, if there is one.
        instruments: That symbol, and those of other prices of the same asset (spot, fixing).
        flows: Fund or group whose net flows are shown, if there is one.
        funds: Its funds.
        measure: Headline measure of its flows: shares, ounces or usd.
        level: What is counted of its funds: shares or ounces.
        pairs: The instrument priced in others, or others in it.
        in_bitcoin: The pair of bitcoin priced in the instrument (of bitcoin: in the first other),
            if there is one.
        ether: The pair of ether and bitcoin, if there is one.
    """

    subject: str
    name: str
    asset: str | None
    instrument: str | None
    instruments: list[str]
    flows: str | None
    funds: list[str]
    measure: str
    level: str
    pairs: list[str]
    in_bitcoin: str | None
    ether: str | None


def find(warehouse: duckdb.DuckDBPyConnection, subject: str) -> Topic:
    """Look a subject up in the reference data, whatever the case of its letters.

    Raises:
        TopicError: There is none of this name.
    """
    known = asking.ask(warehouse, TOPICS.read_text())
    found = known.filter(pl.col("subject").str.to_lowercase() == subject.lower())
    if found.is_empty():
        raise TopicError(unknown(subject, known["subject"].unique().sort().to_list()))
    row = found.row(0, named=True)
    prices = known.filter(pl.col("kind") == "instrument").select("subject", "asset")
    instruments = [row["instrument"]] if row["instrument"] else []
    if row["asset"]:
        instruments += prices.filter(asset=row["asset"])["subject"].to_list()
    pairs = (
        asking.ask(warehouse, "from pairs order by pair")
        .join(prices.rename({"subject": "numerator", "asset": "above"}), on="numerator", how="left")
        .join(
            prices.rename({"subject": "denominator", "asset": "below"}),
            on="denominator", how="left",
        )
    )  # fmt: skip
    of_bitcoin = pairs.filter(pl.col("above") == "bitcoin", one_is_of(instruments[:1]))
    of_ether = pairs.filter(above="ether", below="bitcoin")
    return Topic(
        **{field: row[field] for field in TOLD},
        instruments=list(dict.fromkeys(instruments)),
        funds=funds_of(warehouse, row["flows"]),
        pairs=pairs.filter(one_is_of(instruments))["pair"].to_list(),
        in_bitcoin=first(of_bitcoin["pair"]),
        ether=first(of_ether["pair"]),
    )


TOLD = ("subject", "name", "asset", "instrument", "flows", "measure", "level")


def one_is_of(instruments: list[str]) -> pl.Expr:
    """Say whether either side of a pair is one of some instruments."""
    return pl.any_horizontal(pl.col("numerator", "denominator").is_in(instruments))


def first(names: pl.Series) -> str | None:
    """Give the first of some names, if there is one."""
    return names[0] if len(names) else None


def funds_of(warehouse: duckdb.DuckDBPyConnection, flows: str | None) -> list[str]:
    """List the funds of a group, those that have left it too; a fund is its own."""
    if flows is None:
        return []
    members = asking.ask(warehouse, "select fund_group, fund from fund_groups order by fund")
    funds = members.filter(fund_group=flows)["fund"].unique(maintain_order=True).to_list()
    return funds or [flows]


def unknown(subject: str, known: list[str]) -> str:
    """Say that there is no such subject, and what may have been meant."""
    near = get_close_matches(subject, known, n=3, cutoff=0.4) or known[:5]
    return (
        f"there is no subject {subject!r} to make a brief of: did you mean {', '.join(near)}? "
        "An asset, a group of funds, a fund or an instrument can be one"
    )
