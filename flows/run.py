"""Everything once: record all datasets, check and publish."""

from prefect import State, flow

from flows.recording import Report, record

DATASETS = ("quotes", "valuations", "holdings")


@flow(persist_result=False)
async def run(datasets: tuple[str, ...] = DATASETS) -> State[Report]:
    """Record what is missing of the datasets, check and publish."""
    return await record(frozenset(datasets))
