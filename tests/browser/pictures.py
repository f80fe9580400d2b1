"""Take the pictures of the README from a published demo: `make pictures`.

python -m tests.browser.pictures data/demo docs/pictures
"""

import sys
from pathlib import Path

from tests.browser.looking import DESKTOP, chromium, opened

# Name and colours of each picture, and what of the page is on it (none: its beginning).
PICTURES = (
    ("brief", False, None),
    ("flows", False, "#flows figure >> nth=0"),
    ("markets", True, "#league figure >> nth=0"),
)


def take(data: Path, folder: Path) -> list[Path]:
    """Take the pictures of the brief that was published last, and name them."""
    page = (data / "published" / "brief.html").resolve().as_uri()
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with chromium() as browser:
        for name, dark, what in PICTURES:
            file = folder / f"{name}.png"
            with opened(browser, page, width=DESKTOP, dark=dark) as view:
                if what:
                    view.page.locator(what).screenshot(path=file)
                else:
                    view.page.screenshot(path=file)
            taken.append(file)
    return taken


if __name__ == "__main__":
    for picture in take(*map(Path, sys.argv[1:3])):
        sys.stdout.write(f"{picture}\n")
