import pytest

from schemas.capture import Refused, Request
from sources import pages
from tests.sources.bodies import kept

ASKED = kept(Request("acme", "asset_caps", "assets", "/"))


def nested(depth: int) -> bytes:
    inner = "<div>" * depth + "x" + "</div>" * depth
    return f"<!DOCTYPE html><html><body>{inner}</body></html>".encode()


def test_a_page_nested_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused, match=r"acme/asset_caps/assets: .* nested without end"):
        pages.page(nested(pages.DEEPEST), ASKED)


def test_a_page_that_is_merely_deep_is_read() -> None:
    assert pages.text(pages.page(nested(500), ASKED).body) == "x"


def test_a_page_without_its_end_is_cut_off() -> None:
    with pytest.raises(Refused, match="cut off"):
        pages.page(nested(3).removesuffix(b"</html>"), ASKED)
