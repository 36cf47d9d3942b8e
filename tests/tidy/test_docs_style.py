# SPDX-License-Identifier: Apache-2.0
"""Pages can be found, read and pasted: reachable from the map, short, with code that is at least well-formed."""
import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LINES_MAX = 200
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^ *```", re.M | re.S)


def pages() -> list[Path]:
    return sorted(p for p in DOCS.rglob("*.md") if p.parent.name != "changes.d")


def reachable(start: Path) -> set[Path]:
    found, todo = {start}, [start]
    while todo:
        page = todo.pop()
        for target in LINK.findall(page.read_text()):
            path = (page.parent / target).resolve()
            if path.suffix == ".md" and path.is_file() and path not in found:
                found.add(path)
                todo.append(path)
    return found


def names(paths) -> str:
    return "\n".join(str(path.relative_to(ROOT)) for path in sorted(paths))


def test_every_page_and_example_is_reachable_from_the_map():
    assert names({*pages(), *ROOT.glob("examples/*/README.md")} - reachable(DOCS / "README.md")) == ""


def test_the_map_names_every_page_of_every_folder_itself():
    named = {(DOCS / target).resolve() for target in LINK.findall((DOCS / "README.md").read_text())}
    assert names({*pages()} - named - {DOCS / "README.md"}) == ""


def test_no_page_is_too_long():
    long = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in pages() if "do not edit" not in p.read_text()[:400]}
    assert {name: lines for name, lines in long.items() if lines > LINES_MAX} == {}


def test_every_page_begins_with_one_title():
    assert [str(p.relative_to(ROOT)) for p in pages()
            if not re.match(r"# \S", p.read_text()) or len(re.findall(r"^# \S", BLOCK.sub("", p.read_text()), re.M)) != 1] == []


def fault(language: str, code: str) -> str | None:
    """Why a block cannot be pasted, or None."""
    if language in ("sh", "bash"):
        done = subprocess.run(["bash", "-n"], input=code, capture_output=True, text=True)
        return done.stderr or None
    try:
        if language == "python":
            ast.parse(code)
        elif language == "yaml":
            list(yaml.safe_load_all(code))
        elif language == "json":
            json.loads(code)
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        return str(error)
    return None


def blocks() -> list[tuple[str, str, str]]:
    out = []
    for page in pages():
        for indent, language, code in BLOCK.findall(page.read_text()):
            lines = [line[len(indent):] for line in code.splitlines()]
            out.append((str(page.relative_to(ROOT)), language, "\n".join(lines) + "\n"))
    return out


def test_code_in_the_docs_is_well_formed():
    found = blocks()
    assert {"sh", "python", "yaml"} <= {language for _, language, _ in found}
    assert [(page, code, why) for page, language, code in found if (why := fault(language, code))] == []


@pytest.mark.parametrize("language, code", [("sh", "if true; then\n"), ("python", "def f(:\n"), ("yaml", "a: [1\n"), ("json", "{,}")])
def test_that_check_can_fail(language, code):
    assert fault(language, code)
