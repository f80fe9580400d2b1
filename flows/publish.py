"""Check the warehouse as it stands, and publish it."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows import alive, briefing, stating
from flows.settings import Settings
from flows.world import World, observe
from warehouse import copies, publishing
from warehouse.connection import open_existing


@flow(persist_result=False)
async def publish() -> State[publishing.Published]:
    """Publish a checked copy; a failing check leaves the last good one up and fails the flow."""
    settings = Settings()
    world = observe(settings)
    with (
        alive.living(settings.data, str(flow_run.id)),
        open_existing(settings.data, world.now(), settings.writer_wait) as warehouse,
    ):
        moment = present(warehouse, settings.data, world)
        published = stating.publish(warehouse, settings.data, moment)
    briefing.after(settings, published)
    blocking = [failure.check for failure in published.failures if failure.blocks]
    if published.problems:
        return Failed(message="; ".join(published.problems), data=published)
    if blocking:
        return Failed(message=f"check failed: {', '.join(blocking)}", data=published)
    return Completed(message=f"{published.file}", data=published)


def present(warehouse: duckdb.DuckDBPyConnection, data: Path, world: World) -> datetime:
    """Give the present moment of the warehouse's own world: a sandbox that is gone has no clock."""
    query = "select origin, greatest(last_run_at, last_known_at) from about"
    [[origin, last]] = warehouse.execute(query).fetchall()
    if origin == world.origin or last is None:
        return world.now()
    published = [copies.published_at(file) for file in copies.kept(data / "published")]
    latest: datetime = max([last, *published])
    return latest + timedelta(seconds=1)
