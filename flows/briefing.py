"""The brief: made after every publish, and by command."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from brief import contents
from brief.topics import TopicError
from flows.settings import General
from warehouse import copies
from warehouse.connection import open_published

if TYPE_CHECKING:
    from warehouse.publishing import Published

NONE, DEFAULT = "none", "silver"

log = logging.getLogger(__name__)


def chosen(settings: General) -> str:
    """Name the subject of the briefs: the one in the settings, else silver."""
    return DEFAULT if settings.brief == NONE else settings.brief


def after(settings: General, published: "Published") -> Path | None:
    """Make the brief of what was just published, `published/brief.html` and `.md`, and name it.

    What keeps it from being made is told, and harms nothing else.
    """
    if published.file is None or settings.brief == NONE:
        return None
    file = settings.data / "published" / "brief.html"
    try:
        with open_published(settings.data) as warehouse:
            write(warehouse, settings.brief, file)
    except (TopicError, OSError, duckdb.Error) as error:
        log.warning("no brief was made: %s", " ".join(str(error).split()))
        return None
    return file


def write(warehouse: duckdb.DuckDBPyConnection, subject: str, file: Path) -> list[Path]:
    """Write a brief as HTML to a file, and as Markdown beside it; each whole or not at all.

    Raises:
        TopicError: There is no such subject.
        OSError: It cannot be written.
    """
    from brief import pages  # noqa: PLC0415 -- what draws takes a second to import

    told = contents.gather(warehouse, subject)
    files = {file: pages.as_html(told), file.with_suffix(".md"): pages.as_markdown(told)}
    for path, text in files.items():
        with copies.whole(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    return list(files)
