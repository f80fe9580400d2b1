"""The names of what can be recorded: nothing here is slow to import."""

from typing import Literal, get_args

Dataset = Literal[
    "quotes",
    "valuations",
    "holdings",
    "coins",
    "coin_market",
    "coin_categories",
    "asset_caps",
    "rates",
    "monthly_averages",
    "reported_flows",
]

DATASETS: tuple[Dataset, ...] = get_args(Dataset)
