# SPDX-License-Identifier: Apache-2.0
"""The layer table of DESIGN section 2, as data and as functions that find what breaks it."""
from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIB = ROOT / "libems"

# module -> (layer, modules it may include beside itself)
L0 = {"core"}
L1 = {"model", "protocol", "device_pack", "safety", "decision", "distribute", "telemetry", "alarm", "aggregate", "ota"}
L1H = {"sim", "query", "ota_tuf"}
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "model": L0,
    "protocol": L0 | {"model"},
    "device_pack": L0 | {"model", "protocol"},
    "safety": L0 | {"model"},
    "decision": L0 | {"model"},
    "distribute": L0 | {"model"},
    "telemetry": L0 | {"model"},
    "alarm": L0 | {"model"},
    "aggregate": L0 | {"model", "telemetry"},
    "ota": L0,
    "ota_tuf": L0 | {"ota"},
    "sim": L0 | L1,
    "query": L0 | L1,
    "io": L0 | L1 | L1H,
    "runtime": L0 | L1 | L1H | {"io"},
    "fleet": L0 | L1 | L1H | {"io"},
    "rpc": L0 | L1 | L1H | {"io", "runtime", "fleet"},
}
FREESTANDING = L0 | L1

# Standard headers that L0 and L1 may use: no heap, no I/O, no clock, no threads, no float formatting.
FREESTANDING_STD = {
    "algorithm", "array", "atomic", "bit", "compare", "concepts", "cstddef", "cstdint", "cstring", "initializer_list",
    "iterator", "limits", "new", "numeric", "optional", "span", "string_view", "tuple", "type_traits", "utility", "variant",
}
# Only inside `#if ... EMS_FREESTANDING` of this one file: the host's default assertion handler prints.
HOSTED_EXCEPTIONS = {("libems/src/core/assert.cpp", "cstdio")}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
FLOAT = re.compile(r"\b(float|double)\b")
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def module_of(path: str) -> str | None:
    """Module of a file below libems/include/ems or libems/src."""
    for prefix in ("libems/include/ems/", "libems/src/"):
        if path.startswith(prefix):
            return module_named(path[len(prefix):])
    return None


def module_named(name: str) -> str:
    """Module of `protocol/modbus/crc.hpp`: its first folder; of ota's folders, tuf is a module of its own (it has a heap)."""
    return "ota_tuf" if name.startswith("ota/tuf/") else name.split("/")[0]


def findings(path: str, text: str) -> list[str]:
    """What breaks the layer rules in one file; `path` is relative to the repository."""
    module = module_of(path)
    if module is None:
        return []
    if module not in ALLOWED:
        return [f"{path}: module '{module}' is not in the layer table"]
    out = []
    for quote, name in INCLUDE.findall(text):
        if name.startswith("ems/v1/"):
            if module != "rpc":
                out.append(f"{path}: includes generated proto code {name}; only rpc may")
            continue
        if name.startswith("ems/"):
            target = module_named(name.removeprefix("ems/"))
            if target != module and target not in ALLOWED[module]:
                out.append(f"{path}: {module} must not include {name}")
            continue
        if quote == '"':
            if module in FREESTANDING | L1H and "/" in name and module_named(name) != module:
                out.append(f"{path}: private include {name} of another module")
            continue
        if module in FREESTANDING and name not in FREESTANDING_STD and (path, name) not in HOSTED_EXCEPTIONS:
            out.append(f"{path}: <{name}> is not freestanding; L0 and L1 may not use it")
        if module in L1H and name in {"thread", "mutex", "chrono", "fstream", "iostream", "filesystem"}:
            out.append(f"{path}: <{name}> brings I/O, clock or threads into L1h")
    if module in FREESTANDING:
        code = STRING.sub('""', COMMENT.sub("", text))
        for word in sorted(set(FLOAT.findall(code))):
            out.append(f"{path}: '{word}' in L0-L1; floats stop at float32_to_scaled")
    return out


# The edges: folder -> (modules they may include, single headers beside those, other includes they may not have).
LIBRARIES = r"(yaml-cpp|SQLiteCpp|openssl|modbus|grpcpp|google|absl)/|sqlite3\.h|modbus\.h|ems/v1/"
EDGES = {
    "bindings/c/src/": (L0 | L1, {"ems/runtime/control_loop.hpp"}, LIBRARIES + r"|asio|spdlog|nlohmann|thread$|mutex$|chrono$"),
    "bindings/python/src/": (set(ALLOWED) - {"rpc"}, set(), LIBRARIES + r"|asio|CLI/"),
    "firmware/app/": (L0 | L1, set(), LIBRARIES + r"|boards/"),
    "firmware/hal/": (L0 | L1, set(), LIBRARIES + r"|boards/"),
    "firmware/boards/": (L0 | L1, set(), LIBRARIES),
    "apps/": (set(ALLOWED), set(), LIBRARIES),
}


def edge_findings(path: str, text: str) -> list[str]:
    """What breaks the rules of bindings, firmware and apps in one file."""
    out = []
    for folder, (modules, headers, forbidden) in EDGES.items():
        if not path.startswith(folder):
            continue
        for quote, name in INCLUDE.findall(text):
            if re.match(forbidden, name):
                out.append(f"{path}: {folder} must not include {name}")
            elif name.startswith("ems/") and not name.startswith(("ems/capi/", "ems/ems.h")):
                if module_named(name.removeprefix("ems/")) not in modules and name not in headers:
                    out.append(f"{path}: {folder} must not include {name}")
            elif quote == '"' and (LIB / "src" / name).exists():
                out.append(f"{path}: {name} is private to the library")
            elif folder.startswith("firmware/") and quote == "<" and name not in FREESTANDING_STD | {"stdint.h", "stddef.h"}:
                out.append(f"{path}: <{name}> is not freestanding; firmware has no heap and no operating system")
    return out


def edge_files() -> list[Path]:
    return sorted(p for folder in EDGES for p in (ROOT / folder).rglob("*") if p.suffix in {".hpp", ".cpp", ".h", ".c"})


def source_files() -> list[Path]:
    return sorted(p for p in (*LIB.glob("include/ems/**/*"), *LIB.glob("src/**/*")) if p.suffix in {".hpp", ".cpp", ".def", ".h"})
