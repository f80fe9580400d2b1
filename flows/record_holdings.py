"""Record the valuations and holdings of every fund."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_holdings() -> State[Report]:
    """Record what is missing of the valuations and holdings of every fund, check and publish."""
    return await record(frozenset({"valuations", "holdings"}))
