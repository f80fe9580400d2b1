"""The brief in a real browser: drawn, readable and alone, wide and narrow, light and dark."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import (
    DESKTOP,
    PHONE,
    charts,
    clipped,
    opened,
    overflow,
    overlaps,
    violations,
)

CHARTS = 12


@pytest.fixture(scope="module")
def page(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> str:
    return (demo[0] / "published" / "brief.html").as_uri()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_it_is_drawn_whole_and_readable(
    browser: Browser, page: str, width: int, *, dark: bool, script: bool
) -> None:
    with opened(browser, page, width=width, dark=dark, script=script) as view:
        assert view.complaints == []
        assert view.requests == []
        drawn = charts(view)
        assert len(drawn) == CHARTS
        assert all(chart.marks for chart in drawn)
        assert overflow(view) == []
        assert clipped(view) == []
        assert overlaps(view) == []
        assert violations(view) == []


def test_what_is_pointed_at_is_told_in_numbers(browser: Browser, page: str) -> None:
    with opened(browser, page, width=DESKTOP) as view:
        months = view.page.locator("#flows figure").first
        months.locator(".live .mark-rect path").last.hover()
        told = view.page.locator("#vg-tooltip-element").inner_text()

    assert "15,454,361" in told


def test_how_a_fact_was_computed_is_opened_by_the_keyboard(browser: Browser, page: str) -> None:
    with opened(browser, page, width=PHONE) as view:
        summary = view.page.locator("#headlines summary").first
        summary.focus()
        view.page.keyboard.press("Enter")
        told = view.page.locator("#headlines dl").first

        assert told.is_visible()
        assert "select * from record_high" in told.inner_text()
        assert overflow(view) == []
