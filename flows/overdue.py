"""Which deployments have missed their time: Prefect plans no runs while its server is down."""

from datetime import datetime

from flows import alive
from flows.schedules import SCHEDULED, Deployment
from flows.settings import General
from warehouse import migrations, runs
from warehouse.connection import FILE, WarehouseError, connect, lock


def overdue(settings: General, now: datetime) -> list[Deployment]:
    """List the deployments of which no run has begun since they were last due.

    One that was killed has not. While somebody writes to the warehouse nothing can be told.
    """
    if not (settings.data / FILE).exists():
        return list(SCHEDULED)
    try:
        with (
            lock(settings.data, 0),
            connect(settings.data / FILE, read_only=True) as warehouse,
        ):
            if migrations.applied(warehouse) < migrations.LATEST:
                return list(SCHEDULED)
            begun = {
                row.name: runs.begun_since(
                    warehouse, row.datasets, settings.schedules[row.name].last_before(now)
                )
                for row in SCHEDULED
            }
    except WarehouseError:
        return []
    return [
        row
        for row in SCHEDULED
        if not any(
            has_ended or alive.is_alive(settings.data, run) for run, has_ended in begun[row.name]
        )
    ]
