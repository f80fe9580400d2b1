"""The status and the gaps as a person reads them, short enough for a narrow terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from flows import terminal
from flows.terminal import span


def show(which: str, sections: dict[str, pl.DataFrame], now: datetime | None) -> None:
    """Print the status: what is late first, what there is none of in one line at the end."""
    [about] = sections["about"].to_dicts()
    terminal.console().print(f"Status of {which} ({about['origin']} data)", soft_wrap=True)
    told = {
        "freshness": freshness(sections["freshness"], now),
        "open gaps": open_gaps(sections["gaps"]),
        "last runs": last_runs(sections["last runs"]),
    }
    elsewhere = {*told, "about", "datasets", "gaps", "published", "writer"}
    told |= {name: in_short(frame) for name, frame in sections.items() if name not in elsewhere}
    for name, frame in told.items():
        if not frame.is_empty():
            terminal.console().print()
            terminal.show(frame, name, is_light=True)
    none = [name.partition(" (")[0] for name, frame in told.items() if frame.is_empty()]
    terminal.console().print()
    for line in [*last_lines(sections, now), f"none: {', '.join(none)}" if none else ""]:
        terminal.console().print(line, soft_wrap=True, markup=False)


def show_gaps(ranges: pl.DataFrame, *, with_state: bool) -> None:
    """Print gaps as ranges of days, and if wanted whether anybody still asks for them."""
    scope = pl.concat_str("source", "dataset", "subject", separator="/")
    detail = pl.col("detail").str.strip_prefix(scope + ": ")
    told = ranges.select(
        "dataset", "source", "subject",
        pl.col("first_day").alias("from"), pl.col("last_day").alias("to"), "days",
        pl.when("is_open").then(pl.lit("open")).otherwise(pl.lit("closed")).alias("state"),
        pl.concat_str("reason", detail, separator=": ", ignore_nulls=True).alias("reason"),
    )  # fmt: skip
    for (dataset, source), of_one in told.group_by("dataset", "source", maintain_order=True):
        listed = of_one.drop("dataset", "source", *([] if with_state else ["state"]))
        terminal.show(listed, f"{dataset} of {source}", is_light=True)
        terminal.console().print()
    if ranges.is_empty():
        terminal.console().print("no gaps")


def freshness(frame: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    """Say of each dataset and source that is switched on how fresh it is."""
    return pl.DataFrame(
        {
            "dataset": row["dataset"],
            "source": row["source"] + ("" if row["is_primary"] else " (fallback)"),
            "of": row["subjects"],
            "last day": row["last_day"],
            "loaded": loaded and f"{loaded} ago",
            "state": " ".join([row["state"], *late(row["hours_late"])]),
        }
        for row in frame.filter(pl.col("state") != "off").iter_rows(named=True)
        for loaded in [ago(row["last_loaded_at"], now)]
    )


def late(hours: float | None) -> list[str]:
    """Say how late, of what is late."""
    return [] if hours is None else [span(hours * 3600)]


def open_gaps(frame: pl.DataFrame) -> pl.DataFrame:
    """Count the market days that are missing and asked for."""
    return frame.filter("is_open").select(
        "dataset", "source", "reason",
        pl.col("subjects").alias("of"), "days",
        pl.col("first_day").alias("from"), pl.col("last_day").alias("to"),
    )  # fmt: skip


def last_runs(frame: pl.DataFrame) -> pl.DataFrame:
    """Say of each run when it began, how late, how long it took, and what went wrong."""
    told = pl.DataFrame(
        {
            "started (UTC)": minute(row["started_at"]),
            "flow": row["flow"],
            "late": None if row["scheduled_at"] is None else span(row["started_late_seconds"]),
            "took": ago(row["started_at"], row["finished_at"]),
            "state": row["state"],
            "problems": in_a_line(row["summary"]),
        }
        for row in frame.iter_rows(named=True)
    )
    return told.select(column for column in told if column.null_count() < told.height)


def in_a_line(problems: Sequence[str]) -> str | None:
    """Give the first problem, and say how many more there are."""
    more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
    return f"{problems[0]}{more}" if problems else None


def in_short(frame: pl.DataFrame) -> pl.DataFrame:
    """Write moments to the minute."""
    return frame.with_columns(pl.selectors.datetime().dt.strftime("%Y-%m-%d %H:%M"))


def last_lines(sections: dict[str, pl.DataFrame], now: datetime | None) -> Iterator[str]:
    """Say what is published, who writes, and what is switched off."""
    for row in sections["published"].iter_rows(named=True):
        held_back = "; a failing check holds a newer one back" if row["newer_is_blocked"] else ""
        yield f"published: {row['file']}, {ago(row['published_at'], now)} ago{held_back}"
    if sections["published"].is_empty():
        yield "published: nothing yet"
    [writer] = sections["writer"].to_dicts()
    yield f"writing: {writer['held_by'] or 'nobody'}"
    off = sections["freshness"].filter(pl.col("state") == "off").sort("dataset", "source")
    if names := dict.fromkeys(f"{row['dataset']} of {row['source']}" for row in off.to_dicts()):
        yield f"switched off: {', '.join(names)}"


def ago(moment: datetime | None, now: datetime | None) -> str | None:
    """Say how long before a moment another was."""
    return span(max(0.0, (now - moment).total_seconds())) if moment and now else None


def minute(moment: datetime) -> str:
    """Write a moment to the minute."""
    return f"{moment:%Y-%m-%d %H:%M}"
