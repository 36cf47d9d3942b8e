# SPDX-License-Identifier: Apache-2.0
"""House rules a script can see: licence lines, sources, secrets, traceability, formatted code, links in the docs."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[Path]:
    out = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True,
                         capture_output=True, text=True).stdout
    return [ROOT / name for name in out.split("\0") if name and (ROOT / name).is_file()]


CODE = {".cpp", ".hpp", ".h", ".c", ".def", ".proto", ".py"}


def test_every_source_file_names_its_licence():
    missing = [str(p.relative_to(ROOT)) for p in tracked()
               if p.suffix in CODE and p.stat().st_size and "SPDX-License-Identifier: Apache-2.0" not in p.read_text()[:200]]
    assert missing == []


MACHINE = re.compile(r"(^|[^\w.-])/(work|root|home)/\w|BEGIN [A-Z ]*PRIVATE KEY")


def test_no_machine_path_or_private_key_is_committed():
    hits = []
    for path in tracked():
        if path.suffix not in CODE | {".md", ".yaml", ".json", ".txt", ".cmake", ""} or path == Path(__file__).resolve():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                hits.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert hits == []


def test_that_check_can_fail():
    assert MACHINE.search("see /work/main") and MACHINE.search("-----BEGIN PRIVATE KEY-----")
    assert not MACHINE.search("https://example.org/work/x")


def orphans(pages: dict[str, str], tests: dict[str, str]) -> list[str]:
    """Requirements without a test, and tests that name unknown ones. A page's own rows say which prefixes there are."""
    required = {id_: page for page, text in pages.items() for id_ in re.findall(r"^\|\s*([A-Z]{2,5}-\d{3})\b", text, re.M)}
    prefixes = "|".join(sorted({id_.split("-")[0] for id_ in required})) or "(?!)"
    tested = {id_: test for test, text in tests.items() for id_ in re.findall(rf"\b(?:{prefixes})-\d{{3}}\b", text)}
    return [f"{id_} of {required[id_]} has no test" for id_ in sorted(required.keys() - tested.keys())] + \
           [f"{tested[id_]} names {id_}, which nobody requires" for id_ in sorted(tested.keys() - required.keys())]


def test_requirements_and_tests_name_each_other():
    pages = {str(p.relative_to(ROOT)): p.read_text() for p in (ROOT / "docs").glob("*/requirements.md")}
    assert pages
    tests = {str(p.relative_to(ROOT)): p.read_text() for folder in ("tests", "bindings", "firmware") for p in (ROOT / folder).rglob("*")
             if p.name.endswith("_test.cpp") or (p.name.startswith("test_") and p.suffix == ".py" and p != Path(__file__).resolve())}
    assert orphans(pages, tests) == []


def test_the_traceability_check_can_fail():
    page = {"docs/x/requirements.md": "| XYZ-001 | a | b |\n| XYZ-002 | a | b |\n"}
    assert orphans(page, {"t": "XYZ-001 XYZ-002 UTF-008"}) == []
    assert orphans(page, {"t": "XYZ-001"}) == ["XYZ-002 of docs/x/requirements.md has no test"]
    assert orphans(page, {"t": "XYZ-001 XYZ-002 XYZ-003"}) == ["t names XYZ-003, which nobody requires"]


def test_every_public_header_says_what_it_is():
    bad = [str(p.relative_to(ROOT)) for p in (ROOT / "libems/include").rglob("*.hpp") if "/// @file" not in p.read_text()[:400]]
    assert bad == []


def test_every_pack_names_its_source():
    packs = sorted((ROOT / "libems/packs").glob("*.yaml"))
    assert packs
    assert [p.name for p in packs if not re.search(r"^\s*source:", p.read_text(), re.M)] == []


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_links_in_the_docs_lead_somewhere():
    dead = []
    for path in tracked():
        if path.suffix != ".md":
            continue
        for target in LINK.findall(path.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists():
                dead.append(f"{path.relative_to(ROOT)} -> {target}")
    assert dead == []


@pytest.mark.skipif(shutil.which("clang-format") is None, reason="clang-format is not installed")
def test_code_is_formatted():
    files = [str(p) for p in tracked() if p.suffix in {".cpp", ".hpp", ".h"}]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[:2000]
