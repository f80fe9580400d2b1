import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import keeping, loading, planning
from flows.datasets import DATASETS
from flows.loading import Loaded
from flows.registry import FEEDS, PROVIDERS
from flows.settings import Settings
from schemas.capture import Request
from tests.diary import begin
from tests.flows.living import ALL
from warehouse.connection import open_writer

EVENING = datetime(2025, 12, 12, 20, tzinfo=UTC)
CARRIED = {
    "yahoo/quotes": ["SPY"],
    "ishares/valuations": ["333011"],
    "ishares/holdings": ["333011"],
}


@pytest.fixture
def recorded(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse in which the market has been recorded up to 2025-12-11."""
    with open_writer(data, "synthetic", EVENING) as warehouse:
        begin(warehouse, "this run", EVENING)
        yield warehouse


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Have every provider and dataset switched on, and no sandbox."""
    monkeypatch.delenv("SILVERSTREAK_SANDBOX", raising=False)
    for row in PROVIDERS:
        datasets = [feed.dataset for feed in row.feeds]
        monkeypatch.setenv(f"SILVERSTREAK_{row.name.upper()}__ENABLED", "true")
        monkeypatch.setenv(f"SILVERSTREAK_{row.name.upper()}__DATASETS", json.dumps(datasets))
    monkeypatch.setenv("SILVERSTREAK_SEC__USER_AGENT", "us@example.com")
    return Settings()


def windows(requests: list[Request], subject: str) -> set[tuple]:
    return {(r.dataset, r.asked_from, r.asked_to) for r in requests if r.subject == subject}


def test_a_past_that_one_answer_lacked_is_asked_for_once_more(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """One answer without it may be a hiccup; the small market begins years after SPY did."""
    planned = asked(recorded, settings, ALL, CARRIED)

    assert windows(planned, "SPY") == {("quotes", date(1993, 1, 29), date(2025, 12, 11))}


def asked(*about: Any) -> list[Request]:
    return [planned.request for planned in planning.plan(*about)]


def answer_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Let the same answers have come twice."""
    warehouse.execute("insert into ops.loads from ops.loads")


def test_what_is_stored_is_asked_again_for_the_last_sessions_only(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    answer_again(recorded)

    planned = asked(recorded, settings, ALL, CARRIED)

    assert windows(planned, "SPY") == {("quotes", date(2025, 12, 5), date(2025, 12, 11))}
    assert windows(planned, "IBIT") == {
        ("valuations", None, None),
        ("holdings", date(2025, 12, 10), date(2025, 12, 10)),
        ("holdings", date(2025, 12, 11), date(2025, 12, 11)),
    }


def test_days_without_a_run_are_asked_for_in_one_request(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    answer_again(recorded)
    begin(recorded, "three weeks later", datetime(2026, 1, 2, 23, 30, tzinfo=UTC))

    planned = asked(recorded, settings, frozenset({"quotes"}), CARRIED)

    assert windows(planned, "SPY") == {("quotes", date(2025, 12, 12), date(2026, 1, 2))}


def test_what_is_not_yet_published_is_not_asked_for(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    begin(recorded, "before the close", datetime(2025, 12, 15, 20, 30, tzinfo=UTC))

    planned = asked(recorded, settings, frozenset({"quotes"}), CARRIED)

    assert {request.asked_to for request in planned} == {date(2025, 12, 12)}


def test_what_a_sandbox_does_not_carry_is_not_asked_for(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    assert asked(recorded, settings, ALL, {}) == []
    assert len(asked(recorded, settings, ALL, None)) > 14


@pytest.mark.parametrize("dataset", DATASETS)
def test_only_the_datasets_asked_about_are_planned(
    recorded: duckdb.DuckDBPyConnection, settings: Settings, dataset: str
) -> None:
    planned = asked(recorded, settings, frozenset({dataset}), None)

    assert {request.dataset for request in planned} == {dataset}


def test_a_dataset_that_is_off_is_not_planned(
    recorded: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SILVERSTREAK_SANDBOX", raising=False)

    planned = asked(recorded, Settings(), ALL, None)

    off = {"holdings", "asset_caps", "reported_flows"}
    assert {request.dataset for request in planned} == ALL - off


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        pytest.param("STOOQ__ENABLED", "true", True, id="one that is off is switched on"),
        pytest.param("STOOQ__ENABLED", "", False, id="one that is off stays off"),
        pytest.param("YAHOO__ENABLED", "false", False, id="one that is on is switched off"),
        pytest.param("YAHOO__RATE", "2", True, id="one that is on stays on"),
        pytest.param("SSGA__DATASETS", '["holdings"]', True, id="a dataset that is off is named"),
    ],
)
def test_a_provider_is_asked_as_it_is_switched(
    recorded: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    *,
    wanted: bool,
) -> None:
    monkeypatch.delenv("SILVERSTREAK_SANDBOX", raising=False)
    monkeypatch.setenv(f"SILVERSTREAK_{name}", value)

    planned = asked(recorded, Settings(), frozenset({"quotes", "holdings"}), None)

    assert (name.partition("__")[0].lower() in {r.source for r in planned}) is wanted


def test_fallbacks_are_asked_beside_the_first_source(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    planned = asked(recorded, settings, ALL, None)

    told = {(r.subject, r.dataset, r.source) for r in planned}
    assert {source for *about, source in told if about == ["BTC-USD", "quotes"]} == {
        "yahoo",
        "kraken",
        "coinbase",
    }
    assert {source for *about, source in told if about == ["GLD", "valuations"]} == {
        "spdr_gold",
        "ssga",
        "sec",
    }


def test_who_serves_the_last_day_only_is_asked_once_however_many_days_are_missing(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    planned = asked(recorded, settings, frozenset({"holdings"}), None)

    assert [r.source for r in planned if r.subject == "QQQ"] == ["invesco"]
    assert len([r for r in planned if r.subject == "ETHA"]) == 5


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param(datetime(2025, 12, 12, 18, 40, tzinfo=UTC), set(), id="in the same hour"),
        pytest.param(
            datetime(2025, 12, 12, 19, tzinfo=UTC), {"coins", "coin_market"}, id="in the next hour"
        ),
        pytest.param(
            datetime(2025, 12, 13, tzinfo=UTC),
            {"coins", "coin_market", "coin_categories", "asset_caps", "reported_flows"},
            id="on the next day",
        ),
    ],
)
def test_a_page_is_asked_for_once_in_its_hour_or_on_its_day(
    wide_data: Path, settings: Settings, now: datetime, due: set[str]
) -> None:
    pages = frozenset(dataset for dataset, view in planning.VIEWS.items() if view == "pages_due")
    with open_writer(wide_data, "synthetic", now) as warehouse:
        begin(warehouse, "this run", now)

        planned = asked(warehouse, settings, pages, None)

    assert {request.dataset for request in planned} == due


def test_nothing_is_a_rewrite_where_nothing_has_changed(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    assert planning.rewrites(recorded, settings, None) == []


def test_a_source_that_nobody_knows_is_told_of_and_not_asked_of_another(
    recorded: duckdb.DuckDBPyConnection,
    settings: Settings,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edited = Path(shutil.copytree(keeping.REFERENCE, tmp_path / "reference"))
    listed = (edited / "instruments.csv").read_text()
    (edited / "instruments.csv").write_text(listed.replace("yahoo:SPY", "acme:SPY"))
    monkeypatch.setattr(keeping, "REFERENCE", edited)
    keeping.keep_reference(recorded, data, EVENING)
    loading.load_waiting(recorded, data, Loaded())

    planned = asked(recorded, settings, frozenset({"quotes"}), None)

    assert windows(planned, "SPY") == set()
    assert {request.source for request in planned} > {"yahoo", "kraken"}
    [told] = planning.strangers(recorded)
    assert told == (
        "warehouse/reference/instruments.csv: SPY names the source 'acme', of which no quotes can "
        f"be had: there are {', '.join(f.source for f in FEEDS if f.dataset == 'quotes')}"
    )
