"""Record the valuations and holdings of every fund, and flows as others report them."""

from prefect import State, flow

from flows.recording import Report, record


@flow(persist_result=False)
async def record_holdings() -> State[Report]:
    """Record what is missing of valuations, holdings and reported flows, check and publish."""
    return await record(frozenset({"valuations", "holdings", "reported_flows"}))
