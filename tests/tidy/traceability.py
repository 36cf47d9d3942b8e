# SPDX-License-Identifier: Apache-2.0
"""Which test checks which requirement: scripts/traceability. Writes nothing; exit code 1 when somebody stands alone.

A requirement is a row `| SAF-012 | ...` of docs/*/requirements.md. A test names the ids it checks in a comment on its first line, in
its body, or in the comment just above. Every test of tests/unit/safety and tests/property/safety must name one.
"""
from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MUST_NAME = ("tests/unit/safety/", "tests/property/safety/")
NOT_TESTS = ("tests/tidy/",)
ROW = re.compile(r"^\|\s*([A-Z]{2,5}-\d{3})\b", re.M)
NAMED = re.compile(r"`([A-Z]\w+)\.(\w+)(?:\.\.\.|\*)?`")  # `Suite.Name`, `Suite.Begin...` or `Suite.Begin*` in a row.
TEST = re.compile(r"^(?:(?://|#)[^\n]*\n)*(?:(?:TEST(?:_[FP])?|TYPED_TEST)\(\s*(\w+),\s*(\w+)\)|def (test_\w+)\()", re.M)


def pages() -> dict[str, str]:
    return {str(p.relative_to(ROOT)): p.read_text() for p in sorted((ROOT / "docs").glob("*/requirements.md"))}


def test_files() -> dict[str, str]:
    files = (p for folder in ("tests", "bindings", "firmware") for p in sorted((ROOT / folder).rglob("*"))
             if p.name.endswith("_test.cpp") or (p.name.startswith("test_") and p.suffix == ".py"))
    return {name: p.read_text() for p in files if not (name := str(p.relative_to(ROOT))).startswith(NOT_TESTS)}


def required(of: dict[str, str]) -> dict[str, str]:
    """id -> page."""
    return {id_: page for page, text in of.items() for id_ in ROW.findall(text)}


def ids(text: str, known: Iterable[str]) -> list[str]:
    prefixes = "|".join(sorted({id_.split("-")[0] for id_ in known})) or "(?!)"
    return re.findall(rf"\b(?:{prefixes})-\d{{3}}\b", text)


def tests(path: str, text: str, known: Iterable[str]) -> dict[str, list[str]]:
    """`path: name` of each test of a file -> the ids it names."""
    starts = list(TEST.finditer(text))
    ends = [found.start() for found in starts[1:]] + [len(text)]
    return {f"{path}: {found[3] or f'{found[1]}.{found[2]}'}": ids(text[found.start():end], known) for found, end in zip(starts, ends)}


def orphans(of_pages: dict[str, str], of_tests: dict[str, str]) -> list[str]:
    """Requirements without a test, tests that name unknown ones, safety tests that name none, rows that name no test there is."""
    known = required(of_pages)
    named = {id_: path for path, text in of_tests.items() for id_ in ids(text, known)}
    exist = [name.split(": ")[1] for path, text in of_tests.items() for name in tests(path, text, known)]
    invented = sorted({f"{suite}.{name}" for text in of_pages.values() for row in text.splitlines() if ROW.match(row)
                       for suite, name in NAMED.findall(row) if not any(e.startswith(f"{suite}.{name}") for e in exist)})
    alone = [name for path, text in of_tests.items() if path.startswith(MUST_NAME) for name, its in tests(path, text, known).items() if not its]
    return [f"{id_} of {known[id_]} has no test" for id_ in sorted(known.keys() - named.keys())] + \
           [f"{named[id_]} names {id_}, which nobody requires" for id_ in sorted(named.keys() - known.keys())] + \
           [f"{name} names no requirement" for name in alone] + [f"the page names {name}, which is no test" for name in invented]


def main() -> int:
    of_pages, of_tests = pages(), test_files()
    known = required(of_pages)
    naming = sum(bool(its) for path, text in of_tests.items() for its in tests(path, text, known).values())
    found = orphans(of_pages, of_tests)
    untested = sum("has no test" in orphan for orphan in found)
    print("\n".join(found + [f"SAF: {len(known)} requirements, {naming} tests; {untested} requirements without test, "
                             f"{len(found) - untested} safety tests without requirement"]))
    return 1 if found or not known else 0


if __name__ == "__main__":
    sys.exit(main())
