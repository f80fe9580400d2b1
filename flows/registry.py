"""What can be recorded: each provider's datasets, and the way of their payloads into tables.

To add a provider: a module in sources/, schemas/raw/, transforms/ and sandbox/, its defaults in
flows/settings.py, and a row here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandera.polars as pa
import polars as pl

import sources.calendars
import sources.ishares
import sources.reference
import sources.yahoo
import transforms.identity
import transforms.ishares
import transforms.yahoo
from schemas.capture import Capture, Request
from schemas.parsed import Parsed
from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.reference import REFERENCE
from schemas.tables.sessions import Sessions
from warehouse.tables import name

Ask = Callable[[dict[str, Any]], Request]
Parse = Callable[[bytes, Capture], Parsed]
Transform = Callable[[pl.DataFrame, Capture], pl.DataFrame]


@dataclass(frozen=True)
class Feed:
    """One dataset of one source: how it is asked for, parsed, and which tables it fills.

    `ask` takes a row of the view `<dataset>_due`; None: it is not planned that way.
    """

    source: str
    dataset: str
    parse: Parse
    tables: dict[type[pa.DataFrameModel], Transform]
    ask: Ask | None = None


FEEDS = (
    Feed(
        "yahoo",
        "quotes",
        sources.yahoo.parse_quotes,
        {Bars: transforms.yahoo.bars, CorporateActions: transforms.yahoo.corporate_actions},
        lambda due: sources.yahoo.quotes(
            due["instrument"], due["symbol"], due["asked_from"], due["asked_to"]
        ),
    ),
    Feed(
        "ishares",
        "valuations",
        sources.ishares.parse_valuations,
        {FundValuations: transforms.ishares.fund_valuations},
        lambda due: sources.ishares.valuations(due["fund"], due["symbol"], due["name"]),
    ),
    Feed(
        "ishares",
        "holdings",
        sources.ishares.parse_holdings,
        {Holdings: transforms.ishares.holdings},
        lambda due: sources.ishares.holdings(due["fund"], due["symbol"], due["name"], due["as_of"]),
    ),
)

PROVIDERS = tuple(dict.fromkeys(feed.source for feed in FEEDS))

CALENDARS = Feed(
    "calendars",
    "sessions",
    sources.calendars.parse_sessions,
    {Sessions: transforms.identity.as_is},
)

REFERENCE_FEEDS = {
    name(schema): Feed(
        "reference",
        "reference",
        sources.reference.parse_table,
        {schema: transforms.identity.as_is},
    )
    for schema in REFERENCE
}


def feed_of(capture: Capture) -> Feed:
    """Find the feed that a capture belongs to."""
    request = capture.request
    if request.source == "reference":
        return REFERENCE_FEEDS[request.subject]
    [feed] = [
        f for f in (*FEEDS, CALENDARS) if (f.source, f.dataset) == (request.source, request.dataset)
    ]
    return feed
