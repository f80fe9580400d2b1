"""What can be recorded: each provider's datasets, and the way of their payloads into tables.

To add a provider: a module in sources/, schemas/raw/, transforms/ and sandbox/, and a row here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

import sources.ishares
import sources.reference
import sources.yahoo
import transforms.ishares
import transforms.reference
import transforms.yahoo
from schemas.capture import Capture
from schemas.tables import Bars, CorporateActions, FundValuations, Holdings
from schemas.tables.reference import REFERENCE
from warehouse.tables import name

Parse = Callable[[bytes, Capture], dict[str, pl.DataFrame]]
Transform = Callable[[pl.DataFrame, Capture], pl.DataFrame]


@dataclass(frozen=True)
class Feed:
    """One dataset of one source: how its payload is parsed, and which tables it fills."""

    source: str
    dataset: str
    parse: Parse
    tables: dict[type[pa.DataFrameModel], Transform]


PROVIDERS = ("yahoo", "ishares")

FEEDS = (
    Feed(
        "yahoo",
        "quotes",
        sources.yahoo.parse_quotes,
        {Bars: transforms.yahoo.bars, CorporateActions: transforms.yahoo.corporate_actions},
    ),
    Feed(
        "ishares",
        "valuations",
        sources.ishares.parse_valuations,
        {FundValuations: transforms.ishares.fund_valuations},
    ),
    Feed(
        "ishares",
        "holdings",
        sources.ishares.parse_holdings,
        {Holdings: transforms.ishares.holdings},
    ),
)

REFERENCE_FEEDS = {
    name(schema): Feed(
        "reference",
        "reference",
        sources.reference.parse_table,
        {schema: transforms.reference.as_is},
    )
    for schema in REFERENCE
}


def feed_of(capture: Capture) -> Feed:
    """Find the feed that a capture belongs to."""
    request = capture.request
    if request.source == "reference":
        return REFERENCE_FEEDS[request.subject]
    [feed] = [f for f in FEEDS if (f.source, f.dataset) == (request.source, request.dataset)]
    return feed
