"""Reference data: what the user may edit in warehouse/reference/*.csv, one class a file.

Each file is one snapshot: a line that is taken out is believed no longer. Reference data ignores
`as_of` (else the calendar of a running month would end today) and obeys `known_at`.
"""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import CURRENCY, FUND, INSTRUMENT, UNBOUNDED, Table

SOURCES = r"^([a-z_]+:\S+)( [a-z_]+:\S+)*$"


class Instruments(Table):
    """What has a price: one row per instrument, with who states it, in order of preference."""

    instrument: pl.String = pa.Field(str_matches=INSTRUMENT, description="Market symbol")
    name: pl.String = pa.Field(description="Plain name, as used in sentences")
    kind: pl.String = pa.Field(
        isin=["future", "spot", "fixing", "index", "fund", "coin"], description="What is traded"
    )
    calendar: pl.String = pa.Field(description="Exchange calendar that sets its sessions")
    currency: pl.String = pa.Field(
        str_matches=r"^[A-Z]{3,4}$", description="Currency of its prices; USDT is not USD"
    )
    quote_decimals: pl.Int64 = pa.Field(
        ge=0, le=10, description="Decimals it is quoted in: two closes equal to them are equal"
    )
    first_session: pl.Date = pa.Field(description="First session its first source carries")
    publication_lag_hours: pl.Int64 = pa.Field(
        ge=0, description="Hours from the close until a source should have the bar"
    )
    sources: pl.String = pa.Field(
        str_matches=SOURCES, description="source:symbol, the primary first, then fallbacks"
    )
    caveat: pl.String = pa.Field(nullable=True, description="Label that travels with its numbers")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("instrument",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Funds(Table):
    """Exchange-traded funds: one row per fund, with who states its valuations and holdings."""

    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker; also its instrument's symbol")
    name: pl.String = pa.Field(description="Name as the issuer writes it: answers must bear it")
    metal: pl.String = pa.Field(
        isin=["silver", "gold"], nullable=True, description="Metal in the trust, if it holds one"
    )
    calendar: pl.String = pa.Field(description="Exchange calendar that sets its sessions")
    currency: pl.String = pa.Field(str_matches=CURRENCY, description="Currency of its NAV")
    launched_on: pl.Date = pa.Field(description="Inception: seed shares of that day are creations")
    first_session: pl.Date = pa.Field(
        nullable=True, description="First day its first source carries; null: it has no history"
    )
    ounces_per_share_at_launch: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, nullable=True, description="Troy ounces per share, after later splits"
    )
    publication_lag_hours: pl.Int64 = pa.Field(
        ge=0, description="Hours from the close until the issuer should have the valuation"
    )
    sources: pl.String = pa.Field(
        str_matches=SOURCES,
        nullable=True,
        description="source:issuer's id, the primary first, then fallbacks; null: not valued",
    )
    holdings_sources: pl.String = pa.Field(
        str_matches=SOURCES, nullable=True, description="The same, for holdings"
    )
    caveat: pl.String = pa.Field(nullable=True, description="Label that travels with its numbers")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("fund",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class FundTerms(Table):
    """A fund's terms from a day on: one row per fund and day of change."""

    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker")
    effective_from: pl.Date = pa.Field(description="First day of the terms")
    fee: pl.Float64 = pa.Field(ge=0, lt=0.2, description="Sponsor's fee, a fraction a year")
    order_lag_sessions: pl.Int64 = pa.Field(
        isin=[0, 1],
        nullable=True,
        description="Sessions from the order to the share count; null: not established",
    )
    stated_by: pl.String = pa.Field(description="Where this is stated")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("fund", "effective_from")
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class FundGroups(Table):
    """Which funds are asked about together: one row per group, fund and spell of membership."""

    fund_group: pl.String = pa.Field(str_matches=r"^[a-z_]+$", description="Group")
    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker of a member")
    member_from: pl.Date = pa.Field(description="First day of membership")
    member_until: pl.Date = pa.Field(nullable=True, description="Last day; null: still a member")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("fund_group", "fund", "member_from")
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Assets(Table):
    """What is ranked against each other: one row per asset, with its benchmark instrument."""

    asset: pl.String = pa.Field(str_matches=r"^[a-z0-9_]+$", description="Asset")
    name: pl.String = pa.Field(description="Plain name, as used in sentences")
    instrument: pl.String = pa.Field(str_matches=INSTRUMENT, description="Benchmark instrument")
    stock_ounces: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, nullable=True, description="Estimated metal ever mined, troy ounces"
    )
    stock_stated_by: pl.String = pa.Field(nullable=True, description="Estimate's source, vintage")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("asset",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Pairs(Table):
    """Cross rates worth asking for: one row per pair."""

    pair: pl.String = pa.Field(str_matches=r"^\S+/\S+$", description="Numerator/denominator")
    numerator: pl.String = pa.Field(str_matches=INSTRUMENT, description="Instrument above")
    denominator: pl.String = pa.Field(str_matches=INSTRUMENT, description="Instrument below")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("pair",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class StressPeriods(Table):
    """Times that an economic committee has dated as recessions: one row per period."""

    stress_period: pl.String = pa.Field(description="Name of the period")
    starts_on: pl.Date = pa.Field(description="First day")
    ends_on: pl.Date = pa.Field(nullable=True, description="Last day; null: not over")
    stated_by: pl.String = pa.Field(description="Who dated it")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("stress_period",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class KnownPeaks(Table):
    """Peaks that a series must reach back to before its record is "all-time"."""

    instrument: pl.String = pa.Field(str_matches=INSTRUMENT, description="Market symbol")
    peaked_on: pl.Date = pa.Field(description="Day of the peak, in this or its reference market")
    stated_by: pl.String = pa.Field(description="Where this is stated")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("instrument", "peaked_on")
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class CalendarOverrides(Table):
    """Days on which the calendar library is wrong: one row per calendar and day."""

    calendar: pl.String = pa.Field(description="Exchange calendar")
    session: pl.Date = pa.Field(description="Day in question")
    is_open: pl.Boolean = pa.Field(description="Whether there was a session")
    reason: pl.String = pa.Field(description="Why, and where this is stated")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("calendar", "session")
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Stablecoins(Table):
    """Coins that are not bets of their own: pegged, wrapped or staked copies."""

    coin: pl.String = pa.Field(description="CoinGecko's id of the coin")
    kind: pl.String = pa.Field(isin=["stablecoin", "wrapped", "staked"], description="What it is")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("coin",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class FomcMeetings(Table):
    """Days on which the Federal Open Market Committee announced a decision."""

    announced_on: pl.Date = pa.Field(description="Day of the announcement")
    is_scheduled: pl.Boolean = pa.Field(description="Whether it was on the calendar")
    stated_by: pl.String = pa.Field(description="Where this is stated")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("announced_on",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Series(Table):
    """What has one value a day or a month and no exchange: one row per series."""

    series: pl.String = pa.Field(str_matches=r"^[A-Z0-9_]+$", description="Series: DFEDTARU")
    name: pl.String = pa.Field(description="Plain name, as used in sentences")
    dataset: pl.String = pa.Field(isin=["rates", "monthly_averages"], description="Its table")
    calendar: pl.String = pa.Field(
        nullable=True, description="Calendar of its days, of which none is missing; null: none"
    )
    first_as_of: pl.Date = pa.Field(description="First day its first source carries")
    publication_lag_days: pl.Int64 = pa.Field(
        ge=0, description="Days from the day or month until a source should have it"
    )
    sources: pl.String = pa.Field(
        str_matches=SOURCES, description="source:id, the primary first, then fallbacks"
    )
    caveat: pl.String = pa.Field(nullable=True, description="Label that travels with its numbers")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("series",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Pages(Table):
    """What a source serves whole, of many subjects at once: one row per page."""

    page: pl.String = pa.Field(str_matches=r"^[a-z0-9_]+$", description="Page")
    dataset: pl.String = pa.Field(
        isin=["coins", "coin_market", "coin_categories", "asset_caps", "reported_flows"],
        description="Its table",
    )
    every: pl.String = pa.Field(
        isin=["hour", "day"], description="How often it is asked for: what is not seen is lost"
    )
    sources: pl.String = pa.Field(
        str_matches=SOURCES, description="source:id, the primary first, then fallbacks"
    )

    class Config:
        """The key; the file is one snapshot."""

        unique = ("page",)
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


class Corrections(Table):
    """Wrong values that a source states, and the right ones: one row per row and column."""

    relation: pl.String = pa.Field(description="Table of the row, as in `bars`")
    key: pl.String = pa.Field(
        description="Key of the row, JSON: its columns, source included, and their values"
    )
    column_name: pl.String = pa.Field(description="Column of the wrong value; none of the key")
    expected: pl.String = pa.Field(
        nullable=True, description="The wrong value, as text: corrected only while it stands there"
    )
    corrected: pl.String = pa.Field(
        nullable=True, description="The right value, as text; as expected: it is confirmed"
    )
    reason: pl.String = pa.Field(description="What is wrong, or why it is right after all")
    stated_by: pl.String = pa.Field(description="Where the right value is stated")

    class Config:
        """The key; the file is one snapshot."""

        unique = ("relation", "key", "column_name")
        metadata = {"snapshot": ()}  # noqa: RUF012 -- pandera's own form


REFERENCE = (
    Assets,
    CalendarOverrides,
    Corrections,
    FomcMeetings,
    FundGroups,
    FundTerms,
    Funds,
    Instruments,
    KnownPeaks,
    Pages,
    Pairs,
    Series,
    Stablecoins,
    StressPeriods,
)
