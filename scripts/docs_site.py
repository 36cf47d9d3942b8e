# SPDX-License-Identifier: Apache-2.0
"""Builds the docs site: stages every page and what it links to, runs doxygen and mkdocs, both with warnings as errors."""
from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGE, SITE = ROOT / "build/site-src", ROOT / "build/site"

# Folders of docs/ in the order of the navigation; every page of them is in it, under its own heading.
SECTIONS = {"tutorials": "Tutorials", "how-to": "How-to", "reference": "Reference", "protocols": "Protocols", "safety": "Safety",
            "explanation": "Explanation", "adr": "Decisions"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
REFERENCES = {  # Name -> (title, folder of the headers, more settings). Of the C ABI everything must be documented.
    "cpp": ("libems C++", "libems/include", "EXTRACT_ALL = YES"),
    "c": ("libems C", "bindings/c/include", "EXTRACT_ALL = NO\nWARN_IF_UNDOCUMENTED = YES\nOPTIMIZE_OUTPUT_FOR_C = YES"),
}


def pages() -> list[Path]:
    """Every page of the site, relative to the repository."""
    out = [Path("README.md"), Path("CONTRIBUTING.md"), Path("SECURITY.md"), Path("CHANGELOG.md"), Path("docs/README.md")]
    for folder in SECTIONS:
        out += sorted(p.relative_to(ROOT) for p in (ROOT / "docs" / folder).glob("*.md"))
    return out + sorted(p.relative_to(ROOT) for p in (ROOT / "examples").glob("*/README.md"))


def linked_files(page: Path) -> set[Path]:
    """Files of the repository that a page links to and that are no pages."""
    out = set()
    for target in LINK.findall((ROOT / page).read_text()):
        path = (ROOT / page.parent / target).resolve()
        if "://" not in target and path.is_file() and path.suffix != ".md":
            out.add(path.relative_to(ROOT))
    return out


ITEM = re.compile(r"( *)([*+-]|\d+[.)]) +(?=\S)")
FENCE = re.compile(r" *(```+|~~~+)")


def for_python_markdown(text: str) -> str:
    """Lists as CommonMark (GitHub) reads them, said as Python-Markdown does: what belongs to an item is indented by 4 for each level,
    and an empty line stands before a list."""
    out: list[str] = []
    levels: list[int] = []  # Columns where the text of the open items begins.
    fence, shift, loose = "", 0, True  # loose: an empty line was among what came since the last item.
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if fence:
            out.append(" " * max(0, indent + shift) + line.lstrip(" ") if line.strip() else "")
            fence = "" if line.strip() == fence else fence
            continue
        if not line.strip():
            out.append("")
            loose = True
            continue
        item = ITEM.match(line)
        after_text = bool(out and out[-1].strip())
        if item and not levels and after_text and item.group(2)[:-1] not in ("", "1"):
            item = None  # A sentence that goes on with a number.
        loose = loose or not levels
        while levels and indent < levels[-1] and (item or not after_text or (indent == 0 and FENCE.match(line))):
            levels.pop()
        if item and loose and after_text:
            out.append("")
        shift = max(-indent, 4 * len(levels) - (levels[-1] if levels else 0))
        if opened := FENCE.match(line):
            fence = opened.group(1)
        out.append(" " * (indent + shift) + line.lstrip(" "))
        if item:
            levels.append(item.end())
            loose = False
    return "\n".join(out) + "\n"


def stage(references: list[str]) -> None:
    shutil.rmtree(STAGE, ignore_errors=True)
    every = pages()
    for path in {*every, *(file for page in every for file in linked_files(page))}:
        (STAGE / path).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            (STAGE / path).write_text(for_python_markdown((ROOT / path).read_text()))
        else:
            shutil.copyfile(ROOT / path, STAGE / path)
    api = "".join(f"* [{REFERENCES[name][0]}](api/{name}/index.html)\n" for name in references)
    (STAGE / "api.md").write_text(f"# Headers\n\nMade by doxygen from the comments of the public headers.\n\n{api}" if api else
                                  "# Headers\n\nThis site was built without the header references.\n")
    shutil.rmtree(STAGE / "api", ignore_errors=True)


def entry(page: Path) -> dict[str, str]:
    """A page under its own first heading, as text."""
    heading = (ROOT / page).read_text().splitlines()[0].removeprefix("# ")
    return {html.escape(heading.replace("`", "")): str(page)}


def navigation() -> list:
    """Folder by folder; within one, in the order of the map."""
    order = LINK.findall((ROOT / "docs/README.md").read_text())
    out: list = [{"libems": "README.md"}, {"Map": "docs/README.md"}]
    for folder, title in SECTIONS.items():
        found = [p for p in pages() if p.parent == Path("docs") / folder]
        name = {p: f"{folder}/{p.name}" for p in found}
        found.sort(key=lambda p: (order.index(name[p]) if name[p] in order else len(order), p))
        out.append({title: [entry(p) for p in found] + ([{"Headers (C++, C)": "api.md"}] if folder == "reference" else [])})
    out.append({"Examples": [entry(p) for p in pages() if p.parts[0] == "examples"]})
    out.append({"Project": [entry(Path(name)) for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]})
    return out


def doxygen(name: str, version: str) -> None:
    title, source, more = REFERENCES[name]
    (STAGE / "api" / name).mkdir(parents=True)
    settings = f"""@INCLUDE = docs/Doxyfile
PROJECT_NAME = "{title}"
PROJECT_NUMBER = {version}
INPUT = {source}
INCLUDE_PATH = {source}
STRIP_FROM_PATH = {source}
OUTPUT_DIRECTORY = {STAGE / "api" / name}
WARN_AS_ERROR = FAIL_ON_WARNINGS
{more}
"""
    done = subprocess.run(["doxygen", "-"], input=settings, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("scripts/docs: doxygen:\n" + done.stderr.replace(str(ROOT) + "/", ""))


def build(with_headers: bool = True) -> None:
    version = re.search(r"project\(libems VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    references = [name for name, (_, source, _) in REFERENCES.items() if with_headers and (ROOT / source).is_dir()]
    stage(references)
    for name in references:
        doxygen(name, version)
    # JSON is YAML; the paths of the inherited file are relative to it, as are those of this one.
    config = ROOT / "build/mkdocs.yml"
    config.write_text(json.dumps({"INHERIT": "../mkdocs.yml", "docs_dir": str(STAGE), "site_dir": str(SITE), "nav": navigation()}))
    done = subprocess.run(["/usr/bin/mkdocs", "build", "--strict", "--clean", "--config-file", str(config)],
                          cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        faults = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
        sys.exit("scripts/docs: mkdocs:\n" + ("\n".join(faults) or done.stderr))
    print(f"built: {SITE.relative_to(ROOT)}/index.html")
