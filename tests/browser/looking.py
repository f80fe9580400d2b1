"""Open a page in a real Chromium and tell what a person would see of it, and what it asks for.

    with chromium() as browser, opened(browser, url, width=390, dark=True) as view:
        assert view.complaints == [] and view.requests == []
        assert overflow(view) == []

Nothing but this machine can be reached from the pages: a request elsewhere fails, and is reported.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright

PHONE, DESKTOP = 390, 1280
"""Widths in pixels that every page must fit."""

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # a proxy that is not there; loopback goes without one
    "--proxy-server=http://127.0.0.1:9",
)  # fmt: skip
MEASURE = Path(__file__).with_name("measure.js").read_text()


@dataclass
class View:
    """A page that is open, with what it has said and asked for so far."""

    page: Page
    width: int
    complaints: list[str] = field(default_factory=list)
    """What is in the console, whatever its level, and errors that nothing caught."""
    requests: list[str] = field(default_factory=list)
    """URLs that were asked for, WebSockets too; the page itself is none."""

    @property
    def elsewhere(self) -> list[str]:
        """Give the requests that are not to the page's own host and port."""
        home = urlsplit(self.page.url).netloc
        return [url for url in self.requests if urlsplit(url).netloc != home]


@dataclass(frozen=True)
class Chart:
    """A chart: an svg, canvas or img, and how much is drawn in it."""

    label: str
    left: float
    top: float
    width: float
    height: float
    marks: int
    """Shapes that are painted, of a Vega chart those of its marks alone; pixels, if no svg."""


@dataclass(frozen=True)
class Violation:
    """A rule of axe's that is broken."""

    rule: str
    impact: str
    """minor, moderate, serious or critical."""
    nodes: tuple[str, ...]
    """The elements, each with what is wrong with it."""


def chromium_path() -> str:
    """Find Debian's Chromium; where there is none, skip the test, but never in CI."""
    path = shutil.which("chromium")
    if path is None:
        reason = "there is no Chromium: apt-get install chromium"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return str(path)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, and end it.

    While it runs, this thread's event loop does, too, and no other can: keep it to a module
    without async tests.
    """
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, url: str, *, width: int = DESKTOP, dark: bool = False, script: bool = True
) -> Iterator[View]:
    """Open a page as one who was never there: a phone's width is that of a phone.

    Args:
        browser: What `chromium` gives.
        url: file:// or loopback.
        width: Of the window, in pixels.
        dark: Whether the person prefers dark colours.
        script: Whether scripts run.
    """
    is_phone = width <= PHONE
    context = browser.new_context(
        viewport={"width": width, "height": 844 if is_phone else 900},
        is_mobile=is_phone,
        has_touch=is_phone,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        page = context.new_page()
        view = View(page, width)
        listen(view)
        page.goto(url)
        if script:
            settle(view)
        yield view
    finally:
        context.close()


def listen(view: View) -> None:
    """Note all that the page says and asks for."""
    page = view.page
    page.on("console", lambda message: view.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: view.complaints.append(f"uncaught: {error}"))
    page.on("websocket", lambda socket: view.requests.append(socket.url))
    page.context.on("request", lambda request: note(view, request))


def note(view: View, request: Request) -> None:
    """Note what is asked for, by a service worker too, if it is not the page, nor in it."""
    is_page = request.is_navigation_request() and request.frame == view.page.main_frame
    if not is_page and not request.url.startswith(("data:", "blob:")):
        view.requests.append(request.url)


def settle(view: View, quiet: int = 150, most: int = 5000) -> None:
    """Wait until the page has not changed for some milliseconds, and no longer than `most`."""
    view.page.evaluate(f"{MEASURE}.settled({quiet}, {most})")


def overflow(view: View) -> list[str]:
    """Name what is wider than the window, the page first."""
    return list(view.page.evaluate(f"{MEASURE}.overflow({view.width})"))


def charts(view: View, selector: str = "svg, canvas, img") -> list[Chart]:
    """Give the charts that are shown; one without marks is empty."""
    found = view.page.locator(selector).evaluate_all(f"list => {MEASURE}.charts(list)")
    return [Chart(**told) for told in found]


def clipped(view: View) -> list[str]:
    """Name texts that are cut by a box which hides what does not fit."""
    return list(view.page.evaluate(f"{MEASURE}.clipped()"))


def overlaps(view: View) -> list[str]:
    """Name texts that lie on one another."""
    return list(view.page.evaluate(f"{MEASURE}.overlaps()"))


def violations(view: View, *, also_minor: bool = False) -> list[Violation]:
    """Give the rules of axe's that are broken, the serious and critical ones only unless asked.

    From then on scripts may run: axe needs timers. Those of the page that were not run stay so.
    """
    session = view.page.context.new_cdp_session(view.page)
    for is_disabled in (True, False):  # false alone is nothing new to this session
        session.send("Emulation.setScriptExecutionDisabled", {"value": is_disabled})
    found = Axe().run(view.page).response["violations"]
    return [
        Violation(
            each["id"],
            each["impact"],
            tuple(f"{node['html'][:200]}: {node['failureSummary']}" for node in each["nodes"]),
        )
        for each in found
        if also_minor or each["impact"] in {"serious", "critical"}
    ]


def screenshot(view: View, file: Path) -> Path:
    """Save the whole page as PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    view.page.screenshot(path=file, full_page=True)
    return file
