"""What a brief chooses and how it is written, as far as no warehouse is needed for it."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brief import contents, pages
from brief.contents import Shown
from brief.outline import Exhibit


def facts(*ranks: tuple[int | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "fact": [f"fact_{number}" for number in range(len(ranks))],
            "subject": ["AAA"] * len(ranks),
            "measure": ["close"] * len(ranks),
            "rank": [rank for rank, _ in ranks],
            "rank_if_counted": [None] * len(ranks),
            "of": [of for _, of in ranks],
        },
        schema_overrides={"rank": pl.Int64, "rank_if_counted": pl.Int64, "of": pl.Int64},
    )


def test_the_rarest_place_comes_first_and_what_has_none_last() -> None:
    ordered = contents.by_significance(facts((None, None), (2, 10), (1, 1000), (1, 10)))

    assert ordered["fact"].to_list() == ["fact_2", "fact_3", "fact_1", "fact_0"]
    assert ordered["significance"].to_list() == pytest.approx([3, 1, 0.69897, 0])


def test_the_worst_is_as_rare_as_the_best() -> None:
    ordered = contents.by_significance(facts((1, 50), (50, 50)))

    assert ordered["significance"].n_unique() == 1


def test_a_running_period_counts_by_the_rank_it_would_have() -> None:
    running = facts((None, 100)).with_columns(rank_if_counted=pl.lit(1))

    assert contents.by_significance(running)["significance"].to_list() == [2]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_literal_is_what_it_says_whatever_it_says(text: str) -> None:
    import duckdb  # noqa: PLC0415 -- one test needs it

    with duckdb.connect() as database:
        assert database.execute(f"select {contents.literal(text)}").fetchall() == [(text,)]


@given(st.text(alphabet="\\`*_[]<>|ab "))
def test_plain_text_means_nothing_to_markdown(text: str) -> None:
    written = pages.plain(text)

    assert written.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("close", None, ""),
        ("close", 63.2999991, "63.3"),
        ("close", 57.716, "57.716"),
        ("rate", 0.02928, "0.02928"),
        ("net_flow", -15_454_361.4, "-15,454,361"),
        ("change", 1.1979, "119.79%"),
        ("complete", True, "yes"),
        ("year", 2025, "2025"),
        ("rank", 1234, "1,234"),
        ("session", date(2025, 12, 11), "2025-12-11"),
    ],
)
def test_a_cell_is_written_as_people_read_it(column: str, value: object, told: str) -> None:
    assert pages.cell(column, value) == told


def test_what_ends_a_script_does_not_end_ours() -> None:
    written = pages.in_script('{"name": "</SCRIPT><script>alert(1)<!--"}')

    assert "</script" not in written.lower()
    assert "<!--" not in written


def test_a_drawing_is_told_in_words() -> None:
    rows = pl.DataFrame({"session": [date(2025, 12, 10), date(2025, 12, 11)], "close": [1.0, 2.0]})
    shown = Shown(Exhibit("closes", "Closes", None), "Closes of SI=F", "select 1", rows)

    assert pages.alt(shown) == (
        "Chart: Closes of SI=F. 2 rows, from 2025-12-10 to 2025-12-11; the numbers follow."
    )
