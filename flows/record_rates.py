"""Record rates and monthly averages."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_rates() -> State[Report]:
    """Record what is missing of rates and monthly averages, check and publish."""
    return await record(frozenset({"rates", "monthly_averages"}))
