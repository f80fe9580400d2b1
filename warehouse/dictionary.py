"""The data dictionary: what every view, fact and macro says, column by column, and where from.

`python -m warehouse.dictionary` prints docs/dictionary.md; everything in it comes from the SQL
files' headers, the schemas of the tables and the queries themselves.
"""

import difflib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import duckdb

from warehouse import connection, definitions, lineage
from warehouse.asking import QueryError
from warehouse.definitions import Macro, View

TOP = """# Data dictionary

Written from the SQL files by `make docs`; edit their headers, not this page. The same is in the
warehouse itself, as comments on views and columns, and `silverstreak describe VIEW` shows it.

A **fact** states a number and its sentence for the latest day visible; `facts` unites them all. A
**view** is the evidence below, a **table** what is believed of what sources state. A **macro**
works on any table or view, yours too. All of them but the macros obey the variables `as_of` and
`known_at`, if they do not say otherwise.

*From* names the columns that a column is made of, in what its query reads.

"""


TITLES = {"fact": "Facts", "view": "Views", "macro": "Macros", "table": "Tables"}


class Column(NamedTuple):
    """A column: its type, what it means, and what it is made of (`relation.column`)."""

    name: str
    type: str
    comment: str
    sources: list[str]


class Entry(NamedTuple):
    """A view, fact or table: what it says, its columns, and the tables that it rests on."""

    name: str
    kind: str
    comment: str
    columns: list[Column]
    tables: list[str]


class Dictionary:
    """What there is to ask, as the empty warehouse of this release has it."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        """Read all definitions; `warehouse` is any warehouse of this release."""
        self.warehouse = warehouse
        self.views = definitions.definitions(is_corrected=False)
        self.macros = definitions.macros()
        self.facts = {file.stem: file for file in definitions.FOLDERS[1].glob("*.sql")}
        self.files = {file.stem for file in definitions.FOLDERS[0].glob("*.sql")}
        self.columns = lineage.catalog(warehouse)
        self.reads = {
            name: set(definitions.relations(view.query) & self.views.keys() - {name})
            for name, view in self.views.items()
        }

    def kind(self, name: str) -> str:
        """Say whether a name is a fact's, a view's, a table's or a macro's."""
        if name in self.facts or name == "facts":
            return "fact"
        return "view" if name in self.files else "table"

    def entry(self, name: str) -> Entry:
        """Describe a view, fact or table."""
        view = self.views[name]
        types = {
            column: str(kind)
            for column, kind, *_ in self.warehouse.execute(f"describe {name}").fetchall()
        }
        made_of = lineage.sources(self.own(name), self.columns) if self.is_made(name) else {}
        columns = [
            Column(
                column, kind.lower(), view.columns.get(column, ""), sorted(made_of.get(column, []))
            )
            for column, kind in types.items()
        ]
        tables = lineage.tables_of(name, {n: below for n, below in self.reads.items() if below})
        return Entry(name, self.kind(name), view.comment, columns, sorted(tables - {name}))

    def own(self, name: str) -> View:
        """Give a view; of a fact, its own query."""
        return definitions.read(self.facts[name]) if name in self.facts else self.views[name]

    def is_made(self, name: str) -> bool:
        """Say whether a view is made of others by SQL of ours: a file, but not the union of all."""
        return name in self.facts or name in self.files


@contextmanager
def opened() -> Iterator[Dictionary]:
    """Open the dictionary of this release."""
    with duckdb.connect() as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        connection.prepare(warehouse, "synthetic", datetime.now(UTC))
        yield Dictionary(warehouse)


def page() -> str:
    """Write docs/dictionary.md."""
    with opened() as dictionary:
        parts = [TOP]
        for kind, title in TITLES.items():
            parts.append(f"## {title}\n\n")
            if kind == "macro":
                parts += [macro_section(*named) for named in sorted(dictionary.macros.items())]
            else:
                named = [name for name in sorted(dictionary.views) if dictionary.kind(name) == kind]
                parts += [section(dictionary.entry(name)) for name in named]
        return "".join(parts)


def section(entry: Entry) -> str:
    """Write what a view says; the columns that all facts share are told once, by `no_fact`."""
    told = [f"### {entry.name}\n\n{prose(entry.comment)}\n"]
    if entry.tables:
        told.append(f"Rests on: {', '.join(f'`{table}`' for table in entry.tables)}\n")
    is_fact = entry.kind == "fact"
    head = (
        "| column | from |\n|---|---|\n"
        if is_fact
        else "| column | type | meaning | from |\n|---|---|---|---|\n"
    )
    rows = [
        f"| {c.name} | {listed(c.sources)} |\n"
        if is_fact
        else f"| {c.name} | {c.type} | {cell(c.comment)} | {listed(c.sources)} |\n"
        for c in entry.columns
        if c.sources or not is_fact
    ]
    if rows:
        told.append(head + "".join(rows))
    return "\n".join(told) + "\n"


def macro_section(name: str, macro: Macro) -> str:
    """Write what a macro says, its arguments, its columns and its example."""
    told = [f"### {name}({macro.signature})\n\n{prose(macro.comment)}\n"]
    told.append(rows_of("argument", macro.arguments))
    if macro.columns:
        told.append(rows_of("column", macro.columns))
    told.append(f"```sql\n{macro.example}\n```\n")
    return "\n".join(told) + "\n"


def rows_of(title: str, told: Mapping[str, str]) -> str:
    """Write names and what they mean as a table."""
    rows = "".join(f"| {name} | {cell(comment)} |\n" for name, comment in told.items())
    return f"| {title} | meaning |\n|---|---|\n{rows}"


def prose(comment: str) -> str:
    """Write a comment's lines so that Grain, Method and Caveat begin one each."""
    lines: list[str] = []
    for line in comment.splitlines():
        if line.startswith(("Grain ", "Method ", "Caveat ")):
            word, _, rest = line.partition(" ")
            lines.append(f"\n- **{word}** {rest.strip()}")
        elif line.strip():
            lines.append(line.strip())
    return "\n".join(lines)


def listed(sources: list[str]) -> str:
    """Write what a column is made of."""
    return ", ".join(f"`{source}`" for source in sources)


def cell(text: str) -> str:
    """Write text for a cell of a table."""
    return text.replace("|", "\\|")


def describe(name: str) -> str:
    """Describe a view, fact, table or macro for a terminal; a fact and a macro may share a name.

    Raises:
        QueryError: There is none of this name; names those that are like it.
    """
    with opened() as dictionary:
        told = []
        if name in dictionary.views:
            told.append(described(dictionary.entry(name)))
        if name in dictionary.macros:
            told.append(macro_described(name, dictionary.macros[name]))
        if told:
            return "\n\n\n".join(told)
        like = difflib.get_close_matches(name, [*dictionary.views, *dictionary.macros], n=3)
        hint = f"did you mean {' or '.join(like)}?" if like else "`silverstreak describe` lists all"
        raise QueryError(f"there is no view, table or macro {name}: {hint}")


def described(entry: Entry) -> str:
    """Describe a view, fact or table."""
    lines = [f"{entry.name}  ({entry.kind})", "", entry.comment, ""]
    if entry.tables:
        lines += [f"Rests on {', '.join(entry.tables)}", ""]
    for column in entry.columns:
        lines.append(f"{column.name}  {column.type}")
        lines += [f"    {column.comment}"] if column.comment else []
        lines += [f"    from {', '.join(column.sources)}"] if column.sources else []
    return "\n".join(lines)


def macro_described(name: str, macro: Macro) -> str:
    """Describe a macro."""
    told = [*padded(macro.arguments), "", *padded(macro.columns), "", macro.example]
    return "\n".join([f"{name}({macro.signature})  (macro)", "", macro.comment, "", *told])


def padded(told: Mapping[str, str]) -> list[str]:
    """Write names and what they mean, one below the other."""
    width = max(map(len, told), default=0)
    return [f"{name:{width}}  {comment}" for name, comment in told.items()]


def overview() -> list[tuple[str, str, str]]:
    """List every view, fact, table and macro: its name, kind and first sentence."""
    with opened() as dictionary:
        rows = [
            (name, dictionary.kind(name), first_sentence(view.comment))
            for name, view in dictionary.views.items()
        ]
        rows += [
            (name, "macro", first_sentence(macro.comment))
            for name, macro in dictionary.macros.items()
        ]
        order = list(TITLES)
        return sorted(rows, key=lambda row: (order.index(row[1]), row[0]))


def first_sentence(comment: str) -> str:
    """Give the sentence that a comment begins with."""
    return " ".join(comment.partition("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(page())
