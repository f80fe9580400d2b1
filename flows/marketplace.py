"""The sandbox as a command, and as a part of the demo."""

from datetime import date
from pathlib import Path

from flows import terminal
from sandbox import history, server, synthetic
from sandbox.faults import Faults
from sandbox.market import Market


def serve(folder: Path | None, today: date, port: int, rate: float, seed: int) -> int:
    """Serve a market until interrupted."""
    market = open_market(folder)

    def announce(url: str) -> None:
        terminal.log.info("a %s market, up to %s, at %s", market.origin, today, url)
        terminal.log.info("use it with: SILVERSTREAK_SANDBOX=%s silverstreak run", url)

    server.serve(market, today, port, Faults(rate, seed) if rate else None, announce)
    return 0


def open_market(folder: Path | None) -> Market:
    """Open the market of a history folder, or the built-in synthetic one."""
    return synthetic.synthetic() if folder is None else history.from_folder(folder)
