"""A notebook on what is published: pick a subject, a day, and what was known then.

    marimo run notebook/silverstreak.py -- --data data/demo     (edit instead of run: to go on)

It asks the warehouse's own views, through the variables `as_of` and `known_at`, and draws.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="silverstreak")

with app.setup:
    import os
    from datetime import UTC, date, datetime, timedelta
    from pathlib import Path

    import altair as alt
    import duckdb
    import marimo as mo
    import polars as pl

    from warehouse.asking import nothing_known_before, origin, travel
    from warehouse.connection import SETTINGS, WarehouseError, connect_published

    alt.renderers.set_embed_options(actions=False, renderer="svg")

    # Each is to be seen on white and on black.
    STREAK, INFLOW, NO_INFLOW, LINE = "#1d7cb8", "#7a8f9d", "#c2703d", "#7f8c8d"
    MONTHS = 60
    MILLION = 1e6


@app.cell
def open_published():
    folder = mo.cli_args().get("data") or os.environ.get("SILVERSTREAK_DATA", "data")
    try:
        published = connect_published(Path(str(folder)))
    except WarehouseError as error:
        mo.stop(predicate=True, output=mo.callout(str(error), kind="danger"))
    notice = "synthetic data" if origin(published) == "synthetic" else ""
    return notice, published


@app.cell
def show_title(notice):
    heading = mo.md("# silverstreak\nWhat markets and funds did, as it was known at any time.")
    invented = mo.callout("Synthetic data: a made-up market. Nothing here is real.", kind="warn")
    mo.vstack([heading, invented] if notice else [heading])
    return


@app.cell
def find_bounds(published):
    subjects = ask(
        looking(published, None, None),
        """
        with named as (
            select distinct fund_group as subject, 1 as place, 'group of funds' as name
            from fund_groups
            union all
            select fund as subject, 2 as place, name from funds
            union all
            select instrument as subject, 3 as place, name from instruments
        ),

        first_named as (
            select subject, min(place) as place, arg_min(name, place) as name
            from named
            group by subject
        )

        select subject, subject || ' · ' || name as label
        from first_named
        where subject in (select subject from stated_facts)
        order by place, subject <> 'silver_physical', subject
        """,
    )
    mo.stop(
        subjects.is_empty(),
        mo.callout("No fact is published: run `silverstreak run`.", kind="danger"),
    )
    [[first_day, last_day, first_known, last_known]] = ask(
        looking(published, None, None),
        """
        select
            (select min(first_session) from latest_sessions) as first_day,
            (select max(as_of) from stated_facts) as last_day,
            first_known_at at time zone 'UTC' as first_known,
            last_known_at at time zone 'UTC' as last_known
        from about
        """,
    ).rows()
    # A minute is as fine as can be picked: the next full one after the last load.
    first_known = first_known.replace(second=0, microsecond=0)
    last_known = last_known.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return first_day, first_known, last_day, last_known, subjects


@app.cell
def offer(first_day, first_known, last_day, last_known, subjects):
    labels = dict(zip(subjects["label"], subjects["subject"], strict=True))
    subject_picker = mo.ui.dropdown(
        labels,
        value=next(iter(labels), None),
        allow_select_none=False,
        label="Subject",
        full_width=True,
    )
    moment_picker = (
        mo.md("{as_of} {known_at}")
        .batch(
            as_of=mo.ui.date(
                start=first_day, stop=last_day, value=last_day, label="Market day", full_width=True
            ),
            known_at=mo.ui.datetime(
                start=first_known,
                stop=last_known,
                value=last_known,
                label="Known at (UTC)",
                full_width=True,
            ),
        )
        .form(submit_button_label="Look from there", bordered=False)
    )
    mo.vstack([subject_picker, moment_picker])
    return moment_picker, subject_picker


@app.cell
def pick(last_day, last_known, moment_picker, subject_picker):
    subject = subject_picker.value
    _picked = moment_picker.value or {"as_of": last_day, "known_at": last_known}
    as_of = _picked["as_of"]
    # All that is known is no moment of its own: what runs then is told by the last run.
    known_at = _picked["known_at"].replace(tzinfo=UTC) if _picked["known_at"] < last_known else None
    return as_of, known_at, subject


@app.cell
def look(as_of, known_at, last_known, published):
    then = looking(published, as_of, known_at)
    since = looking(published, as_of, None)
    moment = f"{known_at or last_known:%Y-%m-%d %H:%M} UTC"
    unknown = nothing_known_before(then, known_at)
    seen = mo.md(f"Seen from **{as_of}**, with what was known at **{moment}**.")
    if unknown:
        seen = mo.callout(f"Nothing was known before {unknown:%Y-%m-%d %H:%M} UTC.", kind="warn")
    seen
    return moment, since, then


@app.cell
def find_flows(subject, then):
    months = ask(
        then,
        """
        select
            months.measure,
            months.month,
            months.net_flow,
            months.streak,
            months.complete,
            flow_unit(months.measure) as unit,
            case
                when runs.is_current then 'in the current streak'
                when months.net_flow > 0 then 'other inflow'
                when months.net_flow <= 0 then 'no inflow'
            end as kind
        from inflow_streaks as months
        left join inflow_runs as runs
            on months.subject = runs.subject
            and months.measure = runs.measure
            and months.first_month = runs.first_month
        where months.subject = $subject
        order by
            count(months.net_flow) over (partition by months.measure) desc,
            list_position(['shares', 'ounces', 'usd'], months.measure),
            months.month
        """,
        subject=subject,
    )
    runs = ask(
        then,
        """
        select measure, completed, on_track, first_month, last_month, is_current, at_least
        from inflow_runs
        where subject = $subject
        order by completed desc, on_track desc, first_month desc
        """,
        subject=subject,
    )
    return months, runs


@app.cell
def offer_measures(months, subject):
    measures = months["measure"].unique(maintain_order=True).to_list()
    measure_picker = mo.ui.radio(
        measures, value=next(iter(measures), None), inline=True, label="Counted in"
    )
    mo.vstack(
        [
            mo.md(f"## Monthly flows of {subject}"),
            measure_picker if measures else mo.md(f"No flows of {subject} were known."),
        ]
    )
    return (measure_picker,)


@app.cell
def show_flows(measure_picker, months, notice, runs):
    mo.stop(months.is_empty())
    counted = months.filter(measure=measure_picker.value)
    mo.vstack(
        [
            flow_chart(counted, notice),
            streak_chart(counted, notice),
            mo.md("Every run of months of inflows, the longest first:"),
            table(runs.filter(measure=measure_picker.value).drop("measure")),
        ]
    )
    return


@app.cell
def find_prices(subject, then):
    closes = ask(
        then,
        """
        select bars.session, bars.close, bars.currency, record_highs.kind as record
        from bars
        left join record_highs
            on bars.instrument = record_highs.instrument
            and bars.session = record_highs.session
            and record_highs.measure = 'close'
        where bars.instrument = $subject and bars.close is not null
        order by bars.session
        """,
        subject=subject,
    )
    records = ask(
        then,
        """
        select session, value, kind, previous_value, previous_at, observations
        from record_highs
        where instrument = $subject and measure = 'close'
        order by session desc
        """,
        subject=subject,
    )
    return closes, records


@app.cell
def show_prices(closes, notice, records, subject):
    mo.vstack(
        [
            mo.md(f"## Prices of {subject}"),
            mo.md(f"No prices of {subject} were known.")
            if closes.is_empty()
            else mo.vstack(
                [
                    price_chart(closes, notice),
                    mo.md("Record closes, the latest first:"),
                    table(records),
                ]
            ),
        ]
    )
    return


@app.cell
def find_changes(known_at, moment, since, subject):
    title = mo.md(f"## Believed of {subject} then, and not now")
    mo.stop(
        known_at is None,
        mo.vstack([title, mo.md("This is what is known now: choose an earlier moment above.")]),
    )
    asked = {"subject": subject, "known_at": known_at}
    retracted = ask(
        since,
        """
        select
            statement as stated_then,
            statement_now as stated_now,
            array_to_string(because, '; ') as because,
            fact,
            measure,
            as_of,
            stated_at,
            retracted_at
        from retractions
        where subject = $subject and stated_at <= $known_at and retracted_at > $known_at
        order by as_of desc, fact, measure
        """,
        **asked,
    )
    revised = ask(
        since,
        """
        select told, kind, as_of, known_at
        from revisions
        where
            known_at > $known_at
            and (
                entity = $subject
                or entity in (select fund from fund_groups where fund_group = $subject)
            )
        order by known_at desc, as_of desc, told
        """,
        **asked,
    )
    mo.vstack(
        [
            title,
            mo.md(f"Facts stated by {moment} that are not stated so now: {retracted.height}"),
            *(
                []
                if retracted.is_empty()
                else [table(retracted, "stated_then", "stated_now", "because")]
            ),
            mo.md(f"Rows that became known since, or were revised: {revised.height}"),
            *([] if revised.is_empty() else [table(revised, "told")]),
        ]
    )
    return retracted, revised


@app.cell
def find_facts(then):
    with mo.status.spinner("All facts of that moment are computed: some ten seconds"):
        facts = ask(then, "select * from facts order by subject, rank nulls last, fact, measure")
    return (facts,)


@app.cell
def show_facts(facts, moment, subject):
    stated = facts.filter(pl.col("subject") == subject).select(
        "statement", "fact", "measure", "as_of", "value", "unit", "rank", "of", "since", "view"
    )
    mo.vstack(
        [
            mo.md(f"## Facts on {subject}"),
            mo.md(f"No fact on {subject} could be stated at {moment}.")
            if stated.is_empty()
            else table(stated, "statement"),
        ]
    )
    return (stated,)


@app.function
def looking(
    published: duckdb.DuckDBPyConnection, as_of: date | None, known_at: datetime | None
) -> duckdb.DuckDBPyConnection:
    """Give a connection that looks from a day, with what was known at a moment."""
    connection = published.cursor()
    connection.execute(SETTINGS)
    travel(connection, as_of, known_at)
    return connection


@app.function
def ask(connection: duckdb.DuckDBPyConnection, query: str, **values: object) -> pl.DataFrame:
    """Answer a query, with values for its $names."""
    return connection.execute(query, values).pl()


@app.function
def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Write days as moments of local time: without one, a browser takes them for UTC."""
    return frame.with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%dT00:00:00"))


@app.function
def flow_chart(months: pl.DataFrame, notice: str) -> alt.Chart:
    """Draw the net flows of the latest months, the streak marked."""
    rows = alt.Chart(dated(months.tail(MONTHS))).encode(
        x=alt.X("yearmonth(month):T", title=None),
        y=alt.Y("net_flow:Q", title=f"net flow, {months['unit'][0]}", axis=alt.Axis(format="~s")),
    )
    kinds = ["in the current streak", "other inflow", "no inflow"]
    colours = alt.Scale(domain=kinds, range=[STREAK, INFLOW, NO_INFLOW])
    bars = rows.mark_bar().encode(
        color=alt.Color(
            "kind:N", scale=colours, legend=alt.Legend(title=None, orient="top", columns=2)
        ),
        opacity=alt.condition("datum.complete", alt.value(1), alt.value(0.6)),
        tooltip=[
            alt.Tooltip("month:T", format="%B %Y"),
            alt.Tooltip("net_flow:Q", format=",.0f", title="net flow"),
            alt.Tooltip("streak:Q", title="months in a row"),
            alt.Tooltip("complete:N"),
        ],
    )
    return dressed(bars, ["Net flow of each month", streak_told(months), notice], 260)


@app.function
def streak_told(months: pl.DataFrame) -> str:
    """Say how long the streak is at its end."""
    last = months.row(-1, named=True)
    if last["streak"] is None:
        return "Whether it is in a streak cannot be told"
    running = "" if last["complete"] else ", the running one counted"
    return f"Months of inflows in a row: {last['streak']}{running}"


@app.function
def streak_chart(months: pl.DataFrame, notice: str) -> alt.Chart:
    """Draw how many months in a row there had been inflows, at each month there is."""
    bars = (
        alt.Chart(dated(months))
        .mark_bar(color=STREAK, binSpacing=0)
        .encode(
            x=alt.X("yearmonth(month):T", title=None),
            y=alt.Y("streak:Q", title="months", axis=alt.Axis(tickMinStep=1)),
            tooltip=[alt.Tooltip("month:T", format="%B %Y"), "streak:Q"],
        )
    )
    return dressed(bars, ["Months of inflows in a row, ever", notice], 140)


@app.function
def price_chart(closes: pl.DataFrame, notice: str) -> alt.LayerChart:
    """Draw closes as a line, and record highs as points on it."""
    rows = alt.Chart(dated(closes)).encode(
        x=alt.X("session:T", title=None),
        y=alt.Y("close:Q", title=f"close, {closes['currency'][-1]}"),
    )
    points = rows.transform_filter("datum.record != null").mark_point(
        color=STREAK, filled=True, size=18, opacity=1
    )
    said = [alt.Tooltip("session:T", format="%-d %b %Y"), "close:Q", "record:N"]
    line = rows.mark_line(color=LINE, strokeWidth=1.2)
    chart = line + points.encode(tooltip=said)
    return dressed(chart, ["Closes, and records among them", notice], 260)


@app.function
def dressed(chart: alt.TopLevelMixin, told: list[str], height: int) -> alt.TopLevelMixin:
    """Head a chart, with what must be said of its data, and make it as wide as the page."""
    heading, *notes = filter(None, told)
    return chart.properties(
        title=alt.Title(heading, subtitle=notes, anchor="start"),
        description=". ".join([heading, *notes]),
        width="container",
        height=height,
    ).configure(background="transparent")


@app.function
def in_figures(value: float | None) -> str:
    """Write a number with as many digits as say something."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= MILLION else f"{value:,.6g}"


@app.function
def table(frame: pl.DataFrame, *wide: str) -> mo.ui.table:
    """Show a frame page by page; text in wide columns is wrapped."""
    return mo.ui.table(
        frame,
        selection=None,
        page_size=5,
        show_column_summaries=False,
        wrapped_columns=list(wide),
        column_widths=dict.fromkeys(wide, 300),
        format_mapping={"value": in_figures},
    )


if __name__ == "__main__":
    app.run()
