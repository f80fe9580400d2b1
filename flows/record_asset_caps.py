"""Record how assets of all kinds rank by market cap."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_asset_caps() -> State[Report]:
    """Record today's market caps, if they are not recorded, check and publish."""
    return await record(frozenset({"asset_caps"}))
