# SPDX-License-Identifier: Apache-2.0
"""The docs site builds without a warning, its links lead somewhere, and a reader's browser asks nobody else for anything."""
import html.parser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build/site"

pytestmark = pytest.mark.skipif(not (shutil.which("mkdocs") and shutil.which("doxygen")),
                                reason="scripts/setup docs installs mkdocs and doxygen")


class Page(html.parser.HTMLParser):
    """Links, places to link to, and what a browser loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.loads: list[str] = []
        self.feed(path.read_text(errors="replace"))

    def handle_starttag(self, tag, attrs):
        given = {key: value or "" for key, value in attrs}
        self.ids |= {given[key] for key in ("id", "name") if key in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon", "preconnect", "dns-prefetch"):
            self.loads.append(given.get("href", ""))
        elif "src" in given:
            self.loads.append(given["src"])


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    done = subprocess.run([sys.executable, ROOT / "scripts/docs", "--site"], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {path: Page(path) for path in SITE.rglob("*.html")}
    assert len([p for p in found if "api" not in p.parts]) > 30
    for reference in ("cpp", "c"):
        assert (SITE / "api" / reference / "index.html").is_file()
    return found


def test_every_link_of_our_pages_leads_to_a_page_and_a_place_in_it(pages):
    dead = []
    for path, page in pages.items():
        if "api" in path.relative_to(SITE).parts or path.name == "404.html":
            continue  # Doxygen checks its own; the links of 404.html are absolute.
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path and parts.path != "." else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            known = pages.get(target)
            if not target.is_file() or (place and known is not None and place not in known.ids):
                dead.append(f"{path.relative_to(SITE)} -> {link}")
    assert dead == []


def test_nothing_is_loaded_from_elsewhere(pages):
    assert [f"{path.relative_to(SITE)}: {load}" for path, page in pages.items() for load in page.loads
            if urlsplit(load).scheme in ("http", "https") or load.startswith("//")] == []
    styles = [f"{path.relative_to(SITE)}" for path in SITE.rglob("*.css") if "@import" in (text := path.read_text(errors="replace"))
              and "http" in text.split("@import", 1)[1][:200]]
    assert styles == []


def test_the_headers_of_both_languages_are_in_it(pages):
    cpp = " ".join(p.name for p in pages if "cpp" in p.parts)
    for name in ("classems_1_1Result", "namespaceems", "edge__store_8hpp"):
        assert name in cpp, name
    assert any("ems__safety" in path.read_text(errors="replace") or "ems_safety" in path.read_text(errors="replace")
               for path in (SITE / "api/c").glob("*.html"))


def test_lists_tables_and_fences_look_as_on_github(pages):
    raw = []
    for path in pages:
        text = path.read_text(errors="replace")
        article = text[text.find("<article"):text.find("</article")]
        for paragraph in re.findall(r"<p>(.*?)</p>", re.sub(r"<(pre|code)\b.*?</\1>", "", article, flags=re.S), re.S):
            if re.search(r"```|^\s*(?:[*-]|\d+\.) |^\s*\|.*\|\s*$", paragraph, re.M):
                raw.append(f"{path.relative_to(SITE)}: {paragraph[:80]}")
    assert raw == []


@pytest.mark.parametrize("github, here", [
    ("Why:\n* a\n  on\n* b\n  * c\n", "Why:\n\n* a\n    on\n* b\n    * c\n"),
    ("1. a:\n\n   ```sh\n   x\n     y\n   ```\n\n   more\n2. b\n", "1. a:\n\n    ```sh\n    x\n      y\n    ```\n\n    more\n\n2. b\n"),
    ("text\n\n```\n* no list\n  1. nor this\n```\n\nin 2026.\n3. is no list\n", None),
    ("* a\n\nnext\n", None),
])
def test_lists_are_rewritten_for_python_markdown(github, here):
    sys.path.insert(0, str(ROOT / "scripts"))
    from docs_site import for_python_markdown
    assert for_python_markdown(github) == (here or github)
