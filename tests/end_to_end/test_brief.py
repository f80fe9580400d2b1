"""The brief, as a reader has it: what it says is what SQL says, from any day, as then known."""

import html
import re
import subprocess
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser as Page

from brief import contents, outline, topics
from tests.end_to_end.conftest import Silverstreak
from warehouse import asking
from warehouse.connection import open_published

Demo = tuple[Path, subprocess.CompletedProcess[str]]
EARLIER = ("2025-12-09", "2025-12-10T20:00")


class Read:
    """A brief as its reader sees it."""

    def __init__(self, file: Path) -> None:
        self.text = file.read_text(encoding="utf-8")
        self.page = Page(self.text)

    def texts(self, selector: str) -> list[str]:
        return [" ".join(node.text().split()) for node in self.page.css(selector)]

    def statements(self, section: str = "") -> list[str]:
        items = self.page.css(f"{section} .facts > li")
        return [" ".join(str(item.text(deep=False)).split()) for item in items]

    def queries(self) -> list[str]:
        return [str(node.text()) for node in self.page.css("figure pre")]

    def tables(self) -> list[list[list[str]]]:
        return [
            [[cell.text() for cell in row.css("td")] for row in table.css("tbody tr")]
            for table in self.page.css("figure table")
        ]


@pytest.fixture(scope="module")
def published(demo: Demo) -> Path:
    return demo[0]


@pytest.fixture(scope="module")
def silver(published: Path) -> Read:
    """Read the brief that the last publish has made."""
    return Read(published / "published" / "brief.html")


@pytest.fixture(scope="module")
def earlier(published: Path, silverstreak: Silverstreak) -> Read:
    """Read a brief on gold, from an earlier day and with what was known then."""
    file = published / "gold.html"
    day, moment = EARLIER
    words = ("--subject", "gold_physical", "--as-of", day, "--known-at", moment)
    ended = silverstreak("brief", *words, "--output", str(file), "--data", str(published))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"{file} and {file.with_suffix('.md')}\n"
    return Read(file)


def facts(data: Path, day: str | None = None, moment: str | None = None) -> pl.DataFrame:
    with open_published(data) as warehouse:
        moved = moment and datetime.fromisoformat(f"{moment}+00:00")
        asking.travel(warehouse, date.fromisoformat(day) if day else None, moved or None)
        return asking.ask(warehouse, "from facts")


def test_each_sentence_is_a_fact_and_each_fact_gives_its_sql(published: Path, silver: Read) -> None:
    known = facts(published)
    said = silver.statements()
    by_query = {
        f"select * from {fact} where subject = '{subject}' and measure = '{measure}'": statement
        for fact, subject, measure, statement in known.select(
            "fact", "subject", "measure", "statement"
        ).iter_rows()
    }
    codes = [text for text in silver.texts(".facts dd > code") if text.startswith("select")]

    assert len(said) > 100
    assert [by_query[query] for query in codes] == said


@pytest.mark.parametrize("reader", ["silver", "earlier"])
def test_each_table_holds_what_its_sql_gives(
    published: Path, reader: str, request: pytest.FixtureRequest
) -> None:
    read: Read = request.getfixturevalue(reader)
    with open_published(published) as warehouse:
        if reader == "earlier":
            for statement in read.texts("#health > pre")[0].split("; "):
                warehouse.execute(statement)
        answers = [asking.ask(warehouse, query) for query in read.queries()]

    assert len(answers) >= 12
    for answer, table in zip(answers, read.tables(), strict=True):
        assert table
        first = [str(value) for value in answer.tail(len(table))[:, 0]]
        assert [re.sub(r",(?=\d{3})", "", row[0]) for row in table] == first


def test_the_article_is_among_its_headlines(silver: Read) -> None:
    headlines = "\n".join(silver.statements("#headlines"))

    assert "Silver (SI=F) closed at 63.300 USD on 2025-12-11, the highest since" in headlines
    assert "on track for month 10" in headlines
    assert "15,318,380 ounces" in headlines
    assert "Silver was the 6th largest of the 100 assets" in headlines
    assert len(set(silver.statements("#headlines"))) == 10


def test_it_says_that_its_data_are_synthetic_and_which_are_estimated(silver: Read) -> None:
    drawn = silver.page.css("figure .wide svg")

    assert silver.texts(".notice")[0].startswith("Synthetic data.")
    assert len(drawn) >= 12
    assert all("SYNTHETIC DATA" in str(drawing.html) for drawing in drawn)
    assert "Net flow of silver_physical by month, in ounces estimated" in silver.texts("figcaption")


def test_every_section_is_told_and_in_order(silver: Read) -> None:
    keys = [section.key for section in outline.SECTIONS]

    assert [node.id for node in silver.page.css("main > section")] == ["headlines", *keys]
    assert silver.texts(".nothing") == []


def test_the_same_is_told_in_markdown(published: Path, silver: Read) -> None:
    told = (published / "published" / "brief.md").read_text(encoding="utf-8")
    plain = re.sub(r"\\(.)", r"\1", told)

    assert told.startswith("# Silver: the brief\n")
    assert all(statement in plain for statement in silver.statements("#headlines"))
    assert all(query.strip() in told for query in silver.queries())


def test_an_earlier_day_is_told_as_it_was_known_then(published: Path, earlier: Read) -> None:
    known = facts(published, *EARLIER)
    statements = set(known["statement"].to_list())

    assert len(earlier.statements()) > 100
    assert set(earlier.statements()) <= statements
    assert earlier.texts(".when") == [
        "As of Tuesday 9 December 2025; known at 2025-12-10 20:00 UTC"
    ]
    assert any("Gold (GC=F)" in statement for statement in earlier.statements("#records"))
    assert not any("Silver (SI=F)" in statement for statement in earlier.statements("#records"))
    assert any("gold_physical" in statement for statement in earlier.statements("#flows"))


def test_whatever_is_in_the_reference_data_can_have_a_brief(published: Path) -> None:
    """Also what has no price, no flows, or neither pairs nor an asset."""
    known = facts(published)
    with open_published(published) as warehouse:
        subjects = asking.ask(warehouse, topics.TOPICS.read_text())["subject"].unique()
        told = [topics.find(warehouse, subject) for subject in subjects]

    assert {topic.flows for topic in told} > {None, "silver_physical", "SPY"}
    assert {topic.instrument for topic in told} > {None, "SI=F", "^GSPC"}
    for topic in told:
        assert contents.foremost(known, topic).height > 0, "markets have headlines for all"


def test_a_subject_of_which_nothing_was_known_says_so(
    published: Path, silverstreak: Silverstreak, tmp_path: Path
) -> None:
    file = tmp_path / "none.html"
    words = ("--subject", "ETHA", "--as-of", "2020-01-31", "--output", str(file))
    ended = silverstreak("brief", *words, "--data", str(published))

    assert ended.returncode == 0, ended.stderr
    nothing = Read(file).texts(".nothing")
    assert nothing[0] == "Nothing is known of iShares Ethereum Trust ETF (ETHA) then."
    assert "No flows of funds of iShares Ethereum Trust ETF are known." in nothing
    assert "Nothing is known of" in file.with_suffix(".md").read_text()


def test_a_subject_that_there_is_none_of_is_one_line(
    published: Path, silverstreak: Silverstreak, tmp_path: Path
) -> None:
    file = tmp_path / "none.html"
    words = ("--subject", "silver_fysical", "--output", str(file))
    ended = silverstreak("brief", *words, "--data", str(published))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(
        "silverstreak: there is no subject 'silver_fysical' to make a brief of: did you mean "
        "silver_physical"
    )
    assert ended.stderr.count("\n") == 1
    assert not file.exists()


def test_names_are_text_and_never_markup(silver: Read) -> None:
    assert html.escape("S&P 500") in silver.text
    assert "S&P 500</" not in silver.text
