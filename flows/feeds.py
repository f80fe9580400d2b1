"""What a row of the registry is made of: a provider, its feeds, and how each is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pandera.polars as pa
import polars as pl

from flows.datasets import Dataset
from schemas.capture import Capture, Endpoint, Request
from schemas.parsed import Parsed
from schemas.tables.bars import Bars
from sources.sniffing import Format

Due = dict[str, Any]
Ask = Callable[[Due], Request]
Parse = Callable[[bytes, Capture], Parsed]
Transform = Callable[[pl.DataFrame, Capture], pl.DataFrame]


@dataclass(frozen=True)
class Feed:
    """One dataset of one source: how it is asked for, parsed, and which tables it fills.

    `ask` takes a row of the view that plans the dataset (None: it is not planned that way), and
    `ask_with_key` too, where a key opens another place. Where a provider has moved, a body in none
    of the `formats` sends us on to the next place; `link` finds the place in a page that names it.
    """

    source: str
    dataset: str
    parse: Parse
    tables: dict[type[pa.DataFrameModel], Transform]
    ask: Ask | None = None
    formats: tuple[Format, ...] = ()
    ask_with_key: Ask | None = None
    link: Callable[[bytes], Endpoint | None] | None = None


@dataclass(frozen=True)
class Key:
    """Where a provider's key goes: a header or a parameter of this name, at this site only."""

    name: str
    place: Literal["header", "query"]
    site: str = ""


@dataclass(frozen=True)
class Provider:
    """A provider: what it gives on which terms, where and how it is asked, and its feeds.

    The texts are for docs/sources.md; `left_out` says what is not established, so not built. The
    rest are the defaults of its settings: `sites` are further addresses by name, `off` the datasets
    that stay off until they are named although the provider is on, `rate` requests per second;
    `wants_contact` says whether its user agent must bear an e-mail address.
    """

    name: str
    title: str
    gives: str
    cadence: str
    published: str
    terms: str
    base_url: str
    feeds: tuple[Feed, ...]
    left_out: str = ""
    key_needed: str = "none"
    enabled: bool = False
    off: frozenset[Dataset] = frozenset()
    sites: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wants_contact: bool = False
    rate: float = 1
    key: Key | None = None


def by_window(source: Any) -> Ask:  # noqa: ANN401 -- a module
    """Ask for bars by symbol, currency and window."""
    return lambda due: source.quotes(
        due["instrument"], due["symbol"], due["currency"], due["asked_from"], due["asked_to"]
    )


def by_fund(source: Any) -> Ask:  # noqa: ANN401 -- a module
    """Ask for a fund's valuations."""
    return lambda due: source.valuations(due["fund"], due["symbol"], due["name"])


def by_session(source: Any) -> Ask:  # noqa: ANN401 -- a module
    """Ask for a fund's holdings of a session."""
    return lambda due: source.holdings(due["fund"], due["symbol"], due["name"], due["as_of"])


def by_page(ask: Callable[[str, str], Request]) -> Ask:
    """Ask for a page."""
    return lambda due: ask(due["page"], due["symbol"])


def candles(source: Any, transform: Any) -> Feed:  # noqa: ANN401 -- modules
    """Make the feed of an exchange's daily candles."""
    return Feed(
        source.SOURCE,
        "quotes",
        source.parse_quotes,
        {Bars: transform.bars},
        by_window(source),
        ("json",),
    )
