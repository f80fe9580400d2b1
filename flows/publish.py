"""Check the warehouse as it stands, and publish it."""

from prefect import State, flow
from prefect.states import Completed, Failed

from flows.recording import open_warehouse
from flows.settings import Settings
from flows.world import observe
from warehouse import publishing
from warehouse.connection import WarehouseError


@flow(persist_result=False)
async def publish() -> State[publishing.Published]:
    """Publish a checked copy; a failing check leaves the last good one up and fails the flow."""
    settings = Settings()
    if not (settings.data / "warehouse.duckdb").exists():
        raise WarehouseError(f"there is no warehouse in {settings.data}: run `silverstreak run`")
    world = observe(settings)
    with open_warehouse(settings, world) as warehouse:
        published = publishing.publish(warehouse, settings.data, world.now())
    blocking = [failure.check for failure in published.failures if failure.blocks]
    if blocking:
        return Failed(message=f"check failed: {', '.join(blocking)}", data=published)
    return Completed(message=f"{published.file}", data=published)
