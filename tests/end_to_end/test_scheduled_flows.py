"""The flows that schedules start, as Prefect runs them: each records its own datasets."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from sandbox.server import serving
from tests.flows.living import wide_market
from warehouse.connection import FILE

RUN = """
import asyncio, importlib, sys
flow = getattr(importlib.import_module(f"flows.{sys.argv[1]}"), sys.argv[1])
print(asyncio.run(flow(return_state=True)).type.value)
"""


@pytest.mark.parametrize(
    ("flow", "tables"),
    [
        ("record_quotes", {"bars", "corporate_actions", "coins", "coin_market", "coin_categories"}),
        ("record_rates", {"rates", "monthly_averages"}),
    ],
)
def test_a_flow_records_its_own_datasets_and_publishes(
    prefect: None, template: Path, tmp_path: Path, flow: str, tables: set[str]
) -> None:
    market = wide_market()
    shutil.copy(template, tmp_path / FILE)

    with serving(market, date(2025, 12, 11)) as url:
        told = subprocess.run(
            [sys.executable, "-c", RUN, flow],
            env=os.environ | {"SILVERSTREAK_SANDBOX": url, "SILVERSTREAK_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert told.stdout.strip() == "COMPLETED", told.stderr
    file = (tmp_path / "published" / "silverstreak.duckdb").resolve()
    with duckdb.connect(file, read_only=True) as published:
        found = published.execute(
            "select distinct relation from loads "
            "where source not in ('reference', 'calendars', 'silverstreak')"
        ).fetchall()
    assert {relation for (relation,) in found} == tables
