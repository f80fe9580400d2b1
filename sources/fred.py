"""FRED, Federal Reserve Bank of St. Louis: policy rates, one value per series and day.

Docs       https://fred.stlouisfed.org/docs/api/fred/series_observations.html
Published  daily; a change of the target is dated the day after its announcement (since 2017)
Revised    in place, without a notice
"""

from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.fred import FredObservations
from schemas.validation import promised
from sources.delimited import rows
from sources.documents import document, found, names, part, records
from sources.sniffing import is_one_of, sniff

SOURCE = "fred"
BASE_URL = "https://fred.stlouisfed.org"
API = "api"
SITES = {API: "https://api.stlouisfed.org"}

DAYS = ("observation_date", "DATE")  # the first header, since and until about the end of 2024
LEVELS = "lin"  # the unit that is the value itself, neither a change nor a logarithm
MOST_ROWS = 100_000  # the API's own limit
LONGEST_WORDS = 200  # characters of an error that are quoted
OBSERVATION: dict[str, type[pl.DataType]] = {"date": pl.String, "value": pl.String}


def rates(series: str, symbol: str) -> Request:
    """Ask for the whole of a series as a table; no key is needed."""
    return Request(
        source=SOURCE,
        dataset="rates",
        subject=series,
        path="/graph/fredgraph.csv",
        params={"id": symbol},
        expects={"symbol": symbol},
    )


def rates_by_api(series: str, symbol: str) -> Request:
    """Ask for the whole of a series with a key, which the client adds as `api_key`.

    The answer does not name its series: that it is the one asked for cannot be checked. What it
    says of itself is its unit.
    """
    return Request(
        source=SOURCE,
        dataset="rates",
        subject=series,
        path="/fred/series/observations",
        params={
            "series_id": symbol,
            "file_type": "json",
            "limit": str(MOST_ROWS),
            "sort_order": "asc",
        },
        expects={"symbol": symbol, "units": LEVELS},
        site=API,
    )


def parse_rates(payload: bytes, capture: Capture) -> Parsed:
    """Read a table or the API's document into `rates`, as text, under the API's names.

    Raises:
        Refused: It is an error, another series, incomplete, cut off or without rows.
    """
    if is_one_of(payload, ["json"]):
        return of_document(document(payload, capture), capture)
    return of_table(rows(sniff(payload, capture, wanted="csv"), capture), capture)


def of_table(table: pl.DataFrame, capture: Capture) -> Parsed:
    """Take the days and the asked column of a table; an empty field is empty text, not null."""
    header = [name for name in table.columns if name != "position"]
    with having(columns := tuple(sorted(header))):
        days, values = header[0], asked_column(header, capture)
        served = table.select("position", date=days, value=pl.col(values).fill_null(""))
        return Parsed({"rates": promised(FredObservations, served, capture)}, columns)


def asked_column(header: list[str], capture: Capture) -> str:
    """Name the column of the series that was asked for, or refuse a table without days or it."""
    scope, expected = capture.request.scope, capture.request.expects.get("symbol", "")
    first, *series = header
    if first not in DAYS:
        raise Refused(f"{scope}: the header begins {first[:60]!r}, neither {' nor '.join(DAYS)}")
    if expected not in series:
        told = ", ".join(series)[:LONGEST_WORDS] or "no series"
        raise Refused(f"{scope}: the table is of {told} where {expected!r} was asked")
    return expected


def of_document(served: Any, capture: Capture) -> Parsed:  # noqa: ANN401 -- JSON is anything
    """Take the observations of the API's answer, all of them, in levels."""
    must_be_no_error(served, capture)
    listed = part(served, "observations", kind=list, capture=capture)
    with having(columns := names(listed)):
        must_be_levels(part(served, "units", kind=str, capture=capture), capture)
        must_be_all(len(listed), part(served, "count", kind=int, capture=capture), capture)
        observed = records(listed, OBSERVATION, capture)
        return Parsed({"rates": promised(FredObservations, observed, capture)}, columns)


def must_be_no_error(served: object, capture: Capture) -> None:
    """Refuse an error in FRED's words; the spaces in them vary."""
    code, told = found(served, "error_code"), found(served, "error_message")
    if code is not None or told is not None:
        words = " ".join(f"{code}: {told}".split())[:LONGEST_WORDS]
        raise Refused(f"{capture.request.scope}: FRED says {words!r}")


def must_be_levels(units: str, capture: Capture) -> None:
    """Refuse changes and logarithms of the values."""
    if units != LEVELS:
        told = f"units is {units[:60]!r} where {LEVELS!r} was asked"
        raise Refused(f"{capture.request.scope}: {told}")


def must_be_all(served: int, count: int, capture: Capture) -> None:
    """Refuse a part of a series, from wherever it was counted, and one of no observations."""
    if served != count:
        told = f"{served} of {count:,} observations were served: incomplete"
        raise Refused(f"{capture.request.scope}: {told}")
    if not served:
        raise Refused(f"{capture.request.scope}: the series has no observations")
