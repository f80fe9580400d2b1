"""Record the bars of every instrument."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_quotes() -> State[Report]:
    """Record what is missing of the bars of every instrument, check and publish."""
    return await record(frozenset({"quotes"}))
