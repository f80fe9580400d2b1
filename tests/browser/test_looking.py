"""The harness itself: each fault of a page is reported, and a sound page has none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import (
    DESKTOP,
    PHONE,
    charts,
    chromium_path,
    clipped,
    opened,
    overflow,
    overlaps,
    screenshot,
    violations,
)

Page = Callable[[str], str]

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ color: black; background: white }}
@media (prefers-color-scheme: dark) {{ body {{ color: white; background: black }} }}</style>
</head><body><main><h1>A page</h1>{}</main></body></html>"""
BAR = '<svg role="img" aria-label="Flows" width="300" height="100">{}</svg>'
SHAPE = '<rect width="20" height="50"/>'
VEGA = """<svg width="200" height="80"><g class="mark-group role-frame root">
<g class="mark-rule role-axis-tick"><line x2="0" y2="6" stroke="black"/></g>
<g class="mark-rect role-mark marks"><path d="{}" fill="steelblue"/></g></g></svg>"""
PICTURE = (
    "<img alt='' src='data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22 "
    "width=%2220%22 height=%2220%22>{}</svg>'>"
)
EMPTY = [
    BAR.format(""),
    BAR.format('<rect width="9" height="0"/>'),
    BAR.format('<line x2="0" stroke="black"/>'),
    BAR.format('<rect width="9" height="9" fill="none"/>'),
    BAR.format('<defs><rect width="9" height="9"/></defs>'),
    VEGA.format(""),
    '<canvas width="50" height="50"></canvas>',
    PICTURE.format(""),
]
DRAWN = {
    BAR.format('<line x2="9" stroke="black"/>'): 1,
    BAR.format(SHAPE * 3): 3,
    VEGA.format("M0,0h20v50h-20Z"): 1,
    PICTURE.format("<rect x=%222%22 width=%223%22 height=%224%22/>"): 12,
}
WIDE = '<div style="width: 600px">wide</div>'


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """Make a file of a body: `page(body)` gives its URL."""

    def make(body: str) -> str:
        file = tmp_path / "page.html"
        file.write_text(HEAD.format(body))
        return file.as_uri()

    return make


@pytest.mark.parametrize(
    ("width", "dark", "script"),
    [(PHONE, False, True), (PHONE, True, False), (DESKTOP, True, True), (DESKTOP, False, False)],
)
def test_a_sound_page_has_no_fault(
    browser: Browser, page: Page, *, width: int, dark: bool, script: bool
) -> None:
    url = page(BAR.format(SHAPE) + "<p>Some text</p><script>document.title = 'run'</script>")

    with opened(browser, url, width=width, dark=dark, script=script) as view:
        assert view.page.title() == ("run" if script else "A page")
        assert [view.complaints, view.requests, overflow(view)] == [[], [], []]
        assert [clipped(view), overlaps(view), violations(view, also_minor=True)] == [[], [], []]
        [chart] = charts(view)
        assert (chart.label, chart.width, chart.marks) == ("Flows", 300, 1)


def test_the_console_and_errors_are_reported(browser: Browser, page: Page) -> None:
    url = page("<script>console.warn('hm'); throw new Error('ouch')</script>")

    with opened(browser, url) as view:
        assert view.complaints == ["warning: hm", "uncaught: ouch"]


def test_a_request_is_reported_and_reaches_nobody(browser: Browser, page: Page) -> None:
    body = """<img src="http://192.0.2.1/picture" alt="a picture">
        <link rel="stylesheet" href="https://a.invalid/style">
        <iframe src="https://a.invalid/frame" title="another page"></iframe>
        <style>h1 { background: url('https://a.invalid/background') }</style>
        <script>fetch('https://a.invalid/fetched').catch(() => null)</script>"""

    with opened(browser, page(body)) as view:
        asked = {url.rpartition("/")[2] for url in view.requests}
        assert asked == {"picture", "style", "frame", "background", "fetched"}
        assert sorted(view.elsewhere) == sorted(view.requests)
        assert len(view.complaints) == 4  # of all but the frame
        assert all("ERR_PROXY_CONNECTION_FAILED" in told for told in view.complaints)


def test_a_socket_and_a_file_beside_are_requests(
    browser: Browser, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "beside.css").write_text("")
    body = "<script>new WebSocket('ws://192.0.2.1/s')</script><link rel=stylesheet href=beside.css>"

    with opened(browser, page(body)) as view:
        assert sorted(view.requests) == [(tmp_path / "beside.css").as_uri(), "ws://192.0.2.1/s"]
        assert view.elsewhere == ["ws://192.0.2.1/s"]


def test_what_is_wider_than_a_phone_is_reported(browser: Browser, page: Page) -> None:
    url = page(WIDE)

    with opened(browser, url, width=PHONE) as view:
        assert overflow(view) == [
            "the page is 608 px wide, not 390",
            'div "wide" reaches from 8 to 608 px of 390',
        ]
    with opened(browser, url) as view:
        assert overflow(view) == []


def test_a_wide_table_in_a_box_that_scrolls_is_no_overflow(browser: Browser, page: Page) -> None:
    url = page(f'<div style="overflow-x: auto" tabindex="0">{WIDE}</div>')

    with opened(browser, url, width=PHONE) as view:
        assert overflow(view) == []
        assert clipped(view) == []


def test_an_overflow_that_the_page_hides_is_reported(browser: Browser, page: Page) -> None:
    with opened(
        browser, page(f"<style>body {{overflow: hidden}}</style>{WIDE}"), width=390
    ) as view:
        assert 'div "wide" reaches from 8 to 608 px of 390' in overflow(view)


def test_an_overflow_of_an_application_is_reported(browser: Browser, page: Page) -> None:
    filling = "position: absolute; inset: 0; overflow: auto"

    with opened(browser, page(f'<div style="{filling}">{WIDE}</div>'), width=PHONE) as view:
        assert overflow(view) == ['div "wide" reaches from 0 to 600 px of 390']


def test_a_page_that_is_not_made_for_phones_is_reported(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><title>x</title><p>Some text")

    with opened(browser, file.as_uri(), width=PHONE) as view:
        assert overflow(view)[0] == "laid out at 980 px, not 390"


@pytest.mark.parametrize("script", [False, True])
def test_an_empty_chart_has_no_marks(browser: Browser, page: Page, *, script: bool) -> None:
    hidden = f"<div hidden>{BAR.format(SHAPE)}</div>"

    with opened(browser, page("".join([*EMPTY, *DRAWN, hidden])), script=script) as view:
        marks = [chart.marks for chart in charts(view)]

    assert marks == [0] * len(EMPTY) + list(DRAWN.values())


def test_what_is_drawn_after_loading_is_waited_for(browser: Browser, page: Page) -> None:
    drawing = """<canvas width="50" height="50"></canvas><script>setTimeout(() => {
        document.querySelector('canvas').getContext('2d').fillRect(5, 5, 10, 10)
        document.querySelector('h1').textContent = 'Drawn'
    }, 100)</script>"""

    with opened(browser, page(drawing)) as view:
        assert charts(view)[0].marks == 100


def test_text_that_is_cut_is_reported(browser: Browser, page: Page) -> None:
    box = "white-space: nowrap; width: 80px; overflow: hidden"
    label = '<text x="280" y="50">$1,234</text>'
    body = f'<p style="{box}">the quick brown fox jumps</p>{BAR.format(label)}'

    with opened(browser, page(body)) as view:
        found = clipped(view)

    assert ["fox" in found[0], "$1,234" in found[1]] == [True, True]


def test_text_on_other_text_is_reported(browser: Browser, page: Page) -> None:
    body = '<p>the quick brown fox</p><p style="margin-top: -2em">over the lazy dog</p>'

    with opened(browser, page(body)) as view:
        [found] = overlaps(view)

    assert "fox" in found
    assert "dog" in found


def test_what_not_everybody_can_read_is_reported(browser: Browser, page: Page) -> None:
    faint = '<p style="color: #aaa; background: #fff">faint</p>'

    with opened(browser, page(faint + '<img src="data:,"><button></button>')) as view:
        found = violations(view)

    assert {each.rule: each.impact for each in found} == {
        "button-name": "critical",
        "color-contrast": "serious",
        "image-alt": "critical",
    }
    assert "faint" in "".join(node for each in found for node in each.nodes)


def test_a_fault_in_the_dark_is_found_there(browser: Browser, page: Page) -> None:
    url = page('<p style="color: #333">readable by day</p>')

    with opened(browser, url) as view:
        assert violations(view) == []
    with opened(browser, url, dark=True) as view:
        assert [found.rule for found in violations(view)] == ["color-contrast"]


def test_a_screenshot_shows_the_whole_page(browser: Browser, page: Page, tmp_path: Path) -> None:
    with opened(browser, page('<div style="height: 3000px"></div>'), width=PHONE) as view:
        png = screenshot(view, tmp_path / "shots" / "page.png").read_bytes()

    assert png[12:16] == b"IHDR"
    assert int.from_bytes(png[16:20]) == PHONE
    assert int.from_bytes(png[20:24]) > 3000


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_browser_is_a_failure_in_ci_only(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match="apt-get install chromium"):
        chromium_path()
