from pathlib import Path

import pytest

from flows.feeds import Provider
from flows.registry import PROVIDERS
from flows.sources_page import page

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def test_the_page_in_the_repository_is_the_one_that_the_registry_gives() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


@pytest.mark.parametrize("row", PROVIDERS, ids=lambda row: row.name)
def test_a_providers_section_says_what_it_gives_on_which_terms_and_how_to_switch_it(
    row: Provider,
) -> None:
    [_, section] = page().split(f'<a id="{row.name}"></a>')
    section = section.split("\n## ")[0]

    for told in (row.gives, row.cadence, row.published, row.terms, row.base_url, row.left_out):
        assert told in section
    assert f"SILVERSTREAK_{row.name.upper()}__" in section
    assert all(f"{feed.dataset} fill" in section for feed in row.feeds)
