"""What is missing, and why: as ranges of days, and counted by reason."""

from collections.abc import Collection, Iterable

import duckdb
import polars as pl

from flows.datasets import DATASETS
from flows.planning import Carried, carries
from flows.registry import FEEDS
from flows.settings import General
from warehouse import asking

RANGES = "from gap_ranges order by dataset, source, subject, first_day"
SUBJECTS = """
    select instrument from instrument_sources
    union
    select fund from fund_sources
    union
    select series from series_sources
    union
    select page from page_sources
"""


class UnknownName(ValueError):  # noqa: N818 -- it is the user's, not ours
    """There is no such dataset or subject; the message is one line."""


def ranges(
    warehouse: duckdb.DuckDBPyConnection,
    settings: General,
    names: Collection[str] = (),
    carried: Carried = None,
) -> pl.DataFrame:
    """Give the gaps of datasets and subjects (none named: of all), of what is switched on.

    Where both are named, those of these datasets and these subjects. What a sandbox does not carry
    is left out.

    Raises:
        UnknownName: There is no dataset or subject of such a name.
    """
    datasets, subjects = sorted_out(warehouse, names)
    followed = switched_on(warehouse, settings)
    found = asking.ask(warehouse, RANGES).join(followed, on=["dataset", "source"], how="semi")
    if datasets:
        found = found.filter(pl.col("dataset").is_in(datasets))
    if subjects:
        found = found.filter(pl.col("subject").is_in(subjects))
    is_carried = [carries(carried, row) for row in found.iter_rows(named=True)]
    return found.filter(pl.Series(is_carried, dtype=pl.Boolean))


def by_reason(found: pl.DataFrame) -> pl.DataFrame:
    """Count gaps by dataset, source and reason."""
    return (
        found.group_by("dataset", "source", "reason", "is_open")
        .agg(
            subjects=pl.col("subject").n_unique(),
            days=pl.col("days").sum(),
            first_day=pl.col("first_day").min(),
            last_day=pl.col("last_day").max(),
        )
        .sort("dataset", "source", "reason")
    )


def switched_on(warehouse: duckdb.DuckDBPyConnection, settings: General) -> pl.DataFrame:
    """List which source's datasets the settings switch on; in another world than ours, all are."""
    is_live = asking.origin(warehouse) == "live"
    on = [
        (feed.dataset, feed.source)
        for feed in FEEDS
        if not is_live or feed.dataset in settings.provider(feed.source).wanted
    ]
    return pl.DataFrame(on, schema={"dataset": pl.String, "source": pl.String}, orient="row")


def sorted_out(
    warehouse: duckdb.DuckDBPyConnection, names: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Tell datasets from subjects."""
    known = {subject for (subject,) in warehouse.execute(SUBJECTS).fetchall()}
    datasets: list[str] = [name for name in names if name in DATASETS]
    subjects = [name for name in names if name not in DATASETS]
    if unknown := [name for name in subjects if name not in known]:
        raise UnknownName(
            f"there is no dataset and no subject {', '.join(unknown)}: datasets are "
            f"{', '.join(DATASETS)}; subjects are the instruments, funds, series and pages of "
            "warehouse/reference"
        )
    return datasets, subjects
