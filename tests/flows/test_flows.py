"""The flows that schedules start: each has its own datasets."""

import asyncio
import importlib

import pytest

from flows.datasets import DATASETS


def test_together_the_flows_record_every_dataset_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[str] = []

    async def note(datasets: frozenset[str]) -> None:
        recorded.extend(datasets)

    for name in ("record_quotes", "record_holdings", "record_asset_caps", "record_rates"):
        module = importlib.import_module(f"flows.{name}")
        monkeypatch.setattr(module, "record", note)
        asyncio.run(getattr(module, name).fn())

    assert sorted(recorded) == sorted(DATASETS)
