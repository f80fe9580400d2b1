"""Record the bars of every instrument, and the coins."""

from prefect import State, flow

from flows.datasets import Dataset
from flows.recording import Report, record

QUOTES: tuple[Dataset, ...] = ("quotes", "coins", "coin_market", "coin_categories")


@flow(persist_result=False)
async def record_quotes(datasets: tuple[Dataset, ...] = QUOTES) -> State[Report]:
    """Record what is missing of bars and coins, check and publish."""
    return await record(frozenset(datasets))
