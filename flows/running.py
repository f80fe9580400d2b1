"""Commands that run flows: a Prefect server at hand, and the flow's state as an exit status.

Prefect is imported only once its settings are in the environment and its server is on the way up:
both take seconds.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import date
from time import monotonic
from typing import TYPE_CHECKING, Any

from flows import backfilling, drift, terminal
from flows.datasets import DATASETS
from flows.registry import PROVIDERS
from flows.server import prefect_server, wait_until_ready
from flows.settings import General, Settings
from flows.world import observe

if TYPE_CHECKING:
    from flows.recording import Report
    from warehouse.checks import Failure


def run(datasets: Sequence[str], *, debug: bool) -> int:
    """Record the datasets (none named: all), print what came of it, and give the exit status."""
    settings = Settings()
    must_be_on(datasets, settings)
    with prefect_server(settings.data, debug=debug):
        report = run_once(tuple(datasets))
    return conclude(report)


def must_be_on(datasets: Iterable[str], settings: General) -> None:
    """Refuse a dataset that no provider is to be asked for."""
    for dataset in datasets:
        if not any(dataset in settings.provider(row.name).wanted for row in PROVIDERS):
            told = "see docs/sources.md for how to switch it on"
            raise ValueError(f"{dataset} is switched off: {told}")


def run_once(datasets: Sequence[str]) -> "Report":
    """Run the flow once the server answers; give its report, whatever its state."""
    from flows.run import run  # noqa: PLC0415 -- see the module's docstring

    settings = Settings()
    started = monotonic()
    wait_until_ready(settings.data)
    waited = monotonic() - started
    try:
        report: Report = asyncio.run(finished(run(tuple(datasets) or DATASETS, return_state=True)))
    finally:
        flush_logs()
    report.seconds = {"wait for Prefect": waited} | report.seconds
    return report


def backfill(first: date, last: date, only: Sequence[str], *, debug: bool) -> int:
    """Record what is missing of a span, print what came of it, and give the exit status.

    Raises:
        backfilling.WrongUse: There is no such span, dataset or subject.
    """
    settings = Settings()
    backfilling.span(first, last, only, observe(settings).now().date())
    must_be_on(set(only) & set(DATASETS), settings)
    with prefect_server(settings.data, debug=debug):
        from flows.backfill import backfill as backfill_flow  # noqa: PLC0415 -- as above

        wait_until_ready(settings.data)
        flow_run = backfill_flow(first, last, tuple(only), return_state=True)
        try:
            report: Report = asyncio.run(finished(flow_run))
        finally:
            flush_logs()
    return conclude(report)


def publish(*, debug: bool) -> int:
    """Check and publish; give the exit status."""
    data = Settings().data
    with prefect_server(data, debug=debug):
        from flows.publish import publish as publish_flow  # noqa: PLC0415 -- as above

        wait_until_ready(data)
        try:
            published = asyncio.run(finished(publish_flow(return_state=True)))
        finally:
            flush_logs()
    for failure in published.failures:
        terminal.complain(told(failure))
    for problem in published.problems:
        terminal.complain(problem)
    if published.file is None:
        terminal.complain("not published: what was published before stays up")
        return 1
    terminal.log.info("published %s", published.file)
    return 1 if published.problems else 0


async def finished(flow_run: Awaitable[Any]) -> Any:  # noqa: ANN401 -- the data of any flow's state
    """Await a flow's state and give its data; raise what it did not expect."""
    result = await (await flow_run).aresult(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


def told(failure: "Failure") -> str:
    """Say which check found how many rows, and show the first."""
    rows = terminal.counted(failure.rows, "row")
    return f"check {failure.check} ({failure.severity}): {rows}, such as {failure.examples[0]}"


def flush_logs() -> None:
    """Send Prefect the last events and log lines before its server may go."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 -- as above
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415 -- as above

    EventsWorker.drain_all(timeout=10)
    APILogWorker.drain_all(timeout=10)


def conclude(report: "Report") -> int:
    """Say what was stored, what went wrong, and where the answers are; give the exit status."""
    for relation, counts in report.loaded.counts.items():
        if changed := counts.new + counts.revised + counts.gone:
            terminal.log.info(
                "%s: %s of %s rows changed (%s new, %s revised, %s gone)",
                relation, f"{changed:,}", f"{counts.seen:,}",
                f"{counts.new:,}", f"{counts.revised:,}", f"{counts.gone:,}",
            )  # fmt: skip
    for line in drift.lines(report.loaded.changes):
        terminal.log.info("%s", line)
    for warning in report.warnings:
        terminal.log.info("%s", told(warning))
    for alert in report.alerts:
        if alert.kind not in {"check", "drift"}:  # those are told above
            terminal.log.info("alert (%s): %s", alert.kind, alert.message)
    for problem in report.problems:
        terminal.complain(problem)
    if report.nothing_to_do:
        terminal.log.info("%s", report.nothing_to_do)
    if report.published:
        terminal.log.info("published %s (%s data)", report.published, report.origin)
    return 1 if report.problems else 0
