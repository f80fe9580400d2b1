"""Write a brief as one HTML file, which needs nothing but itself, and as Markdown."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from brief import charts
from brief.contents import Brief, Shown

TEMPLATES = Path(__file__).with_name("templates")
WIDE, NARROW = 800, 310  # pixels between the axes' outer ends, about
MOST = 6  # facts of a section that are seen at once
LAST = 12  # rows of a chart that are told in numbers
WHOLE = 1000  # from this on a number is told without decimals
FRACTIONS = {"price_return", "change", "change_24h", "reported_change_24h", "coverage"}


class Drawing(NamedTuple):
    """A chart as stills of two widths (SVG), and live (Vega-Lite as JSON)."""

    wide: str
    narrow: str
    live: str


def as_html(brief: Brief) -> str:
    """Write a brief as one HTML file: no network, light and dark, with and without scripts."""
    is_synthetic = brief.origin == "synthetic"
    drawings = {
        shown.query: draw(shown, brief.topic.name, number, is_synthetic=is_synthetic)
        for number, shown in enumerate(all_shown(brief))
    }
    words = {"style": (TEMPLATES / "style.css").read_text(), "script": script()}
    return filled("brief.html", brief, **words, drawings=drawings)


def as_markdown(brief: Brief) -> str:
    """Write a brief as Markdown: what is drawn in HTML is told in numbers."""
    return filled("brief.md", brief)


def filled(template: str, brief: Brief, **words: object) -> str:
    """Fill a template."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cells": cells,
        "alt": alt,
        "is_estimated": is_estimated,
        "plain": plain,
    }
    known_at = brief.known_at and moment(brief.known_at)
    return environment.get_template(template).render(
        brief=brief,
        title=f"{brief.topic.name}: the brief",
        when=when(brief),
        known_at=known_at,
        most=MOST,
        last=LAST,
        counted=counted,
        release=version("silverstreak"),
        **words,
    )


def all_shown(brief: Brief) -> Iterator[Shown]:
    """List the exhibits of all sections."""
    return (shown for part in brief.parts for shown in part.shown)


def draw(shown: Shown, name: str, number: int, *, is_synthetic: bool) -> Drawing | None:
    """Draw an exhibit, if it is to be drawn."""
    if shown.exhibit.draw is None:
        return None
    chart = shown.exhibit.draw(shown.rows, name)

    def still(width: int) -> str:
        spec = charts.dressed(chart, width, is_synthetic=is_synthetic)
        return with_own_ids(vl_convert.vegalite_to_svg(spec), f"{number}-{width}")

    spec = charts.dressed(chart, None, is_synthetic=is_synthetic)
    return Drawing(still(WIDE), still(NARROW), in_script(json.dumps(spec)))


def with_own_ids(svg: str, name: str) -> str:
    """Make the names in a drawing its own: those of a page are shared by all that is in it."""
    return re.sub(r'(\bid="|url\(#)', rf"\g<1>{name}-", svg)


@cache
def script() -> str:
    """Bundle Vega with what puts live charts in the place of stills."""
    return in_script(vl_convert.javascript_bundle((TEMPLATES / "live.js").read_text()))


def in_script(text: str) -> str:
    """Keep text from ending the script element that it stands in."""
    return re.sub(r"<(?=/script|!--)", r"\\u003c", text, flags=re.IGNORECASE)


def when(brief: Brief) -> str:
    """Say from which day, and with what was known when."""
    day = f"As of {brief.as_of:%A %-d %B %Y}" if brief.as_of else "As of no day"
    return f"{day}; known at {moment(brief.known_at)}" if brief.known_at else day


def moment(instant: datetime) -> str:
    """Write an instant, in UTC."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def counted(number: int, noun: str) -> str:
    """Write "1 row", "2 rows"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def is_estimated(shown: Shown) -> bool:
    """Say whether any of an exhibit's numbers are estimated."""
    return "is_estimated" in shown.rows.columns and bool(shown.rows["is_estimated"].any())


def alt(shown: Shown) -> str:
    """Say in words what a drawing shows."""
    first, last = shown.rows[0, 0], shown.rows[-1, 0]
    ends = f", from {cell('', first)} to {cell('', last)}" if first != last else ""
    return f"Chart: {shown.title}. {counted(shown.rows.height, 'row')}{ends}; the numbers follow."


def cells(shown: Shown, last: int | None) -> list[list[str]]:
    """Write the cells of an exhibit's last rows (None: of all)."""
    rows = shown.rows if last is None else shown.rows.tail(last)
    return [
        [cell(name, value) for name, value in zip(rows.columns, row, strict=True)]
        for row in rows.iter_rows()
    ]


def cell(column: str, value: object) -> str:
    """Write one value, a fraction as a percentage."""
    match value:
        case None:
            told = ""
        case bool():
            told = "yes" if value else "no"
        case float() if column in FRACTIONS:
            told = f"{value:.2%}"
        case float():
            told = f"{value:,.0f}" if abs(value) > WHOLE else f"{value:,.6g}"
        case int() if column != "year":
            told = f"{value:,}"
        case datetime():
            told = moment(value)
        case _:
            told = str(value)
    return told


def plain(text: str) -> str:
    """Keep text from meaning anything to Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
