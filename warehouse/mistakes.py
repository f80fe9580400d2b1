"""What is wrong with a query, in one line: DuckDB's words, and what may have been meant."""

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import duckdb

from warehouse import definitions

# Of forty functions that do not fit, so many are told.
MOST_CANDIDATES = 3


class Mistake(NamedTuple):
    """A query that DuckDB refused, in its words as one line, and where it was asked."""

    told: str
    query: str
    warehouse: duckdb.DuckDBPyConnection


Explain = Callable[[re.Match[str], Mistake], str]


def explained(error: duckdb.Error, query: str, warehouse: duckdb.DuckDBPyConnection) -> str:
    """Say in one line what is wrong with a query, what may have been meant, and where to look."""
    mistake = Mistake(one_line(error), query, warehouse)
    for pattern, explain in EXPLAINED.items():
        if found := re.search(pattern, mistake.told):
            return explain(found, mistake)
    return mistake.told


def one_line(error: duckdb.Error) -> str:
    """Keep what DuckDB says and suggests: of its drawing of the query the line's number alone."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("LINE ", "^"))]
    if "Candidate functions:" in told:
        first = told.index("Candidate functions:") + 1
        told[first:] = [", ".join(shortened(told[first:]))]
    drawn = re.search(r"^LINE (\d+):", str(error), re.MULTILINE)
    where = f" (line {drawn[1]})" if drawn and drawn[1] != "1" else ""
    return " ".join(told) + where


def shortened(candidates: list[str]) -> list[str]:
    """Tell the first candidates, and how many more there are."""
    more = len(candidates) - MOST_CANDIDATES
    return candidates if more < 1 else [*candidates[:MOST_CANDIDATES], f"and {more} more"]


def no_column(found: re.Match[str], mistake: Mistake) -> str:
    """Name the columns that the views of the query have, and that are like the one it names."""
    column, alias = found["column"], found.groupdict().get("alias", "").lower()
    read = relations_read(mistake)
    of = [read[alias]] if alias in read else sorted(set(read.values()))
    columns = {view: columns_of(view, mistake.warehouse) for view in of}
    pool = {name for names in columns.values() for name in names} | suggested(mistake.told)
    like = alike(column, pool - {column})
    if not like:
        return f"{mistake.told}; {look_at(of)}; text is written with 'single quotes'"
    having = [view for view in of if like[0] in columns[view]]
    if not having:  # a column of a part of the query's own
        return f"there is no column {column}: did you mean {either(like)}?"
    told = f"there is no column {column} in {either(of)}: did you mean {either(like)}?"
    return f"{told} {look_at(having)}"


def no_relation(found: re.Match[str], mistake: Mistake) -> str:
    """Name the views and tables that are like the one that there is none of."""
    name = found["name"].rpartition(".")[2]
    if "/" in name:
        return f'Cannot access file "{name}"{OUTSIDE}'
    if name in definitions.macros():
        return f"{name} is a macro, not a view: {use_of(name)}"
    if like := alike(name, views(mistake.warehouse)):
        return f"there is no view or table {name}: did you mean {either(like)}? {ALL}"
    return f"{mistake.told}; {ALL}"


ALL = "`silverstreak describe` lists all"


def no_function(found: re.Match[str], mistake: Mistake) -> str:
    """Name the macros, and DuckDB's own function, that are like the one that there is none of."""
    name, macros = found["name"], definitions.macros()
    like = alike(name, macros.keys() | suggested(mistake.told))
    if not like:
        return f"{mistake.told}; {ALL}"
    use = f" {use_of(like[0])}" if like[0] in macros else ""
    return f"there is no function {name}: did you mean {either(like)}?{use}"


def wrong_arguments(found: re.Match[str], mistake: Mistake) -> str:
    """Say how a macro is called."""
    name = found["name"]
    if name not in definitions.macros():
        return mistake.told
    return f"{name} is called with other arguments: {use_of(name)}"


def use_of(macro: str) -> str:
    """Write how a macro is called, and where it is explained."""
    signature = definitions.macros()[macro].signature
    return f"{macro}({signature}), see `silverstreak describe {macro}`"


def not_outside(_: re.Match[str], mistake: Mistake) -> str:
    """Say where files can be read."""
    return f"{mistake.told}{OUTSIDE}"


OUTSIDE = "; `silverstreak shell` is DuckDB's own client, which reads files of yours"


def no_syntax(_: re.Match[str], mistake: Mistake) -> str:
    """Tell the name of a view or of a file from a query."""
    name = mistake.query.strip()
    if name in views(mistake.warehouse):
        return f'{name} alone is no query: silverstreak sql "from {name}" asks for all of it'
    if not re.fullmatch(r"\S+\.sql", name):
        return mistake.told
    missing = "" if Path(name).exists() else f"there is no file {name}, and "
    return f'{missing}a query is wanted, not a file: silverstreak sql "$(cat {name})" asks it'


EXPLAINED: dict[str, Explain] = {
    r'Referenced column "(?P<column>[^"]*)" not found': no_column,
    r'Column "(?P<column>[^"]*)" in \w+ list not found': no_column,
    r'"(?P<alias>[^"]*)" does not have a column named "(?P<column>[^"]*)"': no_column,
    r"Function with name \"?(?P<name>[^\s\"]+)\"? does not exist": no_function,
    r"Table with name \"?(?P<name>[^\s\"]+)\"? does not exist(?! because)": no_relation,
    r"Macro (?P<name>\w+)\(\) does not support the supplied arguments": wrong_arguments,
    r"^Permission Error": not_outside,
    r"^Parser Error": no_syntax,
}
"""What DuckDB says, and what is made of it; anything else is told in its own words."""


def relations_read(mistake: Mistake) -> dict[str, str]:
    """Name what a query reads, by the name that it has there."""
    known = views(mistake.warehouse) | tables(mistake.warehouse)
    try:
        named = {
            str(node["alias"] or node["table_name"]).lower(): str(node["table_name"]).lower()
            for node in definitions.nodes(mistake.query)
            if node.get("type") == "BASE_TABLE"
        }
        named |= {name: name for name in definitions.relations(mistake.query)}
    except ValueError:  # DESCRIBE and the like, which DuckDB does not give the tree of
        return {}
    return {alias: name for alias, name in named.items() if name in known}


def views(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name every view there is."""
    query = "select view_name from duckdb_views() where not internal"
    return {name for (name,) in warehouse.execute(query).fetchall()}


def tables(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name every table there is."""
    query = "select table_name from duckdb_tables()"
    return {name for (name,) in warehouse.execute(query).fetchall()}


def columns_of(relation: str, warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name a view's or table's columns."""
    query = "select column_name from duckdb_columns() where table_name = ?"
    return {column for (column,) in warehouse.execute(query, [relation]).fetchall()}


def suggested(told: str) -> set[str]:
    """Name what DuckDB suggests: it also knows the columns of a query's own parts."""
    return set(re.findall(r'"([^"]+)"', re.split("Candidate bindings:|Did you mean", told)[-1]))


def alike(name: str, names: Iterable[str]) -> list[str]:
    """Name those that are like a name, the likest first."""
    return difflib.get_close_matches(name.lower(), sorted(names), n=3)


def either(names: list[str]) -> str:
    """Write names as a choice: "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def look_at(of: list[str]) -> str:
    """Say where the columns of views are explained."""
    return f"see `silverstreak describe {of[0]}`" if of else ALL
