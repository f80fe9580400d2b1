"""Everything once: record all datasets, check and publish."""

from prefect import State, flow

from flows.datasets import DATASETS
from flows.recording import Report, record


@flow(persist_result=False)
async def run(datasets: tuple[str, ...] = DATASETS) -> State[Report]:
    """Record what is missing of the datasets, check and publish."""
    return await record(frozenset(datasets))
