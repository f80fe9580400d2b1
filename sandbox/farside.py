"""Farside's page of bitcoin fund flows, traps included.

Programs are shown a challenge. A cell is `-` until its fund has reported, and the day's Total is
the sum of the cells so far.
"""

from datetime import datetime

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market

NAME = "bitcoin-etf-flow-all-data"
PATH = f"/{NAME}/"
HTML = "text/html; charset=UTF-8"
CHALLENGE = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
    b'<meta name="robots" content="noindex,nofollow"></head><body><div class="main-wrapper">'
    b"<noscript>Enable JavaScript and cookies to continue</noscript></div></body></html>\n"
)
FORBIDDEN = 403
HEAD = (
    '<!DOCTYPE html>\n<html lang="en-GB">\n<head><meta charset="UTF-8">'
    "<title>Bitcoin ETF Flow &#8211; All Data &#8211; Farside Investors</title></head>\n<body>\n"
    '<h1 class="entry-title">Bitcoin ETF Flow &#8211; All Data</h1>\n'
    '<figure class="wp-block-table"><table class="etf">\n'
)
FOOT = "</tbody></table></figure>\n</body>\n</html>\n"
HEADER_CELL = '<th><div><span class="tabletext">{}</span></div></th>'
CELL = '<td><div align="right"><span class="tabletext">{}</span></div></td>'
SUMMARIES = ("Total", "Average", "Maximum", "Minimum")
NOT_REPORTED, DATE, TOTAL = "-", "Date", "Total"


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"reported_flows": [] if market.bitcoin_flows.is_empty() else [NAME]}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for the page: all days that are over, each as far as it is reported."""
    if not question.from_a_browser:
        return Answer(CHALLENGE, HTML, FORBIDDEN, {"cf-mitigated": "challenge"})
    days = reported(market.bitcoin_flows, now)
    return Answer(page(days), HTML, empty=page(days.clear()))


def reported(flows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return the days that are over, a column per fund, with the sums of what is reported."""
    if flows.is_empty():
        return pl.DataFrame(schema={DATE: pl.Date, TOTAL: pl.Float64})
    is_out = pl.col("published_at") <= now
    known = flows.with_columns(millions=pl.when(is_out).then("millions"))
    wide = known.pivot("fund", index="date", values="millions", maintain_order=True)
    days = wide.rename({"date": DATE}).filter(pl.col(DATE) < now.date())
    return days.with_columns(pl.sum_horizontal(pl.exclude(DATE)).alias(TOTAL))


def page(days: pl.DataFrame) -> bytes:
    """Write the page: its header, the days, and four rows below that are no days."""
    names = "".join(map(HEADER_CELL.format, days.columns))
    dated = days.with_columns(pl.col(DATE).dt.strftime("%d %b %Y"))
    rows = [*written(dated), *written(summaries(days))]
    return (HEAD + f"<thead><tr>{names}</tr></thead>\n<tbody>\n" + "".join(rows) + FOOT).encode()


def summaries(days: pl.DataFrame) -> pl.DataFrame:
    """Return the rows below the days, if there are any."""
    values = days.drop(DATE)
    rows = pl.concat([values.sum(), values.mean(), values.max(), values.min()])
    return rows.select(pl.Series(DATE, SUMMARIES), pl.all()).filter(bool(days.height))


def written(table: pl.DataFrame) -> list[str]:
    """Write the rows of a table, one a line."""
    texts = table.with_columns(pl.exclude(DATE).map_batches(amounts, return_dtype=pl.String))
    return [f"<tr>{''.join(map(CELL.format, row))}</tr>\n" for row in texts.iter_rows()]


def amounts(millions: pl.Series) -> pl.Series:
    """Write millions as the page does: one decimal, negative ones red and in parentheses."""
    return pl.Series([amount(value) for value in millions], dtype=pl.String)


def amount(millions: float | None) -> str:
    """Write one cell."""
    if millions is None:
        return NOT_REPORTED
    if round(millions, 1) < 0:
        return f'<span class="redFont">({-millions:,.1f})</span>'
    return f"{abs(millions):,.1f}"


ROUTES = {PATH: answer}
