"""Whatever comes in whatever order, the tables are those of a plain model of versioned tables."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.model import key
from schemas.tables.reference import FundTerms
from schemas.validation import REJECTED, Verdict
from tests.warehouse.market import answer, capture, frame
from tests.warehouse.versions import Answer, Key, Table, Version
from warehouse import checks
from warehouse.fingerprints import fingerprints
from warehouse.ledger import Recorded
from warehouse.recording import store
from warehouse.tables import name

# Shrinking a failure can take longer than all else: `pytest --hypothesis-seed` finds it again.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
START = datetime(2030, 7, 1, tzinfo=UTC)
DAYS = [date(2030, 6, day) for day in (24, 25, 26, 27)]
ENTITIES = ["AAA", "BBB"]

Schema = type[pa.DataFrameModel]


class Kind:
    """How the model's keys and values stand in a table."""

    def __init__(
        self, schema: Schema, columns: list[str], value: str, keys: st.SearchStrategy[Key]
    ) -> None:
        self.schema, self.columns, self.value, self.keys = schema, columns, value, keys

    def row(self, key: Key, value: float) -> dict[str, Any]:
        return dict(zip(self.columns, key, strict=True)) | {self.value: value}

    def verdict(self, told: Answer) -> Verdict:
        """Give what validation would make of the answer: its good rows, and its bad ones."""
        accepted = frame(self.schema, [self.row(*item) for item in told.rows.items()])
        bad = frame(self.schema, [self.row(item, 1.0) for item in sorted(told.unreadable)])
        keys = bad.select(key=pl.struct(key(self.schema)).struct.json_encode())
        rejected = keys.with_row_index("position").with_columns(
            pl.col("position").cast(pl.Int64), row=pl.lit("{}"), failures=pl.lit(["bad"])
        )
        return Verdict(accepted, rejected.select(REJECTED.columns))


dated = st.tuples(st.sampled_from(ENTITIES), st.sampled_from(DAYS))
position = st.tuples(
    st.sampled_from(ENTITIES), st.sampled_from(DAYS[:2]), st.sampled_from(["gold", "lead", "tin"])
)
KINDS = {
    "bars": Kind(Bars, ["instrument", "session"], "close", dated),
    "valuations": Kind(FundValuations, ["fund", "as_of"], "nav", dated),
    "holdings": Kind(Holdings, ["fund", "as_of", "holding"], "market_value", position),
    "terms": Kind(FundTerms, ["fund", "effective_from"], "fee", dated),
}
SNAPSHOTS = {"bars": None, "valuations": None, "holdings": (0, 1), "terms": ()}
VALUES = st.sampled_from([0.015625, 0.03125])
SERVED_AS_FLOAT32 = st.sampled_from([0.015625, 0.03125, 0.015625000000001])


@st.composite
def answers(draw: st.DrawFn, kind: Kind) -> Answer:
    values = SERVED_AS_FLOAT32 if kind.schema is Bars else VALUES
    rows = draw(st.dictionaries(kind.keys, values, max_size=6))
    bad = draw(st.frozensets(kind.keys, max_size=2))
    return Answer(rows, bad - rows.keys())


class Versions(RuleBasedStateMachine):
    """Record answers in any order, and again; compare with the model after each."""

    warehouse: ClassVar[duckdb.DuckDBPyConnection]
    kind_name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.kind, self.snapshot = KINDS[self.kind_name], SNAPSHOTS[self.kind_name]
        self.told: dict[int, Answer] = {}
        self.is_in_order = True
        self.warehouse.begin()

    def teardown(self) -> None:
        overlapping = self.overlapping()
        self.warehouse.rollback()
        assert not overlapping
        self.in_order_all_is_the_same()

    @rule(data=st.data(), hour=st.integers(0, 400))
    def an_answer_comes(self, data: st.DataObject, hour: int) -> None:
        if hour not in self.told:
            self.is_in_order &= hour > max(self.told, default=-1)
            self.told[hour] = data.draw(answers(self.kind))
            self.put(hour)
            self.must_agree()

    @rule(data=st.data())
    def the_next_answer_comes(self, data: st.DataObject) -> None:
        hour = max(self.told, default=-1) + 1
        self.told[hour] = data.draw(answers(self.kind))
        self.put(hour)
        self.must_agree()

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def an_answer_comes_again(self, data: st.DataObject) -> None:
        before = fingerprints(self.warehouse)
        self.put(data.draw(st.sampled_from(sorted(self.told))))

        assert fingerprints(self.warehouse) == before

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def a_better_parser_reads_what_was_unreadable(self, data: st.DataObject) -> None:
        hour = data.draw(st.sampled_from(sorted(self.told)))
        told = self.told[hour]
        if told.unreadable and (told.rows or self.snapshot is None):
            first = min(told.unreadable)
            self.told[hour] = Answer(
                {**told.rows, first: data.draw(VALUES)}, told.unreadable - {first}
            )
            self.is_in_order &= hour == max(self.told)
            self.put(hour)
            self.must_agree()

    def put(self, hour: int) -> Recorded:
        known_at = START + timedelta(hours=hour)
        return store(
            self.warehouse, self.kind.schema, self.kind.verdict(self.told[hour]), capture(known_at)
        )

    def must_agree(self) -> None:
        model, versions = self.model(), self.versions()
        if self.is_in_order:
            assert versions == model.versions()
        assert believed(versions) == model.values()

    def model(self) -> Table:
        model = Table(self.snapshot)
        for hour, told in sorted(self.told.items()):
            model.learn(told, START + timedelta(hours=hour))
        return model

    def versions(self) -> set[Version]:
        query = f"""
            select {", ".join(self.kind.columns)}, {self.kind.value}, known_at,
                nullif(superseded_at, 'infinity')
            from history.{name(self.kind.schema)}
        """
        width = len(self.kind.columns)
        found = answer(self.warehouse, query)
        versions = {Version(row[:width], *row[width:]) for row in found}
        assert len(versions) == len(found)
        return versions

    def overlapping(self) -> list[Any]:
        text = (checks.FOLDER / "versions_follow_each_other.sql").read_text()
        columns = ", ".join(key(self.kind.schema))
        return answer(self.warehouse, text.format(table=name(self.kind.schema), key=columns))

    def in_order_all_is_the_same(self) -> None:
        self.warehouse.begin()
        for hour in sorted(self.told):
            self.put(hour)
        versions = self.versions()
        self.warehouse.rollback()

        assert versions == self.model().versions()


def believed(versions: set[Version]) -> dict[Key, float]:
    found = [version for version in versions if version.superseded_at is None]
    table = Table(None, {version.key: version for version in found})
    assert len(table.believed) == len(found)
    return table.values()


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(shutil.copy(template, folder / "warehouse.duckdb")) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_are_those_of_the_model(kind: str, template: Path, tmp_path: Path) -> None:
    is_thorough = settings.get_current_profile_name() == "thorough"
    with opened(template, tmp_path) as warehouse:
        machine = type("Machine", (Versions,), {"warehouse": warehouse, "kind_name": kind})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=settings.default.max_examples if is_thorough else 3,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=PHASES,
            ),
        )
