"""Record the bars of every instrument, and the coins."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_quotes() -> State[Report]:
    """Record what is missing of bars and coins, check and publish."""
    return await record(frozenset({"quotes", "coins", "coin_market", "coin_categories"}))
