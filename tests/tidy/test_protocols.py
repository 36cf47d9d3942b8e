# SPDX-License-Identifier: Apache-2.0
"""Every protocol that is compiled in has a page that says the same of it. (README's table: scripts/docs, tests/tidy/test_docs.py.)"""
import json
import re
import subprocess
from pathlib import Path

import pytest

from support.harness import build_dir

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = {"captured_frames": "vectors", "vendor_document": "vendor document", "simulator_only": "simulator"}


def protocols(form: str = "--json") -> str:
    return subprocess.run([build_dir() / "bin/emsctl", "protocols", form], capture_output=True, text=True, check=True, timeout=30).stdout


def faults(entry: dict, page: str) -> list[str]:
    """Where a page contradicts its codec."""
    name = entry["name"]
    rows = dict(re.findall(r"^\| (Name|Evidence) \| (.*) \|$", page, re.M))
    wanted = f"**{EVIDENCE[entry['evidence']]}**"
    found = []
    if rows.get("Name") != f"`{name}`":
        found.append(f"{name}: the page's name is {rows.get('Name')}")
    if not rows.get("Evidence", "").startswith(wanted):
        found.append(f"{name}: the page's evidence is not {wanted}")
    return found + [f"{name}: the page has no variant `{variant}`" for variant in entry["variants"] if f"`{variant}`" not in page]


def test_every_protocol_has_its_page_and_they_agree():
    entries = json.loads(protocols())
    assert [entry["page"] for entry in entries if not (ROOT / entry["page"]).is_file()] == []
    assert [fault for entry in entries for fault in faults(entry, (ROOT / entry["page"]).read_text())] == []


GOOD = "| Name | `p` |\n| Evidence | **vectors**: captured. |\n\nVariants `a`, `b`.\n"


@pytest.mark.parametrize("old, new, part", [
    ("`p`", "`q`", "name"), ("| Name |", "| Called |", "name"), ("**vectors**", "**vendor document**", "evidence"),
    ("| Evidence |", "| Proof |", "evidence"), ("`b`", "b", "variant `b`")])
def test_the_check_can_fail(old, new, part):
    entry = {"name": "p", "evidence": "captured_frames", "variants": ["a", "b"]}
    assert faults(entry, GOOD) == []
    assert [part in fault for fault in faults(entry, GOOD.replace(old, new))] == [True]


def test_the_list_is_one_list_in_three_forms():
    entries = json.loads(protocols())
    names = [entry["name"] for entry in entries]
    assert "jbd" in names and len(names) == len(set(names))
    rows = protocols("--markdown").splitlines()[2:]
    assert [re.match(r"\| \[`([^`]+)`\]\(([^)]+)\) \|", row).groups() for row in rows] == [(entry["name"], entry["page"]) for entry in entries]
    for entry, row in zip(entries, rows):
        for word in [entry["title"], *entry["links"], *map(str, entry["bit_rates"]), *entry["variants"], *entry["directions"],
                     *entry["commands"], entry["evidence"].replace("_", " ")]:
            assert word in row, (entry["name"], word)
