# SPDX-License-Identifier: Apache-2.0
"""The pages made from tables are what the tables say now."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_generated_pages_are_up_to_date():
    environment = {"EMS_BUILD_DIR": str(ROOT / "build/dev"), **os.environ}
    done = subprocess.run([sys.executable, str(ROOT / "scripts/docs"), "--check"], capture_output=True, text=True,
                          cwd=ROOT, env=environment)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_errors_page_names_the_python_classes_that_exist():
    import ems
    page = (ROOT / "docs/reference/errors.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| \d+ \| `\w+` \| `(\w+)`", page, re.M)
    assert rows
    assert [(code, name) for code, name in rows if ems.error_class(code).__name__ != name] == []


def test_every_command_of_emsctl_is_in_the_reference(tmp_path):
    build = Path(os.environ.get("EMS_BUILD_DIR", ROOT / "build/dev"))
    page = (ROOT / "docs/reference/cli.md").read_text()

    def missing(*words: str) -> list[str]:
        text = subprocess.run([build / "bin/emsctl", *words, "--help"], capture_output=True, text=True, check=True).stdout
        options = [option for option in re.findall(r"(--[a-z][a-z-]*)", text) if option != "--help"]
        out = [f"emsctl {' '.join(words)} {option}" for option in options
               if words[:1] != ("sim",) and option not in page]
        if "Subcommands:" not in text:
            return out if f"emsctl {' '.join(words)}" in page else [*out, f"emsctl {' '.join(words)}"]
        for command in re.findall(r"^  ([a-z]+) ", text[text.index("Subcommands:"):], re.M):
            out += missing(*words, command)
        return out

    assert missing() == []
