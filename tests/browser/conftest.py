import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import chromium
from tests.conftest import Once
from tests.end_to_end.conftest import demo, prefect, silverstreak
from tests.warehouse.lived_market import BEFORE, FIRST, LIVED, live
from tests.warehouse.market import open_calendar
from warehouse.connection import FILE, connect, link_of

__all__ = ["demo", "prefect", "silverstreak"]  # fixtures, for those here, too


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Have Chromium for one module, which can have no async test: see `chromium`."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def lived(once: Once, template: Path) -> Path:
    """Make a data folder in which a small synthetic market of three evenings is published.

    On the third, what was stated on the second of the fund BBB is stated otherwise.
    """

    def fill(data: Path) -> None:
        file = data / shutil.copy(template, data / FILE)
        with connect(file) as warehouse:
            open_calendar(warehouse, FIRST)
            for evening in (BEFORE, *LIVED[:2]):
                live(warehouse, evening)
        link_of(data).parent.mkdir()
        file.rename(link_of(data))

    return once("lived", fill)[0]
