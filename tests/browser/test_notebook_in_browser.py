"""The notebook as a person sees it: served by marimo, opened in Chromium."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import (
    DESKTOP,
    PHONE,
    Chart,
    View,
    charts,
    clipped,
    opened,
    overflow,
    overlaps,
    settle,
    violations,
)

Scheme = Literal["light", "dark"]

ROOT = Path(__file__).parents[2]
COMPUTED = 60_000  # milliseconds that a busy machine may take
# Its menu has no name, and a line below its tables is pale.
OF_MARIMO = ('aria-haspopup="menu"', "No selection</span>")


@pytest.fixture(scope="module")
def served(lived: Path) -> Iterator[str]:
    """Serve the notebook on loopback, as README says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["run", "notebook/silverstreak.py", "--headless", "--port", str(port)]
    command = [sys.executable, "-m", "marimo", *words, "--", "--data", str(lived)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as server:
        while not answers(f"{address}/health"):
            assert server.poll() is None
            time.sleep(0.1)
        yield address
        server.terminate()


def answers(url: str) -> bool:
    try:
        return bool(urlopen(url, timeout=5).status == 200)  # noqa: S310 -- loopback
    except (URLError, OSError):
        return False


@pytest.fixture(scope="module")
def view(browser: Browser, served: str) -> Iterator[View]:
    """Open the notebook; the window is so high that nothing has to be scrolled to."""
    with opened(browser, served) as view:
        view.page.set_viewport_size({"width": view.width, "height": 4000})
        wait_for(view, "Facts on metals")
        yield view


def wait_for(view: View, heading: str) -> None:
    view.page.get_by_role("heading", name=heading).wait_for(timeout=COMPUTED)
    settle(view, quiet=500)


def drawn(view: View) -> list[Chart]:
    return charts(view, "svg.marks")


def test_another_subject_shows_other_charts(view: View) -> None:
    flows = drawn(view)

    view.page.get_by_label("Subject").select_option("SI=F · Silver")
    wait_for(view, "Facts on SI=F")
    [closes] = drawn(view)

    assert [chart.label.split(".")[0] for chart in flows] == [
        "Net flow of each month",
        "Months of inflows in a row, ever",
    ]
    assert closes.label == "Closes, and records among them. synthetic data"
    assert all("synthetic data" in chart.label for chart in flows)
    assert all(chart.marks for chart in [*flows, closes])
    assert view.page.get_by_text("No flows of SI=F were known.").is_visible()


def test_another_measure_shows_other_flows(view: View) -> None:
    view.page.get_by_label("Subject").select_option("AAA · a fund")
    wait_for(view, "Facts on AAA")
    before = view.page.get_by_text("net flow, shares").count()

    view.page.get_by_role("radio", name="usd").click()
    view.page.get_by_text("net flow, USD").wait_for(timeout=COMPUTED)

    assert before == 1
    assert view.page.get_by_text("net flow, shares").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_nothing_is_cut_or_pale(view: View, width: int, scheme: Scheme) -> None:
    view.page.emulate_media(color_scheme=scheme)
    view.page.set_viewport_size({"width": width, "height": 4000})
    view.width = width
    settle(view, quiet=500)

    assert [overflow(view), clipped(view), overlaps(view)] == [[], [], []]
    faults = [node for found in violations(view) for node in found.nodes]
    assert [node for node in faults if not any(sign in node for sign in OF_MARIMO)] == []


def test_nothing_went_wrong_and_nobody_else_was_asked(view: View) -> None:
    assert [told for told in view.complaints if told.startswith(("error", "uncaught"))] == []
    assert view.elsewhere == []
    assert len(view.requests) > 1
