"""In a module of its own: here no other browser is open."""

import asyncio

from tests.browser.looking import chromium


def test_async_code_runs_again_when_the_browser_is_closed() -> None:
    with chromium() as browser:
        browser.new_page()

    assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"


async def test_an_async_test_runs_after_a_browser() -> None:
    await asyncio.sleep(0)
