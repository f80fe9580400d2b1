"""HTML pages: read whole, and their cells as text on one line."""

import re

import polars as pl
from selectolax.lexbor import LexborHTMLParser, LexborNode

from schemas.capture import Capture, Refused
from sources.sniffing import sniff

LONGEST_TITLE = 60
DEEPEST = 5_000  # elements within elements: the reader's time grows with the square of it
TAG = re.compile(r"<(/?)[a-zA-Z]")


def page(payload: bytes, capture: Capture) -> LexborHTMLParser:
    """Read a page; a reader of HTML mends what is broken, so one without its end is refused.

    Raises:
        Refused: It is no page, a challenge, consent or outage page, or cut off.
    """
    markup = sniff(payload, capture, wanted="html")
    if "</html" not in markup.lower():
        raise Refused(f"{capture.request.scope}: the page has no end (</html>): cut off")
    if depth(markup) > DEEPEST:
        raise Refused(f"{capture.request.scope}: the page's elements are nested without end")
    return LexborHTMLParser(markup)


def depth(markup: str) -> int:
    """Count how deep elements may lie in each other, at most: not all of them are ever closed."""
    steps = pl.Series([-1 if tag.group(1) else 1 for tag in TAG.finditer(markup)], dtype=pl.Int64)
    return int(steps.cum_sum().max() or 0)  # type: ignore[arg-type]  # of integers


def title(tree: LexborHTMLParser) -> str:
    """Quote what a page calls itself, for those who have to find out what it is."""
    return repr(text(tree.css_first("title"))[:LONGEST_TITLE])


def text(node: LexborNode | None) -> str:
    """Give all text within an element, on one line; nothing where there is no element."""
    return "" if node is None else one_line(node.text())


def own_text(node: LexborNode | None) -> str:
    """Give the text directly in an element, not that of elements within, on one line."""
    return "" if node is None else one_line(node.text(deep=False))


def one_line(served: str) -> str:
    """Strip blanks, and make one of several, also of those that do not break."""
    return " ".join(served.split())
