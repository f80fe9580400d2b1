"""The charts: one function each, from an exhibit's rows to a Vega-Lite chart.

Colours are the page's own CSS variables, so that one chart serves in light and in dark.
"""

from collections.abc import Callable
from typing import Any

import altair as alt
import polars as pl

Chart = alt.Chart | alt.LayerChart | alt.FacetChart
Draw = Callable[[pl.DataFrame, str], Chart]

INK, MUTED, GRID = "var(--ink)", "var(--muted)", "var(--line)"
ACCENT, SOFT, DOWN = "var(--accent)", "var(--soft)", "var(--down)"
LINES = [f"var(--line-{number})" for number in range(1, 9)]
ROW = 22
AROUND = {"left": 2, "top": 5, "right": 16, "bottom": 5}
BROAD = 500  # from this width on there is room for four names in a row
POINTED = "pointed"
NOTICE = "SYNTHETIC DATA: a made-up market"
BILLIONS = "replace(datum.label, 'G', 'B')"  # as people write them
RUNNING = 0.55  # opacity of what is not over yet
MARKED = 3
ROOM = 0.35  # of the width
MILLIONS, PRICE, PLAIN = "~s", ",.4~f", ",f"
PERCENT = "+.1%"
DAY = "%-d %b %Y"


def dressed(chart: Chart, width: int | None, *, is_synthetic: bool) -> dict[str, Any]:
    """Write a chart as Vega-Lite in our dress: a still of a width, or live, as wide as it may be.

    What is there to be pointed at is left out of a still.
    """
    title = alt.Title(NOTICE, color=DOWN, fontSize=11, anchor="start") if is_synthetic else ""
    dressed = (
        chart.properties(width=width or "container", title=title)
        .configure(padding=AROUND, background="transparent", font="Helvetica, Arial, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, gridColor=GRID, domainColor=GRID, tickColor=GRID,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelOverlap="greedy",
            labelSeparation=12,
        )
        .configure_legend(
            labelColor=INK, labelFontSize=12, orient="top", title=None, labelLimit=0,
            columns=2 if width and width < BROAD else 4, symbolStrokeWidth=3,
        )
        .configure_text(color=INK, fontSize=11)
    )  # fmt: skip
    spec: dict[str, Any] = dressed.to_dict(format="vega-lite")
    if width and "layer" in spec:
        spec["layer"] = [layer for layer in spec["layer"] if layer.get("name") != POINTED]
        spec.pop("params", None)
    return spec


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Write days as moments of local time: without one, JavaScript takes them for UTC."""
    return frame.with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%dT00:00:00"))


def time(column: str) -> alt.X:
    """Lay a column of days from left to right."""
    return alt.X(f"{column}:T", title=None, axis=alt.Axis(grid=False, tickCount=6))


def amount(column: str, title: str, form: str = MILLIONS, *, zero: bool = False) -> alt.Y:
    """Lay a column of numbers upwards."""
    return alt.Y(
        f"{column}:Q", title=title, scale=alt.Scale(zero=zero, nice=True),
        axis=alt.Axis(format=form, tickCount=5, labelExpr=BILLIONS),
    )  # fmt: skip


def told(*columns: tuple[str, str, str]) -> list[alt.Tooltip]:
    """Say what is shown of a mark that is pointed at: columns, their titles and formats."""
    return [alt.Tooltip(name, title=title, format=form) for name, title, form in columns]


def closes(frame: pl.DataFrame, _: str) -> Chart:
    """Draw closes as a line, and records as points on it."""
    rows = alt.Chart(dated(frame)).encode(x=time("session"), y=amount("close", "close", PLAIN))
    records = rows.transform_filter("datum.record != null").mark_point(
        color=ACCENT, fill=ACCENT, size=22, opacity=0.9
    )
    said = (("session:T", "session", DAY), ("close:Q", "close", PRICE), ("record:N", "record", ""))
    return rows.mark_line(color=INK, strokeWidth=1.6) + records + pointed(rows, *said)


def years(frame: pl.DataFrame, _: str) -> Chart:
    """Draw the return of each year as a bar, the running one marked."""
    return sides(frame, "complete", ("whole year", SOFT), ("to date", ACCENT)).encode(
        x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
        y=amount("price_return", "price return", "+.0%", zero=True),
        tooltip=told(
            ("year:O", "year", ""),
            ("price_return:Q", "price return", PERCENT),
            ("base_close:Q", "from", PRICE),
            ("close:Q", "to", PRICE),
        ),
    )


def months(frame: pl.DataFrame, _: str) -> Chart:
    """Draw monthly flows as bars: the latest streak marked and counted, the running month pale."""
    in_streak = pl.col("in_latest_streak") & (pl.col("streak") > 0)
    return flows(frame, "month", "%b %y", in_streak, "the latest streak", "streak")


def weeks(frame: pl.DataFrame, _: str) -> Chart:
    """Draw weekly flows as bars: the largest ones marked with their rank, the running one pale."""
    is_large = pl.col("rank") <= MARKED
    return flows(frame, "week", "%-d %b", is_large, "the three largest", "rank")


def flows(  # noqa: PLR0913, PLR0917 -- all that two charts differ in
    frame: pl.DataFrame, day: str, form: str, marked: pl.Expr, mark: str, count: str
) -> Chart:
    """Draw flows of periods as bars, some of them marked and numbered, the running one pale."""
    kind = (
        pl.when(marked)
        .then(pl.lit(mark))
        .when(pl.col("net_flow") > 0)
        .then(pl.lit("other inflows"))
        .otherwise(pl.lit("no inflow"))
    )
    rows = alt.Chart(
        dated(frame.with_columns(kind=kind, number=pl.when(marked).then(count)))
    ).encode(
        x=alt.X(f"{day}:O", title=None, axis=days_told(form)),
        y=amount("net_flow", "net flow", zero=True),
    )
    bars = rows.mark_bar().encode(
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(
                domain=[mark, "other inflows", "no inflow"], range=[ACCENT, SOFT, DOWN]
            ),
        ),
        opacity=alt.condition("datum.complete", alt.value(1), alt.value(RUNNING)),
        tooltip=told(
            (f"{day}:T", f"{day} from", DAY),
            ("net_flow:Q", "net flow", ",.0f"),
            (f"{count}:Q", {"streak": "months in a row"}.get(count, count), ""),
            ("complete:N", "complete", ""),
        ),
    )
    numbers = rows.transform_filter("isValid(datum.number)").mark_text(dy=-7, fontSize=9)
    return bars + numbers.encode(text="number:Q")


def days_told(form: str) -> alt.Axis:
    """Write the days of an ordinal axis, as many as there is room for."""
    return alt.Axis(labelAngle=0, labelExpr=f"timeFormat(toDate(datum.value), '{form}')")


def sides(frame: pl.DataFrame, flag: str, yes: tuple[str, str], no: tuple[str, str]) -> alt.Chart:
    """Draw bars of two kinds: a column says which."""
    kind = pl.when(flag).then(pl.lit(yes[0])).otherwise(pl.lit(no[0]))
    scale = alt.Scale(domain=[yes[0], no[0]], range=[yes[1], no[1]])
    rows = alt.Chart(dated(frame.with_columns(kind=kind)))
    return rows.mark_bar().encode(color=alt.Color("kind:N", scale=scale))


def levels(frame: pl.DataFrame, _: str) -> Chart:
    """Draw what each fund holds as a line."""
    return lines(frame, "as_of", "amount", "fund", "held", MILLIONS)


def rebased(frame: pl.DataFrame, name: str) -> Chart:
    """Draw benchmarks as lines from 100, the subject's own thicker."""
    return lines(frame, "session", "rebased", "name", "end of last year = 100", PLAIN, name)


def lines(  # noqa: PLR0913, PLR0917 -- all that charts of lines differ in
    frame: pl.DataFrame, day: str, value: str, series: str, title: str, form: str, name: str = ""
) -> Chart:
    """Draw a line for each of some series, one of them thicker, and what is pointed at."""
    names = frame[series].unique(maintain_order=True).to_list()
    rows = alt.Chart(dated(frame)).encode(
        x=time(day),
        y=amount(value, title, form),
        color=alt.Color(
            f"{series}:N",
            scale=alt.Scale(domain=names, range=LINES[: len(names)]),
            legend=alt.Legend() if len(names) > 1 else None,
        ),
    )
    thick = alt.condition(alt.datum[series] == name, alt.value(3), alt.value(1.6))
    said = ((f"{series}:N", "", ""), (f"{day}:T", "day", DAY), (f"{value}:Q", title, ",.4~s"))
    return rows.mark_line().encode(strokeWidth=thick) + pointed(rows, *said)


def pointed(rows: alt.Chart, *said: tuple[str, str, str]) -> alt.Chart:
    """Show the point that is nearest to where somebody points, and what is said of it."""
    near = alt.selection_point(nearest=True, on="pointerover", empty=False, clear="pointerout")
    shown = alt.condition(near, alt.value(1), alt.value(0))
    points = rows.mark_point(filled=True, size=50, color=INK)
    return (
        points.encode(opacity=shown, tooltip=told(*said)).add_params(near).properties(name=POINTED)
    )


def rate(frame: pl.DataFrame, _: str) -> Chart:
    """Draw a cross rate as a line."""
    rows = alt.Chart(dated(frame)).encode(x=time("as_of"), y=amount("rate", "rate", PLAIN))
    said = (("as_of:T", "day", DAY), ("rate:Q", "rate", PRICE))
    return rows.mark_line(color=ACCENT, strokeWidth=1.6) + pointed(rows, *said)


def ratio(frame: pl.DataFrame, _: str) -> Chart:
    """Draw a weekly rate and its mean as lines."""
    both = frame.unpivot(["ratio", "mean"], index="week", variable_name="line")
    named = pl.col("line").replace({"ratio": "week's end", "mean": "50-week mean"})
    return lines(both.with_columns(named), "week", "value", "line", "rate", PLAIN)


def league(frame: pl.DataFrame, name: str) -> Chart:
    """Draw the return of each asset as a bar, the subject's own marked."""
    return ranked(frame, "change", PERCENT, pl.col("name") == name, name)


def coins(frame: pl.DataFrame, _: str) -> Chart:
    """Draw what each coin changed as a bar, the fallen ones marked."""
    known = frame.drop_nulls("change_24h")
    return ranked(known, "change_24h", PERCENT, pl.col("change_24h") < 0, "down", DOWN, "not down")


def ranks(frame: pl.DataFrame, name: str) -> Chart:
    """Draw the market cap of each asset as a bar, the subject's own marked."""
    return ranked(frame, "market_cap", ".3~s", pl.col("is_subject"), name)


def ranked(  # noqa: PLR0913, PLR0917 -- all that charts of ranks differ in
    frame: pl.DataFrame,
    value: str,
    form: str,
    marked: pl.Expr,
    mark: str,
    colour: str = ACCENT,
    rest: str = "others",
) -> Chart:
    """Draw a bar for each row, from above in their order, with its number at its end."""
    bars = sides(frame.with_columns(_marked=marked), "_marked", (mark, colour), (rest, SOFT))
    axis = alt.Axis(format=form, tickCount=4, labelExpr=BILLIONS)
    names = alt.Axis(labelLimit=150, labelOverlap=False, grid=False)
    bars = bars.encode(
        x=alt.X(f"{value}:Q", title=None, scale=roomy(frame[value]), axis=axis),
        y=alt.Y("name:N", sort=None, title=None, axis=names),
        tooltip=told(("rank:Q", "rank", ""), ("name:N", "name", ""), (f"{value}:Q", "is", form)),
    )

    def ends(texts: alt.Chart) -> alt.Chart:
        return texts.encode(text=alt.Text(f"{value}:Q", format=form), color=alt.value(INK))

    above = ends(bars.transform_filter(f"datum.{value} >= 0").mark_text(align="left", dx=4))
    below = ends(bars.transform_filter(f"datum.{value} < 0").mark_text(align="right", dx=-4))
    return (bars + above + below).properties(height=ROW * frame.height)


def roomy(values: pl.Series) -> alt.Scale:
    """Leave room for a number beyond the longest bar, and begin at zero."""
    numbers: list[float] = [0.0, *values.drop_nulls().to_list()]
    low, high = min(numbers), max(numbers)
    room = ROOM * (high - low)
    return alt.Scale(domain=[low - room if low else 0, high + room], nice=False)
