"""Whatever a provider serves is read or refused: no fault of ours, no bad row, whoever it is."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.routing import compile_path

from flows import planning
from flows.feeds import Due, Feed, Provider
from flows.loading import read
from flows.planning import VIEWS
from flows.recording import manners
from flows.registry import FEEDS, PROVIDERS
from flows.settings import General, Settings
from sandbox.answers import Answer, Question
from sandbox.market import Market
from sandbox.server import providers
from sandbox.synthetic import synthetic
from schemas.capture import Capture, Refused, Request
from schemas.tables.model import key
from schemas.validation import Verdict
from sources import captures
from sources.client import Manners, Secrets
from sources.sniffing import decoded, is_one_of, named
from warehouse.connection import FILE, connect

ROOT = Path(__file__).parents[2]
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)
SINCE = date(2025, 10, 10)  # small bodies are mutated quickly
LONGER = {"sec": date(2024, 1, 1), "worldbank": date(2024, 1, 1)}  # of quarters, of months
ROWS_OF_A_DAY = 100
A_KEY = "0123456789abcdef" * 2

MarketOf = Callable[[str], Market]
Mutation = Callable[[bytes, Random], bytes]
Named = dict[str, Mutation]


class Way(NamedTuple):
    """One way of asking for a feed: without a key or, where that opens another place, with it."""

    feed: Feed
    has_key: bool = False

    def __str__(self) -> str:
        return f"{self.feed.source}-{self.feed.dataset}{'-with-a-key' * self.has_key}"


class Served(NamedTuple):
    """What a sandbox served for a row of what is due."""

    capture: Capture
    body: bytes


WAYS = [
    *(Way(feed) for feed in FEEDS if feed.ask),
    *(Way(feed, has_key=True) for feed in FEEDS if feed.ask_with_key),
]

each_way = pytest.mark.parametrize("way", WAYS, ids=str)
each_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=[row.name for row in PROVIDERS])


@pytest.fixture(scope="module")
def market_of() -> MarketOf:
    """Give the market that a provider's sandbox is asked about: its last days."""
    whole = synthetic()
    cut = {first: since(whole, first) for first in {SINCE, *LONGER.values()}}
    return lambda source: cut[LONGER.get(source, SINCE)]


@pytest.fixture(scope="module")
def due(prepared: Path) -> list[Due]:
    """Give all that is due of everything in the reference data, where nothing is known yet."""
    with connect(prepared / FILE, read_only=True) as warehouse:
        warehouse.execute("set variable known_at = ?::timestamptz", [NOW])
        views = dict.fromkeys(VIEWS.values())
        return [row for view in views for row in planning.rows(warehouse, view)]


@pytest.fixture(scope="module")
def good(market_of: MarketOf, due: list[Due]) -> Callable[[Way], Served]:
    """Give a good answer of a feed: to the first row that the sandbox carries."""
    answers: dict[str, Served] = {}

    def ask(way: Way) -> Served:
        if str(way) not in answers:
            market = market_of(way.feed.source)
            carried = carried_by(market, way.feed)
            rows = [row for row in rows_of(due, way.feed) if row["symbol"] in carried]
            assert rows, "of what the reference data name, the synthetic market has nothing"
            answers[str(way)] = served(market, way, rows[0])
        return answers[str(way)]

    return ask


def rows_of(due: list[Due], feed: Feed) -> list[Due]:
    """Give what is due of a feed, one row for each symbol: the last one."""
    rows = [row for row in due if (row["source"], row["dataset"]) == (feed.source, feed.dataset)]
    return list({row["symbol"]: row for row in rows}.values())


def carried_by(market: Market, feed: Feed) -> list[str]:
    carried: dict[str, list[str]] = providers()[feed.source].carries(market)
    return carried.get(feed.dataset, [])


def since(market: Market, first: date) -> Market:
    """Keep the market's last days, and of each of them the first rows."""
    is_late = pl.col("date") >= first
    is_early = pl.int_range(pl.len()).over("date") < ROWS_OF_A_DAY

    def cut(value: Any) -> Any:
        match value:
            case pl.DataFrame() if "date" in value.columns:
                return value.filter(is_late).filter(is_early)
            case dict():
                return {name: cut(each) for name, each in value.items()}
            case _:
                return value

    return replace(market, **{f.name: cut(getattr(market, f.name)) for f in fields(market)})


def served(market: Market, way: Way, row: Due) -> Served:
    """Ask the sandbox as a run does: with the provider's manners, and elsewhere if need be."""
    source, feed = way.feed.source, way.feed
    keyed = {source: {"api_key": A_KEY}} if way.has_key else {}
    chosen: General = Settings.model_validate(keyed | {"sandbox": "http://127.0.0.1:9"})
    how = manners(chosen, source)
    ask = feed.ask_with_key if way.has_key else feed.ask
    assert ask
    request = ask(row)
    places = [request, *map(request.at, request.otherwise)]
    answers: list[Served] = []
    for place in places:
        answers.append(followed(market, how, feed, place))
        if is_one_of(answers[-1].body, feed.formats):
            return answers[-1]
    return answers[0]


def followed(market: Market, how: Manners, feed: Feed, request: Request) -> Served:
    """Ask, and where a page links the file, ask there."""
    answer = answered(market, how, request)
    linked = feed.link(answer.body) if feed.link else None
    if linked:
        request = request.at(linked)
        answer = answered(market, how, request)
    digest = captures.digest(answer.body)
    return Served(Capture(request, NOW, digest, answer.status, answer.media_type), answer.body)


def answered(market: Market, how: Manners, request: Request) -> Answer:
    """Give a sandbox's answer to what the client would send."""
    opening = how.secrets.get(request.site, Secrets())
    headers = {n.lower(): value for n, value in {**how.headers, **opening.headers}.items()}
    question = Question(
        unquote(request.path),
        {**request.params, **opening.params},
        headers["user-agent"],
        headers=headers,
        body=b"" if request.body is None else json.dumps(request.body).encode(),
    )
    for route, answer in providers()[request.source].ROUTES.items():
        if compile_path(route)[0].match(question.path):
            return cast("Answer", answer(market, NOW, question))
    return Answer(b"Not Found", "text/plain", 404)


@each_way
def test_a_good_answer_is_accepted_whole(way: Way, good: Callable[[Way], Served]) -> None:
    capture, body = good(way)

    verdicts, columns = read(way.feed, capture, body)

    assert capture.status == 200
    assert sum(verdict.accepted.height for verdict in verdicts.values())
    assert [v.rejected.to_dicts() for v in verdicts.values() if v.rejected.height] == []
    assert columns
    for schema, verdict in verdicts.items():
        must_be_sound(schema, verdict)


@each_way
@given(data=st.data())
@settings(
    max_examples=settings().max_examples if settings().max_examples < 100 else 25,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_bad_answer_is_refused_or_its_bad_rows_are_rejected(
    way: Way, good: Callable[[Way], Served], data: st.DataObject
) -> None:
    capture, body = good(way)
    fitting = BY_FORMAT[named(body)]
    names = data.draw(mutations(fitting), label="mutations")
    chance = Random(data.draw(st.integers(0, 2**32), label="seed"))  # noqa: S311 -- no secret
    for name in names:
        body = (fitting | ANY)[name](body, chance)

    must_be_read_or_refused(way.feed, capture, body)


def must_be_read_or_refused(feed: Feed, capture: Capture, body: bytes) -> None:
    try:
        verdicts, columns = read(feed, capture, body)
    except Refused as refusal:
        must_be_one_line(str(refusal))
        must_be_storable(*refusal.columns)
        return
    must_be_storable(*columns)
    for schema, verdict in verdicts.items():
        must_be_sound(schema, verdict)


def must_be_one_line(text: str) -> None:
    assert text.splitlines()[1:] == []
    must_be_storable(text)


def must_be_storable(*texts: str) -> None:
    """DuckDB takes no half of a sign."""
    assert all(text.encode() is not None for text in texts)


def must_be_sound(schema: type[pa.DataFrameModel], verdict: Verdict) -> None:
    """Whatever the schema says: a key is known and there once, and a number is one."""
    rows, names = verdict.accepted, key(schema)
    floats = rows.select(pl.col(pl.Float64)).drop_nulls()

    schema.validate(rows)

    assert rows.select(pl.any_horizontal(pl.col(names).is_null()).any()).item() in {False, None}
    assert rows.select(pl.struct(names).n_unique()).item() == rows.height
    assert floats.select(pl.all_horizontal(pl.all().is_finite().all())).to_series().all()
    for row, its_key in verdict.rejected.select("row", "key").iter_rows():
        assert json.loads(row) is not None
        assert json.loads(its_key) is not None


FAR = re.compile(rb'(?<=<c r=")[A-Z]+[0-9]+')
READING = """
import resource, sys
from datetime import UTC, datetime
from schemas.capture import Capture, Refused, Request
from sources.workbooks import sheet

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
known = Capture(Request("acme", "holdings", "ACME", "/"), datetime(2025, 1, 1, tzinfo=UTC), "0")
try:
    sheet(sys.stdin.buffer.read(), known, wanted=lambda _: True)
except Refused as refusal:
    print(refusal)
"""


def test_a_workbook_with_a_cell_far_away_is_refused_before_it_fills_the_memory(
    good: Callable[[Way], Served],
) -> None:
    """Readers lay out all cells up to the last: one wrong name of a cell ends the process."""
    way = next(way for way in WAYS if way.feed.formats == ("xlsx",) and not way.feed.link)
    move = on_member(SHEET, lambda sheet, _: FAR.sub(b"XFD20000", sheet, count=1))
    body = move(good(way).body, Random(0))  # noqa: S311 -- no secret

    read_so = subprocess.run(
        [sys.executable, "-c", READING], input=body, cwd=ROOT, capture_output=True, check=False
    )

    assert read_so.returncode == 0, read_so.stderr[:200]
    assert b"acme/holdings/ACME: " in read_so.stdout


@each_way
def test_every_feed_is_planned_for_what_the_reference_data_name(way: Way, due: list[Due]) -> None:
    assert way.feed.dataset in VIEWS
    assert rows_of(due, way.feed)


@each_way
def test_a_sandbox_serves_what_it_carries_and_nothing_else(
    way: Way, market_of: MarketOf, due: list[Due]
) -> None:
    market = market_of(way.feed.source)
    carried = carried_by(market, way.feed)
    symbols = {row["symbol"]: row for row in rows_of(due, way.feed)}

    answered = {symbol for symbol, row in symbols.items() if is_answered(market, way, row)}

    assert answered == {*carried} & {*symbols}
    assert answered


def is_answered(market: Market, way: Way, row: Due) -> bool:
    capture, body = served(market, way, row)
    try:
        verdicts, _ = read(way.feed, capture, body)
    except Refused:
        return False
    return any(verdict.accepted.height for verdict in verdicts.values())


@each_provider
def test_every_provider_is_described(provider: Provider) -> None:
    texts = ("title", "gives", "cadence", "published", "terms", "key_needed")
    without = [text for text in texts if not getattr(provider, text).strip()]

    assert without == []
    assert provider.base_url.startswith("https://")
    assert provider.feeds
    assert {feed.source for feed in provider.feeds} == {provider.name}
    assert provider.off <= {feed.dataset for feed in provider.feeds}


# What may befall a body: whatever it is, and by format.

WILD_TEXTS = (
    "", "-", "--", " ", "abc", "0", "-1", "1e308", "-1e308", "1e999", "9" * 40, "NaN", "inf",
    "-Infinity", "#N/A", "1,5", "1.2.3", "true", "2025-02-30", "9999-12-31", "99999-01-01",
    "0000-00-00", "31-Dec-9999", "Feb 30, 2025", "2025M13", "\u00a0", "\u0663", "x" * 5000,
)  # fmt: skip
WILD_VALUES: tuple[Any, ...] = (
    *WILD_TEXTS, None, True, False, 0, -1, 1.5, 1e308, -1e308, 10**30, -(10**30), 10**400,
    2**63, -(2**63), float("nan"), float("inf"), float("-inf"), [], {}, [None], [[1]], {"a": 1},
    "\ud800", "\0",
)  # fmt: skip
PAGE = b"<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body></body></html>"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def mutations(fitting: Named) -> st.SearchStrategy[list[str]]:
    """Choose up to three that fit the format, or one that befalls any body, or both."""
    some = st.lists(st.sampled_from(sorted(fitting)), min_size=1, max_size=3)
    rarely = st.lists(st.sampled_from(sorted(ANY)), max_size=1)
    one = st.sampled_from(sorted(ANY)).map(lambda name: [name])
    return st.one_of(some, some, some, st.tuples(some, rarely).map(lambda p: [*p[0], *p[1]]), one)


def cut(body: bytes, chance: Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def spliced(body: bytes, chance: Random, *, drop: int, add: int) -> bytes:
    """Take out some bytes at a few places, and put in others."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.randbytes(add) + body[at + drop :]
    return body


def flipped(body: bytes, chance: Random) -> bytes:
    """Flip one bit: what is text mostly stays text."""
    if not body:
        return body
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << chance.randrange(7))]) + body[at + 1 :]


def in_another_encoding(body: bytes, _: Random, *, encoding: str) -> bytes:
    return body.decode(errors="replace").encode(encoding, errors="replace")


ANY: Named = {
    "cut": cut,
    "bit flipped": flipped,
    "bytes replaced": partial(spliced, drop=2, add=2),
    "bytes inserted": partial(spliced, drop=0, add=3),
    "bytes deleted": partial(spliced, drop=3, add=0),
    "part deleted": partial(spliced, drop=200, add=0),
    "served twice": lambda body, _: body * 2,
    "as UTF-16": partial(in_another_encoding, encoding="utf-16"),
    "as Latin-1": partial(in_another_encoding, encoding="latin-1"),
    "gzipped": lambda body, _: gzip.compress(body, 1),
    "a page": lambda _, __: PAGE,
    "a PDF": lambda _, __: PDF,
    "empty": lambda _, __: b"",
    "a BOM in front": lambda body, _: b"\xef\xbb\xbf" + body,
    "CRLF": lambda body, _: body.replace(b"\n", b"\r\n"),
}


def on_json(change: Callable[[Any, Random], Any]) -> Mutation:
    def mutate(body: bytes, chance: Random) -> bytes:
        with suppress(ValueError):
            return json.dumps(change(json.loads(body), chance)).encode()
        return body

    return mutate


def a_place(document: Any, chance: Random) -> tuple[Any, Any] | None:
    """Choose a container and a name or index in it, near the root as often as far from it."""
    found, inner = None, document
    while isinstance(inner, dict | list) and inner and (found is None or chance.random() < 0.9):
        name = chance.choice([*inner] if isinstance(inner, dict) else range(len(inner)))
        found, inner = (inner, name), inner[name]
    return found


def objects(document: Any) -> Iterator[dict[str, Any]]:
    """Give all objects in a document."""
    if isinstance(document, dict):
        yield document
    inner = document.values() if isinstance(document, dict) else document
    for each in inner if isinstance(document, dict | list) else ():
        yield from objects(each)


def with_a_place_changed(document: Any, chance: Random, *, change: Callable[..., None]) -> Any:
    place = a_place(document, chance)
    if place:
        change(*place, chance)
    return document


def with_a_name_changed(document: Any, chance: Random, *, change: Callable[..., None]) -> Any:
    """Change all values of one name."""
    holder = chance.choice([each for each in objects(document) if each] or [{}])
    if holder:
        name = chance.choice(list(holder))
        chosen = chance.getstate()
        for each in [each for each in objects(document) if name in each]:
            chance.setstate(chosen)
            change(each, name, chance)
    return document


def drop(holder: Any, name: Any, _: Random) -> None:
    del holder[name]


def rename(holder: Any, name: Any, chance: Random) -> None:
    if isinstance(holder, dict):
        value = holder.pop(name)
        holder[chance.choice(["", f"{name} ", str(name).upper(), "\ud800", "a\nb"])] = value


def make_wild(holder: Any, name: Any, chance: Random) -> None:
    holder[name] = chance.choice(WILD_VALUES)


def repeat(holder: Any, name: Any, _: Random) -> None:
    if isinstance(holder, list):
        holder.append(holder[name])


def retype(holder: Any, name: Any, _: Random) -> None:
    """Write a number as text, text as a number, and what is neither in a list."""
    value = holder[name]
    if isinstance(value, str):
        with suppress(ValueError):
            holder[name] = float(value)
    else:
        holder[name] = str(value) if isinstance(value, int | float) else [value]


def reordered(document: Any, chance: Random) -> Any:
    """Put the names of all objects in another order."""
    match document:
        case dict():
            names = chance.sample(list(document), len(document))
            return {name: reordered(document[name], chance) for name in names}
        case list():
            return [reordered(each, chance) for each in document]
        case _:
            return document


def shuffled(document: Any, chance: Random) -> Any:
    """Put one list's elements in another order."""
    lists = [each for each in lists_in(document) if each]
    if lists:
        chance.shuffle(chance.choice(lists))
    return document


def lists_in(document: Any) -> Iterator[list[Any]]:
    if isinstance(document, list):
        yield document
    inner = document.values() if isinstance(document, dict) else document
    for each in inner if isinstance(document, dict | list) else ():
        yield from lists_in(each)


def deep(holder: Any, name: Any, _: Random) -> None:
    for _times in range(90):
        holder[name] = [holder[name]]


CHANGES = {
    "dropped": drop,
    "renamed": rename,
    "wild": make_wild,
    "repeated": repeat,
    "of another type": retype,
    "nested": deep,
}
JSON: Named = {
    "reordered": on_json(reordered),
    "in a list": on_json(lambda document, _: [document]),
    "in an object": on_json(lambda document, _: {"data": document}),
    "rows shuffled": on_json(shuffled),
    **{
        f"a value {told}": on_json(partial(with_a_place_changed, change=change))
        for told, change in CHANGES.items()
    },
    **{
        f"all of a name {told}": on_json(partial(with_a_name_changed, change=change))
        for told, change in CHANGES.items()
    },
}


Table = list[list[str]]


def on_table(change: Callable[[Table, Random], Table]) -> Mutation:
    """Change the table in a text: what stands from its widest line on, down to a blank one."""

    def mutate(body: bytes, chance: Random) -> bytes:
        text = decoded(body)
        if not text:
            return body
        lines = text.splitlines()
        widths = [line.count(",") for line in lines] or [0]
        start = widths.index(max(widths))
        end = next((n for n in range(start, len(lines)) if not lines[n].strip()), len(lines))
        rows = [row for row in csv.reader(lines[start:end]) if row]
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(change(rows, chance) if rows else rows)
        return "\n".join([*lines[:start], written.getvalue() + "\n".join(lines[end:])]).encode()

    return mutate


def a_row(table: Table, chance: Random) -> int:
    return chance.randrange(len(table))


def without_a_column(table: Table, chance: Random) -> Table:
    at = chance.randrange(len(table[0]))
    return [row[:at] + row[at + 1 :] for row in table]


def with_a_name_lost(table: Table, chance: Random) -> Table:
    at = chance.randrange(len(table[0]))
    new = chance.choice(["", "Other", table[0][0], table[0][at].upper(), f" {table[0][at]} "])
    return [[*table[0][:at], new, *table[0][at + 1 :]], *table[1:]]


def with_columns_shuffled(table: Table, chance: Random) -> Table:
    order = chance.sample(range(len(table[0])), len(table[0]))
    return [[row[at] for at in order if at < len(row)] for row in table]


def with_a_wild_cell(table: Table, chance: Random) -> Table:
    row = table[a_row(table, chance)]
    row[chance.randrange(len(row))] = chance.choice(WILD_TEXTS)
    return table


def with_a_wild_column(table: Table, chance: Random) -> Table:
    at, wild = chance.randrange(len(table[0])), chance.choice(WILD_TEXTS)
    return [table[0], *([*row[:at], wild, *row[at + 1 :]] for row in table[1:])]


def with_a_row_too_long(table: Table, chance: Random) -> Table:
    table[a_row(table, chance)].append(chance.choice(WILD_TEXTS))
    return table


CSV: Named = {
    "column dropped": on_table(without_a_column),
    "column renamed": on_table(with_a_name_lost),
    "columns shuffled": on_table(with_columns_shuffled),
    "cell wild": on_table(with_a_wild_cell),
    "column wild": on_table(with_a_wild_column),
    "row too long": on_table(with_a_row_too_long),
    "row dropped": on_table(lambda table, chance: drop_row(table, a_row(table, chance))),
    "row repeated": on_table(lambda table, chance: [*table, table[a_row(table, chance)]]),
    "rows shuffled": on_table(lambda t, chance: [t[0], *chance.sample(t[1:], len(t) - 1)]),
    "no rows": on_table(lambda table, _: table[:1]),
    "semicolons": lambda body, _: body.replace(b",", b";"),
    "tabs": lambda body, _: body.replace(b",", b"\t"),
    "a quote": partial(lambda body, chance: inserted(body, chance, b'"')),
    "a blank line": partial(lambda body, chance: inserted(body, chance, b"\n\n")),
}


def drop_row(table: Table, at: int) -> Table:
    return table[:at] + table[at + 1 :]


def inserted(body: bytes, chance: Random, what: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + what + body[at:]


def at_one(pattern: str, replacement: Callable[[re.Match[str], Random], str]) -> Mutation:
    """Replace one place in a text that looks like this."""

    def mutate(body: bytes, chance: Random) -> bytes:
        text = body.decode(errors="replace")
        places = list(re.finditer(pattern, text, re.DOTALL))
        if not places:
            return body
        place = chance.choice(places)
        changed = text[: place.start()] + replacement(place, chance) + text[place.end() :]
        return changed.encode()

    return mutate


def wild_text(_: re.Match[str], chance: Random) -> str:
    return chance.choice(WILD_TEXTS)


def nothing(_: re.Match[str], __: Random) -> str:
    return ""


def twice(place: re.Match[str], _: Random) -> str:
    return place.group() * 2


def renamed_class(body: bytes, chance: Random) -> bytes:
    classes = sorted(set(re.findall(rb'class="([^"]+)"', body)))
    return body.replace(b'"' + chance.choice(classes) + b'"', b'"other"') if classes else body


ROW, CELL = r"<(?:ss:)?(tr|Row)\b[^>]*>.*?</(?:ss:)?\1>", r"<(?:ss:)?(t[dh]|Cell)\b.*?</(?:ss:)?\1>"
MARKUP: Named = {
    "tag dropped": at_one(r"</?[a-zA-Z][^>]*>", nothing),
    "row dropped": at_one(ROW, nothing),
    "row repeated": at_one(ROW, twice),
    "cell dropped": at_one(CELL, nothing),
    "cell repeated": at_one(CELL, twice),
    "text wild": at_one(r"(?<=>)[^<>]*\w[^<>]*(?=<)", wild_text),
    "attribute wild": at_one(r'(?<==")[^"]*(?=")', wild_text),
    "class renamed": at_one(r'(?<=class=")[^"]*(?=")', lambda m, _: f"{m.group()}-new"),
    "one class renamed everywhere": renamed_class,
    "markup in text": at_one(r"(?<=>)[^<>]*\w[^<>]*(?=<)", lambda m, _: f"<b>{m.group()}</b>&<i>"),
    "no columns": lambda body, _: re.sub(rb"<th\b.*?</th>", b"", body, flags=re.DOTALL),
}


def on_member(wanted: str, change: Mutation) -> Mutation:
    """Change one file of a workbook: the largest whose name looks like this."""

    def mutate(body: bytes, chance: Random) -> bytes:
        with suppress(zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, EOFError):
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            fitting = [name for name in members if re.search(wanted, name)]
            if fitting:
                name = max(fitting, key=lambda name: len(members[name]))
                members[name] = change(members[name], chance)
            return zipped(members)
        return body

    return mutate


def zipped(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


def without_a_member(body: bytes, chance: Random) -> bytes:
    with suppress(zipfile.BadZipFile, ValueError, OSError, EOFError):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if members:
            del members[chance.choice(sorted(members))]
        return zipped(members)
    return body


SHEET, STRINGS = r"worksheets/.*\.xml$", r"sharedStrings\.xml$"
SHEET_CELL, SHEET_ROW = r"<c r=[^>]*?(?:/>|>.*?</c>)", r"<row .*?</row>"


def as_text(place: re.Match[str], chance: Random) -> str:
    told = chance.choice(WILD_TEXTS)
    return re.sub(
        r'<c (r="\w+").*', rf'<c \1 t="inlineStr"><is><t>{told}</t></is></c>', place.group()
    )


def wild_number(_: re.Match[str], chance: Random) -> str:
    numbers = ("1e308", "-1e308", "1e999", "NaN", "0", "-1", "9" * 30, "99999", "abc", "", "46000")
    return chance.choice(numbers)


def of_another_kind(place: re.Match[str], chance: Random) -> str:
    kinds = ("s", "e", "b", "d", "n", "str", "inlineStr", "none")
    reference = re.search(r'r="\w+"', place.group())
    return f'<c {reference and reference.group()} t="{chance.choice(kinds)}"><v>1</v></c>'


XLSX: Named = {
    "cell dropped": on_member(SHEET, at_one(SHEET_CELL, nothing)),
    "row dropped": on_member(SHEET, at_one(SHEET_ROW, nothing)),
    "row repeated": on_member(SHEET, at_one(SHEET_ROW, twice)),
    "cell of text": on_member(SHEET, at_one(SHEET_CELL, as_text)),
    "cell of another kind": on_member(SHEET, at_one(SHEET_CELL, of_another_kind)),
    "number wild": on_member(SHEET, at_one(r"(?<=<v>)[^<]*(?=</v>)", wild_number)),
    "cell elsewhere": on_member(SHEET, at_one(r'(?<= r=")[A-Z]+(?=\d)', lambda *_: "AZ")),
    "tag dropped": on_member(SHEET, at_one(r"</?[a-z][^>]*>", nothing)),
    "name wild": on_member(STRINGS, at_one(r"(?<=>)[^<>]*\w[^<>]*(?=</t>)", wild_text)),
    "name repeated": on_member(STRINGS, at_one(r"<si>.*?</si>", twice)),
    "name dropped": on_member(STRINGS, at_one(r"<si>.*?</si>", nothing)),
    "sheet renamed": on_member(r"workbook\.xml$", at_one(r'(?<=<sheet name=")[^"]*', wild_text)),
    "sheet cut": on_member(SHEET, cut),
    "member flipped": on_member(r"\.xml$", flipped),
    "file dropped": without_a_member,
}

BY_FORMAT: dict[str, Named] = {
    "JSON": JSON,
    "CSV": CSV,
    "HTML": MARKUP,
    "a SpreadsheetML workbook": MARKUP,
    "an XLSX workbook": XLSX,
}
