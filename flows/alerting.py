"""Tell people: what a run has raised becomes an event of Prefect's, and is sent by apprise.

Sending holds no lock of the warehouse: a run takes over what is to be sent while it has the lock
anyway, and notes what has arrived when it is done. What has not is left to the next run, and so is
what a run that died had taken over.

An address is a secret, and called by its number in the settings.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl
from pydantic import SecretStr

from flows import alive, notifying, registry, terminal
from flows.notifying import UnsentError
from flows.planning import Carried
from flows.settings import General
from flows.status import opened
from flows.world import World
from warehouse import alerts, asking
from warehouse.alerts import Alert, Owed, Wishes
from warehouse.checks import Failure
from warehouse.connection import WarehouseError, open_writer
from warehouse.runs import Run

TITLES = {
    "record": "new record",
    "streak": "streak of inflows",
    "week": "large inflow of a week",
    "late": "late data",
    "check": "failing check",
    "drift": "changed columns",
}
WARNINGS = frozenset({"late", "check", "drift"})
FOLLOWED = {"source": pl.String, "dataset": pl.String, "symbol": pl.String}
LISTED = """
    select
        raised_at,
        kind,
        message,
        over_at,
        sent_at,
        case when sent_at is null then owed_to else [] end as not_sent_to
    from ops.alerts
    order by raised_at desc, alert
"""
HOW = """set SILVERSTREAK_ALERTS__URLS, such as '["ntfys://ntfy.sh/a-topic-of-yours"]'"""

log = logging.getLogger(__name__)


def raise_all(
    warehouse: duckdb.DuckDBPyConnection,
    run: Run,
    settings: General,
    world: World,
    failures: Sequence[Failure],
) -> tuple[list[Alert], list[Owed]]:
    """Raise what there is to be alerted to at the end of a run; give it, and what is to be sent."""
    wanted = settings.alerts
    addresses = len(wanted.urls)
    raised = alerts.raise_all(
        warehouse,
        run,
        world.now(),
        wishes=Wishes(**wanted.model_dump(exclude={"urls"})),
        followed=followed(settings, world.carried),
        failures=failures,
        addresses=addresses,
    )
    is_alive = partial(alive.is_alive, settings.data)
    return raised, alerts.claim(warehouse, run.run, is_alive, addresses)


def followed(settings: General, carried: Carried) -> pl.DataFrame:
    """List what is asked of whom: in a sandbox the symbols that it carries, else all (null)."""
    rows = [
        (feed.source, feed.dataset, symbol)
        for feed in registry.FEEDS
        if feed.dataset in settings.provider(feed.source).wanted
        for symbol in symbols(carried, f"{feed.source}/{feed.dataset}")
    ]
    return pl.DataFrame(rows, schema=FOLLOWED, orient="row").unique()


def symbols(carried: Carried, dataset: str) -> list[str | None]:
    """Name the symbols of a dataset that a sandbox carries; live, none is named, which is all."""
    return [None] if carried is None else [*carried.get(dataset, ())]


async def tell(
    run: Run, settings: General, world: World, raised: Sequence[Alert], owed: Sequence[Owed]
) -> None:
    """Emit what was raised as events, send what is owed, and note what has arrived."""
    for alert in raised:
        emit(alert)
    if not owed:
        return
    told = await asyncio.to_thread(send_all, settings.alerts.urls, owed, world.origin)
    try:
        with open_writer(
            settings.data, world.origin, world.now(), settings.writer_wait
        ) as warehouse:
            alerts.settle(warehouse, run.run, told, world.now())
    except WarehouseError as error:
        sent = terminal.counted(len(told), "alert")
        log.warning("alerts: %s sent, but not noted as sent, and so sent again: %s", sent, error)


def emit(alert: Alert) -> None:
    """Emit an event of Prefect's, for automations to act on."""
    from prefect.context import FlowRunContext  # noqa: PLC0415 -- Prefect takes seconds to import
    from prefect.events import emit_event  # noqa: PLC0415 -- the same

    if FlowRunContext.get() is None:  # without a server
        return
    emit_event(
        f"silverstreak.alert.{alert.kind}",
        resource={
            "prefect.resource.id": f"silverstreak.{alert.kind}.{alert.subject}",
            "prefect.resource.name": alert.subject,
        },
        payload={"alert": alert.alert, "message": alert.message},
    )


def send_all(urls: Sequence[SecretStr], owed: Sequence[Owed], origin: str) -> list[tuple[str, int]]:
    """Send to each address what it is owed; give which alert has arrived at which address.

    Of an address that fails nothing more is asked in this run.
    """
    told: list[tuple[str, int]] = []
    for number, url in enumerate(urls, start=1):
        left = [alert for alert in owed if number in alert.addresses]
        try:
            for alert in left.copy():
                title = titled(alert.kind, origin)
                notifying.send(url, title, alert.message, is_warning=alert.kind in WARNINGS)
                told.append((alert.alert, number))
                left.remove(alert)
        except UnsentError as reason:
            unsent = terminal.counted(len(left), "alert")
            log.warning(
                "alerts: address %s %s: %s left to the next run (`silverstreak alerts test` tries "
                "all addresses)", number, reason, unsent,
            )  # fmt: skip
    return told


def titled(kind: str, origin: str) -> str:
    """Give the title of a message; what is not live says so."""
    label = "" if origin == "live" else f" ({origin} data)"
    return f"silverstreak{label}: {TITLES[kind]}"


def test(settings: General) -> int:
    """Send a message to every address, say whether it arrived, and give the exit status."""
    urls = settings.alerts.urls
    if not urls:
        terminal.complain(f"there is no address to send alerts to: {HOW}")
        return 1
    message = "This is a test: alerts would arrive here."
    arrived = [try_out(number, url, message) for number, url in enumerate(urls, start=1)]
    return 0 if all(arrived) else 1


def try_out(number: int, url: SecretStr, message: str) -> bool:
    """Send a message to an address, and say whether it arrived."""
    try:
        service = notifying.send(url, "silverstreak: test", message)
    except UnsentError as reason:
        terminal.complain(f"SILVERSTREAK_ALERTS__URLS: address {number} {reason}")
        return False
    terminal.console().print(f"address {number} ({service}): arrived", markup=False)
    return True


def show(data: Path, form: Literal["table", "json"]) -> None:
    """Print the alerts that were raised, the latest first, and which addresses were not told."""
    with opened(data) as (warehouse, _):
        raised = asking.ask(warehouse, LISTED)
    if raised.is_empty() and form == "table":
        terminal.console().print("no alerts")
        return
    terminal.write(raised, form, None)
