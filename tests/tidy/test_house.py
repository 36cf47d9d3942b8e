# SPDX-License-Identifier: Apache-2.0
"""House rules a script can see: licence lines, sources, secrets, traceability, formatted code, links in the docs."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import traceability

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


def test_requirements_and_tests_name_each_other():
    assert traceability.pages()
    assert traceability.orphans(traceability.pages(), traceability.test_files()) == []


def test_the_traceability_check_can_fail():
    page = {"docs/x/requirements.md": "| XYZ-001 | a | `Unit.Works` |\n| XYZ-002 | a | `Unit.Wor...` |\n"}
    works = "TEST(Unit, Works) {  // XYZ-001\n}\n"
    assert traceability.orphans(page, {"t": works + "// XYZ-002 UTF-008\n"}) == []
    assert traceability.orphans(page, {"t": works}) == ["XYZ-002 of docs/x/requirements.md has no test"]
    assert traceability.orphans(page, {"t": works + "// XYZ-002 XYZ-003\n"}) == ["t names XYZ-003, which nobody requires"]
    assert traceability.orphans(page, {"t": "TEST(Unit, Fails) {  // XYZ-001 XYZ-002\n}\n"}) == [
        "the page names Unit.Wor, which is no test", "the page names Unit.Works, which is no test"]
    path = "tests/unit/safety/a_test.cpp"
    both = "// XYZ-002\nTEST(Unit, Works) {\n  // XYZ-001\n}\nTEST(Unit, Also) {\n}\n"
    assert traceability.orphans(page, {path: both}) == [f"{path}: Unit.Also names no requirement"]


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
