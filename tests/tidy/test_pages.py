# SPDX-License-Identifier: Apache-2.0
"""Manual pages, completion and docs/reference/cli.md say what the programs offer: all of it, and nothing else."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.harness import ROOT, build_dir

PROGRAMS = {"emsctl": 1, "ems-agent": 8, "ems-server": 8}


def program(name: str, *words: str) -> str:
    return subprocess.run([build_dir() / "bin" / name, *words], capture_output=True, text=True, check=True, timeout=30).stdout


def offered(name: str, *words: str) -> dict[tuple[str, ...], set[str]]:
    """Command -> its long options, as --help prints them."""
    text = program(name, *words, "--help")
    out = {words: set(re.findall(r"^  (?:-\w,)?(--[a-z][a-z-]*)", text, re.M))}
    if "Subcommands:" in text:
        for command in re.findall(r"^  ([a-z][a-z-]*) ", text[text.index("Subcommands:"):], re.M):
            out |= offered(name, *words, command)
    return out


@pytest.mark.parametrize("name", PROGRAMS)
def test_manual_page_has_every_command_and_option_and_no_warning(name, tmp_path):
    page = tmp_path / f"{name}.{PROGRAMS[name]}"
    page.write_text(program(name, "--print-page", "man"))
    if shutil.which("man") and shutil.which("groff"):
        done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "200", "MANPAGER": "cat"})
        assert (done.returncode, done.stderr) == (0, "")
        text = done.stdout
    else:
        text = re.sub(r"\\f[BIR]|\\&", "", page.read_text()).replace("\\-", "-")
    text = re.sub(r".\x08", "", text)
    for words, options in offered(name).items():
        assert " ".join([name, *words]) in text, words
        for option in options:
            assert re.search(rf"(^|[ ,]){option}\b", text, re.M), f"{' '.join(words)} {option}"
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "SEE ALSO"):
        assert re.search(rf"^{heading}$", text, re.M), heading


def test_manual_pages_name_the_socket_of_the_packaged_site():
    site = (ROOT / "apps/agent/packaging/site.yaml").read_text()
    socket = re.search(r"^api: \{socket: (\S+)\}$", site, re.M).group(1)
    for name in ("ems-agent", "emsctl"):
        assert socket in program(name, "--print-page", "man").replace("\\-", "-"), name


def complete(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    listed = " ".join(f"'{word}'" for word in words)
    code = f"source {script}; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; _{words[0].replace('-', '_')}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    out = subprocess.run(["bash", "-euc", code], capture_output=True, text=True)
    assert (out.returncode, out.stderr) == (0, "")
    return out.stdout.split()


@pytest.mark.parametrize("name", PROGRAMS)
def test_bash_completes_every_command_and_option(name, tmp_path):
    script = tmp_path / name
    script.write_text(program(name, "--print-page", "bash"))
    table = offered(name)
    for words, options in table.items():
        below = {path[len(words)] for path in table if path[:len(words)] == words and len(path) == len(words) + 1}
        if below:
            assert set(complete(script, name, *words, "")) == below
        assert {option for option in complete(script, name, *words, "--") if option != "--help"} == options - {"--help"}, words


def test_bash_completes_the_words_an_option_takes(tmp_path):
    script = tmp_path / "emsctl"
    script.write_text(program("emsctl", "--print-page", "bash"))
    kinds = ["site", "limits", "server", "schedule", "plan", "price"]
    assert complete(script, "emsctl", "config", "check", "--type", "") == kinds
    assert complete(script, "emsctl", "config", "check", "--type", "s") == ["site", "server", "schedule"]
    assert complete(script, "emsctl", "config", "check", "--type", "=") == kinds
    assert complete(script, "emsctl", "config", "check", "--type", "=", "l") == ["limits"]
    assert complete(script, "emsctl", "config", "schema", "") == kinds
    assert complete(script, "emsctl", "status", "--socket", "") == []  # A file: bash's own completion.
    assert "--name" in complete(script, "emsctl", "pki", "user", "--dir", "config", "--n")  # A value is no command.
    assert complete(script, "emsctl", "config", "check", "--type", "site", "--t") == ["--type"]


def test_reference_offers_nothing_that_the_program_does_not():
    page = (ROOT / "docs/reference/cli.md").read_text()
    table = offered("emsctl")
    known = set().union(*table.values())
    assert [option for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", page) if option not in known] == []
    words = {word for path in table for word in path}
    for line in re.findall(r"`emsctl ([a-z][a-z -]*)", page):
        first = line.split()[0]
        assert first in words, f"emsctl {line}"
