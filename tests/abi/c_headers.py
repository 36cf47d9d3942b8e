# SPDX-License-Identifier: Apache-2.0
"""The C headers as data: functions with their comments, structs with their fields."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "bindings" / "c" / "include"
HEADERS = sorted((INCLUDE / "ems" / "capi").glob("*.h"))

COMMENT = re.compile(r"/\*.*?\*/", re.S)
FUNCTION = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*EMS_API\s+([^;{]*?)\b(ems_\w+)\(([^;]*?)\);", re.S)
STRUCT = re.compile(r"typedef struct (ems_\w+) \{(.*?)\} (ems_\w+)_t;", re.S)


@dataclass(frozen=True)
class Parameter:
    type: str  # `const ems_codec_t *`, one space before each star, none behind
    name: str
    nullable: bool


@dataclass(frozen=True)
class Function:
    name: str
    returns: str
    parameters: tuple[Parameter, ...]
    comment: str
    header: str

    @property
    def summary(self) -> str:
        """First sentence of the comment."""
        text = " ".join(line.strip().lstrip("*").strip() for line in self.comment.split("@")[0].splitlines())
        return re.split(r"(?<=[.])\s", " ".join(text.split()))[0]

    @property
    def since(self) -> str:
        """Version and lifecycle: `0.1, unstable`."""
        words = [re.search(rf"@{tag} +(\S+)", self.comment) for tag in ("since", "lifecycle")]
        return ", ".join(word.group(1) for word in words if word)


def _type(text: str) -> str:
    return re.sub(r"\s*\*\s*", " *", " ".join(text.split())).replace("* *", "**").strip()


def functions() -> list[Function]:
    found = []
    for header in HEADERS:
        for comment, returns, name, params in FUNCTION.findall(header.read_text()):
            parameters = []
            if params.strip() != "void":
                for param in params.split(","):
                    match = re.fullmatch(r"\s*(.*?)(\w+)\s*", param, re.S)
                    doc = re.search(rf"@param {match.group(2)}\b(.*?)(?=@|\Z)", comment, re.S)
                    nullable = bool(doc) and "may be NULL" in " ".join(doc.group(1).replace("*", " ").split())
                    parameters.append(Parameter(_type(match.group(1)), match.group(2), nullable))
            found.append(Function(name, _type(returns), tuple(parameters), comment, header.name))
    return found


def declared() -> set[str]:
    """Every name that a header exports, found without looking at comments."""
    text = "".join(COMMENT.sub("", header.read_text()) for header in HEADERS)
    return set(re.findall(r"EMS_API\s+[^;]*?\b(ems_\w+)\(", text))


def structs() -> dict[str, list[str]]:
    """Type name -> names of its fields, in order."""
    found = {}
    for header in HEADERS:
        for _, body, name in STRUCT.findall(COMMENT.sub("", header.read_text())):
            found[name + "_t"] = [re.search(r"(\w+)\s*(?:\[[^\]]*\])?$", field.strip()).group(1) for field in body.split(";") if field.strip()]
    return found


def sanitized(library: Path) -> bool:
    """Whether a sanitizer is built in: then it brings symbols of its own and cannot be loaded by Python."""
    return any(mark in library.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))
