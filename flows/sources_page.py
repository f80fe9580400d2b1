"""docs/sources.md, written from the registry: `python -m flows.sources_page` prints it."""

from flows.feeds import Feed, Provider
from flows.registry import PROVIDERS
from warehouse.tables import name

TOP = """# Sources

Written from the registry by `make docs`; edit flows/registry.py, not this page.

A provider is asked for what warehouse/reference names it for: instruments.csv, funds.csv,
series.csv and pages.csv list the sources of each line, the first preferred. Providers whose terms
want a licence, a key or a person at a browser are off until you switch them on.

Every setting is an environment variable: `SILVERSTREAK_<PROVIDER>__ENABLED`, `__DATASETS` (a JSON
list), `__RATE` (requests per second), `__CONCURRENCY`, `__BASE_URL`, `__SITES` and `__HEADERS`
(JSON objects), `__USER_AGENT`, `__API_KEY`. A key is never written into a capture, a log, an error
or the warehouse. A site that is not named keeps its address; paths are part of the code.

What a provider serves belongs to it. What you record is for your own use, unless its terms say
otherwise; nothing of it is in this repository.

"""

END = """
## Not built

Formats that are not established are not guessed at:

- **Sprott** (PSLV, PHYS): no payload and no confirmed endpoint is known. These are closed-end
  trusts that issue units and have no creations: their flows would stand apart from those of ETFs.
- **CompaniesMarketCap's assets as CSV**: nobody has seen its answer; the page is read instead.
- **Keyed market data** (Nasdaq Data Link, Alpha Vantage, Tiingo, Twelve Data), the **World Gold
  Council**, and **vault stocks** of the LBMA and COMEX: not part of this release.
"""


def page() -> str:
    """Write docs/sources.md."""
    return TOP + table() + "".join(map(section, PROVIDERS)) + END


def table() -> str:
    """Write all providers as one table."""
    rows = [
        f"| [{row.title}](#{row.name}) | {', '.join(feed.dataset for feed in row.feeds)} | "
        f"{row.cadence} | {state(row)} |\n"
        for row in PROVIDERS
    ]
    head = "| provider | datasets | cadence | default |\n|---|---|---|---|\n"
    return head + "".join(rows)


def state(row: Provider) -> str:
    """Say what of a provider is on by default."""
    if not row.enabled:
        return "off"
    return "**on**" + (f", but for {', '.join(sorted(row.off))}" if row.off else "")


def section(row: Provider) -> str:
    """Write one provider's section."""
    told = {
        "Gives": row.gives,
        "Tables": "; ".join(map(filled, row.feeds)),
        "Cadence": row.cadence,
        "Published": row.published,
        "Asked at": ", ".join([row.base_url, *row.sites.values()])
        + f"; at most {row.rate:g} times a second",
        "Key": row.key_needed + (f" (`{variable(row)}__API_KEY`)" if row.key else ""),
        "Terms": row.terms,
        "Left out": row.left_out,
        "Switch": switch(row),
    }
    lines = "".join(f"- **{title}:** {text}\n" for title, text in told.items() if text)
    return f'\n## {row.title} <a id="{row.name}"></a>\n\n{lines}'


def filled(feed: Feed) -> str:
    """Say which tables a feed fills."""
    return f"{feed.dataset} fill {', '.join(f'`{name(schema)}`' for schema in feed.tables)}"


def switch(row: Provider) -> str:
    """Say how to switch a provider on, or off."""
    if not row.enabled:
        return f"off; on with `{variable(row)}__ENABLED=true`"
    if row.off:
        datasets = ", ".join(f'"{feed.dataset}"' for feed in row.feeds)
        return f"on; all of it with `{variable(row)}__DATASETS='[{datasets}]'`"
    return f"on; off with `{variable(row)}__ENABLED=false`"


def variable(row: Provider) -> str:
    """Give the beginning of a provider's settings."""
    return f"SILVERSTREAK_{row.name.upper()}"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 -- that is what it is for
