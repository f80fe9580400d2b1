"""The command line: `silverstreak --help`. Prefect is imported only by commands that need it."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import cyclopts
from cyclopts import App, Group, Parameter
from pydantic import ValidationError

from flows import terminal
from flows.datasets import Dataset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from warehouse.claims import Answer

app = App(
    name="silverstreak",
    help=(
        "Record what markets and funds state, and ask it with SQL: for any day, as it was known "
        "at any time."
    ),
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,
)

alerts = app.command(App(name="alerts"))

Data = Annotated[
    Path | None,
    Parameter(help="Data folder [default: ./data, or SILVERSTREAK_DATA].", group=Group("Common")),
]
Debug = Annotated[
    bool, Parameter(help="Show the trace of an error.", negative="", group=Group("Common"))
]
AsOf = Annotated[
    date | None,
    Parameter(help="Look from this market day (YYYY-MM-DD): later days are hidden."),
]
KnownAt = Annotated[
    datetime | None,
    Parameter(
        help="With only what was known at this moment, e.g. 2025-12-12T08:00 (UTC unless it says "
        "otherwise; a day alone means its beginning)."
    ),
]


@app.command
def demo(*, timings: bool = False, data: Data = None, debug: Debug = False) -> int:
    """Run the whole pipeline offline, on a synthetic market, in one command.

    Starts a market on this machine, lives through its last five days, publishes, and prints the
    facts. Nothing in it is real. Its folder is ./data/demo unless --data says otherwise; a second
    run stores nothing twice.

    Parameters
    ----------
    timings
        Print how long each step took.
    """
    from flows import demo as demonstration  # noqa: PLC0415 -- Prefect takes seconds to import

    folder = data or Path(os.environ.get("SILVERSTREAK_DATA", "data/demo"))
    return demonstration.demo(folder, timings=timings, debug=debug)


@app.command
def run(
    *datasets: Dataset,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Fetch what is missing, load it, check it and publish it.

    Safe to repeat, and to interrupt: what is known already is not stored twice, and the next run
    fetches what this one did not. Ends with status 1 if something was not recorded.

    Parameters
    ----------
    datasets
        What to record [default: everything that is switched on].
    """
    use(data)
    from flows import running  # noqa: PLC0415 -- Prefect takes seconds to import

    return running.run(datasets, debug=debug)


@app.command
def serve(*, data: Data = None, debug: Debug = False) -> int:
    """Run everything by its schedule, until Ctrl-C or SIGTERM.

    Starts Prefect's server with its pages for this data folder, unless PREFECT_API_URL names one,
    and begins by catching up with what is late. The times are settings, such as
    SILVERSTREAK_SCHEDULES__BARS__CRON and ..__TIMEZONE: see docs/operations.md.
    """
    use(data)
    from flows import serving  # noqa: PLC0415 -- commands import what they need

    return serving.serve(debug=debug)


@app.command
def backfill(
    *,
    first: Annotated[date, Parameter(name="--from")],
    last: Annotated[date, Parameter(name="--to")],
    only: Annotated[list[str] | None, Parameter(consume_multiple=True, negative="")] = None,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Fetch what is missing of a span of the past, load it, check it and publish it.

    For example: silverstreak backfill --from 2024-01-01 --to 2024-12-31 --only holdings IVV

    Safe to interrupt and to repeat: it goes on where it was, and asks for nothing twice. Runs go on
    beside it. Holdings older than the first ones stored are recorded in this way only. Ends with
    status 1 if something was not recorded.

    Parameters
    ----------
    first
        First market day (YYYY-MM-DD).
    last
        Last market day (YYYY-MM-DD).
    only
        Datasets (quotes, valuations, holdings, rates, monthly_averages) or subjects (instruments,
        funds, series), or both [default: everything that is switched on].
    """
    use(data)
    from flows import backfilling, running  # noqa: PLC0415 -- commands import what they need

    try:
        return running.backfill(first, last, only or (), debug=debug)
    except backfilling.WrongUse as error:
        terminal.complain(f"{error} (see silverstreak --help)")
        return 2


@app.command
def publish(*, data: Data = None, debug: Debug = False) -> int:
    """Check the warehouse as it stands, and publish it. A failing check leaves the last one up."""
    use(data)
    from flows import running  # noqa: PLC0415 -- Prefect takes seconds to import

    return running.publish(debug=debug)


@app.command
def replay(
    *, verify: bool = False, rejected: bool = False, data: Data = None, debug: Debug = False
) -> int:
    """Rebuild the warehouse from its captures alone, without asking anybody, and swap it in.

    The rebuilt one is written beside the old one and takes its place in one step, so that a crash
    leaves the old one. What is published stays up until `silverstreak publish`.

    Parameters
    ----------
    verify
        Only compare: rebuild, tell in which tables the two differ, and keep the old one. Ends with
        status 1 if they differ.
    rejected
        Only try again what was rejected or refused, with today's parsers.
    """
    folder = use(data)
    from flows import replaying  # noqa: PLC0415 -- commands import what they need

    if verify and rejected:
        terminal.complain("choose one of --verify and --rejected (see silverstreak --help)")
        return 2
    if rejected:
        return replaying.retry_and_tell(folder)
    return replaying.verify_and_tell(folder) if verify else replaying.replay_and_tell(folder)


@app.command
def rejections(
    *,
    resolved: bool = False,
    format: terminal.Format = "table",  # noqa: A002 -- the option's name
    output: Path | None = None,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """List the rows that broke a promise, counted by provider and check, and as they were served.

    A good row of the same key closes a rejection, and so does a better parser:
    `silverstreak replay --rejected`.

    Parameters
    ----------
    resolved
        List also those that are closed.
    format
        table, csv, json, parquet or xlsx; all but the first give the rows alone.
    output
        File to write instead of the terminal; parquet and xlsx need one.
    """
    from flows import status as reporting  # noqa: PLC0415 -- commands import what they need

    reporting.show_rejections(use(data), format, output, resolved=resolved)
    return 0


@app.command
def gaps(
    *names: str,
    all: bool = False,  # noqa: A002 -- the option's name
    format: terminal.Format = "table",  # noqa: A002 -- the option's name
    output: Path | None = None,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """List the market days that are missing, as ranges of days, and say why.

    For example: silverstreak gaps holdings IVV

    The next run asks for what is open. What the settings switch off is left out.

    Parameters
    ----------
    names
        Datasets or subjects (instruments, funds, series, pages), or both [default: everything].
    all
        List also what is not asked for any more: the provider has none, it is out of reach (see
        silverstreak backfill), or it was served on its day only.
    format
        table, csv, json, parquet or xlsx.
    output
        File to write instead of the terminal; parquet and xlsx need one.
    """
    from flows import gaps as missing  # noqa: PLC0415 -- commands import what they need
    from flows import status as reporting  # noqa: PLC0415 -- the same

    try:
        reporting.show_gaps(use(data), names, format, output, closed=all)
    except missing.UnknownName as error:
        terminal.complain(f"{error} (see silverstreak --help)")
        return 2
    return 0


@app.command
def doctor(*, data: Data = None, debug: Debug = False) -> int:
    """Look at every file of the data folder, and say what is wrong and what to do.

    Changes nothing. Ends with status 1 if something is wrong.
    """
    folder = use(data)
    from flows import doctor as looking  # noqa: PLC0415 -- commands import what they need

    found = list(looking.findings(folder))
    for finding in found:
        terminal.complain(finding)
    if not found:
        sys.stdout.write(f"{looking.summary(folder)}: nothing is wrong\n")
    return 1 if found else 0


@app.command
def rollback(*, data: Data = None, debug: Debug = False) -> int:
    """Put up again the copy that was published before the one that is up.

    Repeat it to go further back: the last five copies are kept. Readers see it as soon as they
    open the file anew. The warehouse stays as it is: the next publish puts its newest state up.
    """
    folder = use(data)
    from flows.settings import Settings  # noqa: PLC0415 -- commands import what they need
    from warehouse import copies, publishing  # noqa: PLC0415 -- the same

    file = publishing.rollback(folder, Settings().writer_wait)
    moment = f"{copies.published_at(file):%Y-%m-%d %H:%M:%S} UTC"
    sys.stdout.write(f"{file.name} is up now, published {moment}\n")
    return 0


@app.command
def sql(
    query: str,
    /,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    format: terminal.Format = "table",  # noqa: A002 -- the option's name
    output: Path | None = None,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Ask the published warehouse with SQL.

    For example: silverstreak sql "select * from inflow_streaks where subject = 'SLV'"

    What there is to ask, and what a view says and means: silverstreak describe [VIEW].
    Nothing outside the published file can be read or written. A table on a terminal shows the
    first 100 rows; piped, in a file, and in every other format there are all.

    Parameters
    ----------
    query
        One SELECT, DESCRIBE or SHOW.
    format
        table, csv, json, parquet or xlsx (Excel).
    output
        File to write instead of the terminal; parquet and xlsx need one.
    """
    from warehouse import asking  # noqa: PLC0415 -- commands import what they need

    with published(use(data), as_of, known_at) as warehouse:
        most = terminal.MOST_ROWS + 1 if terminal.is_cut(format, output) else None
        answer = asking.ask(warehouse, query, most)
        note = "synthetic data" if asking.origin(warehouse) == "synthetic" else ""
    terminal.write(answer, format, output, note)
    return 0


@app.command
def shell(
    *, as_of: AsOf = None, known_at: KnownAt = None, data: Data = None, debug: Debug = False
) -> None:
    """Ask in DuckDB's own client, with history and completion: read-only, on the published file.

    Views and macros look from --as-of, with what was known at --known-at; in the client the same is
    `set variable as_of = date '2025-12-08'`. Files of yours can be read there, and answers written.
    Without a terminal it answers what it is given: silverstreak shell < queries.sql
    """
    folder, moment = use(data), in_utc(known_at)
    from flows import shell as client  # noqa: PLC0415 -- commands import what they need
    from warehouse import asking  # noqa: PLC0415 -- the same

    with published(folder, as_of, moment) as warehouse:
        seen = asking.standpoint(warehouse)
    client.enter(folder, seen, as_of, moment)


@app.command
def export(
    folder: Path,
    /,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Export every view as Parquet, with a datapackage.json that says what each column means.

    A Frictionless Data Package, version 2. Macros cannot be exported. An earlier export in the
    folder stays whole until the new one is; a folder that holds anything else is left alone.

    Parameters
    ----------
    folder
        Folder to write to; it is created if it is not there.
    """
    from flows import exporting  # noqa: PLC0415 -- commands import what they need
    from warehouse.connection import connect_published  # noqa: PLC0415 -- the same

    with published(use(data), as_of, known_at, connect_published) as warehouse:
        exporting.export(warehouse, folder)
    return 0


@app.command
def claims(
    file: Path | None = None,
    /,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    format: Literal["table", "json"] = "table",  # noqa: A002 -- the option's name
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Answer an article's sentences: holds, does not hold, or cannot be told, and why.

    Ends with status 0 whatever the verdicts, and with 1 if a claim could not be run.

    Parameters
    ----------
    file
        A claims file [default: the article of 2025-12-11 that silverstreak began with].
    as_of
        Look from this market day [default: the article's own day, from the file].
    """
    from warehouse import claims as answering  # noqa: PLC0415 -- commands import what they need

    article = answering.read(file or answering.SILVER)
    day = as_of or article.get("as_of")
    with published(use(data), day, known_at) as warehouse:
        answers = answering.answers(warehouse, article)
    if format == "json":
        sys.stdout.write(json.dumps(as_json(answers, day, known_at), indent=2) + "\n")
    else:
        terminal.show_claims(
            answers, f"{article.get('title', file)} (as of {day or 'the latest day'})"
        )
    faults = [answer for answer in answers if answer.fault]
    for answer in faults:
        terminal.complain(f"claim {answer.id} could not be run: {answer.fault}")
    return 1 if faults else 0


@app.command
def brief(
    *,
    subject: str | None = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    output: Path = Path("brief.html"),
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Write the day's brief: facts by significance, with charts, in one file to open in a browser.

    For example: silverstreak brief --subject gold --as-of 2025-11-28

    It needs no network. The same is written as Markdown beside it. After every publish there is one
    in published/brief.html, on the subject in SILVERSTREAK_BRIEF (none: no brief).

    Parameters
    ----------
    subject
        An asset, a group of funds, a fund or an instrument, such as gold_physical, SLV or BTC-USD
        [default: silver, or SILVERSTREAK_BRIEF].
    output
        HTML file to write.
    """
    from flows import briefing  # noqa: PLC0415 -- commands import what they need
    from flows.settings import Settings  # noqa: PLC0415 -- the same

    folder = use(data)
    with published(folder, as_of, known_at) as warehouse:
        chosen = subject or briefing.chosen(Settings())
        files = briefing.write(warehouse, chosen, output)
    sys.stdout.write(f"{' and '.join(map(str, files))}\n")
    return 0


@app.command
def describe(name: str | None = None, /, *, debug: Debug = False) -> int:
    """Say what a view, fact, table or macro means: its grain, its columns, and where they are from.

    Without a name, list them all. docs/dictionary.md says the same of all of them.

    Parameters
    ----------
    name
        A view, fact, table or macro, such as inflow_streaks.
    """
    from warehouse import dictionary  # noqa: PLC0415 -- commands import what they need

    if name is not None:
        sys.stdout.write(dictionary.describe(name) + "\n")
        return 0
    for listed, kind, told in dictionary.overview():
        sys.stdout.write(f"{kind:6} {listed:28} {told}\n")
    return 0


@app.command
def status(
    *,
    format: Literal["table", "json"] = "table",  # noqa: A002 -- the option's name
    data: Data = None,
    debug: Debug = False,
) -> int:
    """Show what the warehouse holds, how fresh it is, and what is wrong with it."""
    from flows import status as reporting  # noqa: PLC0415 -- commands import what they need

    reporting.show(use(data), format)
    return 0


@alerts.default
def list_alerts(
    *,
    format: Literal["table", "json"] = "table",  # noqa: A002 -- the option's name
    data: Data = None,
    debug: Debug = False,
) -> int:
    """List what there was to be alerted to, the latest first, and whether it was sent.

    Records, streaks and large weeks; datasets that are late; checks that fail; sources that change
    their columns. Each is raised once, and sent to the addresses in SILVERSTREAK_ALERTS__URLS.
    """
    from flows import alerting  # noqa: PLC0415 -- commands import what they need

    alerting.show(use(data), format)
    return 0


@alerts.command(name="test")
def try_alerts(*, debug: Debug = False) -> int:
    """Send a test message to every address, and say for each whether it arrived.

    Ends with status 1 if one did not.
    """
    from flows import alerting, server  # noqa: PLC0415 -- commands import what they need
    from flows.settings import Settings  # noqa: PLC0415 -- the same

    server.reach_loopback_without_proxy()
    return alerting.test(Settings())


@app.command
def sandbox(
    *,
    history: Path | None = None,
    today: date = date(2025, 12, 11),
    port: int = 8765,
    faults: float = 0,
    seed: int = 0,
    debug: Debug = False,
) -> int:
    """Serve a market on this machine that speaks the providers' own wire formats.

    Point the pipeline at it with SILVERSTREAK_SANDBOX=URL (printed at the start). Ctrl-C ends it.

    Parameters
    ----------
    history
        Folder of real series to serve [default: a built-in synthetic market].
    today
        Last market day that is served; the sandbox's clock starts on the next, at 18:00 UTC.
    port
        Port on 127.0.0.1; 0 takes a free one.
    faults
        Share of answers that go wrong, from 0 to 1.
    seed
        Which answers go wrong.
    """
    from flows import marketplace  # noqa: PLC0415 -- commands import what they need

    return marketplace.serve(history, today, port, faults, seed)


def use(data: Path | None) -> Path:
    """Settle on the data folder, for this process and those it starts."""
    if data is not None:
        os.environ["SILVERSTREAK_DATA"] = str(data)
    return Path(os.environ.get("SILVERSTREAK_DATA", "data"))


def in_utc(moment: datetime | None) -> datetime | None:
    """Take a moment that does not say its zone for UTC."""
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


@contextmanager
def published(
    data: Path,
    as_of: date | None,
    known_at: datetime | None,
    opening: "Callable[[Path], AbstractContextManager[DuckDBPyConnection]] | None" = None,
) -> "Iterator[DuckDBPyConnection]":
    """Open what is published, moved in time; say so if nothing was known then.

    Nothing outside it can be reached, but by an opening that says otherwise.
    """
    from warehouse import asking  # noqa: PLC0415 -- commands import what they need
    from warehouse.connection import open_published  # noqa: PLC0415 -- the same

    known_at = in_utc(known_at)
    with (opening or open_published)(data) as warehouse:
        if first := asking.nothing_known_before(warehouse, known_at):
            terminal.complain(f"nothing was known before {first:%Y-%m-%d %H:%M:%S} UTC")
        asking.travel(warehouse, as_of, known_at)
        yield warehouse


def as_json(
    answers: "list[Answer]", day: date | None, known_at: datetime | None
) -> list[dict[str, object]]:
    """Write answers as the array that other programs read."""
    return [
        {
            "id": answer.id,
            "text": answer.text,
            "verdict": answer.verdict,
            "value": answer.value,
            "unit": answer.unit,
            "reason": answer.fault or answer.reason,
            "as_of": day and day.isoformat(),
            "known_at": known_at and known_at.isoformat(),
        }
        for answer in answers
    ]


def expected_errors() -> tuple[type[Exception], ...]:
    """List what may go wrong in ways that a line can explain; anything else is a fault of ours."""
    import duckdb  # noqa: PLC0415 -- commands import what they need
    import httpx  # noqa: PLC0415 -- the same
    import polars  # noqa: ICN001, PLC0415 -- the same

    from brief.topics import TopicError  # noqa: PLC0415 -- commands import what they need
    from flows.server import ServerError  # noqa: PLC0415 -- commands import what they need
    from flows.world import SandboxError  # noqa: PLC0415 -- the same
    from warehouse.asking import QueryError  # noqa: PLC0415 -- the same
    from warehouse.claims import ClaimsError  # noqa: PLC0415 -- the same
    from warehouse.connection import WarehouseError  # noqa: PLC0415 -- the same

    return (
        ServerError, SandboxError, QueryError, ClaimsError, WarehouseError, TopicError,
        ValidationError,
        OverflowError,
        httpx.HTTPError,
        polars.exceptions.PolarsError, ValueError, OSError, duckdb.Error,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; end with its exit status. What goes wrong is one line on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    terminal.begin_logging(debug=debug)
    try:
        try:
            sys.exit(app(words, exit_on_error=False, print_error=False))
        finally:
            sys.stdout.flush()
    except cyclopts.CycloptsError as error:
        terminal.complain(f"{str(error).strip()} (see silverstreak --help)")
        sys.exit(2)
    except BrokenPipeError:  # who reads has seen enough, as `| head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (KeyboardInterrupt, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "interrupted" not in str(error):
            raise  # DuckDB tells of Ctrl-C in this way
        terminal.complain("interrupted; what was stored is kept, the next run goes on from there")
        sys.exit(130)
    except expected_errors() as error:
        if debug:
            raise
        terminal.complain(" ".join(str(error).split()))
        sys.exit(1)
