#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the misuse test from the headers: every function with each pointer NULL, each struct_size wrong, each handle one of
another kind: a status must say EMS_E_INVALID_ARGUMENT, and nothing may be written. Then with the extremes of every number: whatever the
status, no crash and nothing undefined. usage: make_misuse.py OUT.c"""
from __future__ import annotations

import re
import sys
from pathlib import Path

import c_headers as headers

FIXTURE = Path(__file__).with_name("misuse_fixture.h").read_text()
GOOD = set(re.findall(r"\bgood_(\w+)\b", FIXTURE))
STRUCTS = headers.structs()
SIZED = {name for name, fields in STRUCTS.items() if fields[0] == "struct_size"}
ALL_TYPES = {p.type.replace("const ", "").rstrip("* ") for f in headers.functions() for p in f.parameters}
HANDLES = sorted(t for t in ALL_TYPES if t.startswith("ems_") and t.endswith("_t") and t not in STRUCTS
                 and t not in {"ems_status_t", "ems_assertion_handler_t"})
SCALARS = {"size_t": "65536", "bool": "false", "ems_assertion_handler_t": "NULL"}
EXTREMES = {"int64_t": ("INT64_MIN", "-1", "INT64_MAX"), "int32_t": ("INT32_MIN", "-1", "INT32_MAX"), "uint64_t": ("0", "UINT64_MAX"),
            "uint32_t": ("0", "UINT32_MAX"), "uint16_t": ("0", "UINT16_MAX"), "uint8_t": ("0", "UINT8_MAX"), "size_t": ("0", "SIZE_MAX")}
SIZES = re.compile(r"(^|_)(size|length|capacity|count)$")  # What lies behind a pointer: true, or the caller lies.
BAD_STRUCT_SIZES = ("0", "4", "sizeof({t}) - 1", "0xFFFFFFFFu")


def base(type_: str) -> str:
    return type_.replace("const ", "").rstrip("* ")


class Call:
    """One function's arguments: C expressions that are sound, and the declarations they need."""

    def __init__(self, function: headers.Function) -> None:
        self.function, self.setup, self.arguments, self.outs = function, [], [], []
        for index, parameter in enumerate(function.parameters):
            self.arguments.append(self.sound(index, parameter))

    def sound(self, index: int, p: headers.Parameter) -> str:
        own = f"{self.function.name}_{p.name}"
        t = base(p.type)
        short = t.removesuffix("_t")
        if own in GOOD and t not in SIZED:
            return f"good_{own}"
        if not p.type.endswith("*"):
            if p.name in GOOD:
                return f"good_{p.name}"
            return f"({t}){{0}}" if t in STRUCTS else "0" if p.name == "index" else "1" if p.name == "count" else SCALARS.get(t, "1")
        variable = f"a{index}"
        if p.type.endswith("**"):
            self.setup.append(f"{p.type.removesuffix('*').strip()} {variable} = NULL;")
            self.outs.append(variable)
            return f"&{variable}"
        if t in STRUCTS:
            many = not p.type.startswith("const") and t not in SIZED and p.name != "out"
            if many or (t not in SIZED and short not in GOOD and p.type.startswith("const")):
                return f"({p.type})(void*)scratch"
            self.setup.append(f"{t} {variable};" + (f" {variable} = *good_{short};" if short in GOOD else f" memset(&{variable}, 0, sizeof {variable});"))
            if t in SIZED:
                self.setup.append(f"{variable}.struct_size = sizeof {variable};")
            if p.name == "out" and t != "ems_readings_t":
                self.outs.append(variable)
            return f"&{variable}"
        if t in HANDLES:
            return f"good_{short}" if short in GOOD else f"({p.type})(void*)scratch"
        if t == "char" and p.type.startswith("const"):
            return '"x"'
        if t in {"size_t", "uint64_t", "int64_t"} and p.name.startswith("out"):
            self.setup.append(f"{t} {variable} = 0;")
            self.outs.append(variable)
            return f"&{variable}"
        return f"({p.type})(void*)scratch"

    def emit(self, what: str, replace: dict[int, str], before: str = "") -> list[str]:
        arguments = [replace.get(i, a) for i, a in enumerate(self.arguments)]
        call = f"{self.function.name}({', '.join(arguments)})"
        lines = ["  {", "    memset(scratch, 0, sizeof scratch);", f"    at = {c_text(self.function.name + ': ' + what)};"]
        lines += [f"    {line}" for line in self.setup] + ([f"    {before}"] if before else [])
        if what == "allowed" or self.function.returns != "ems_status_t":
            return lines + [f"    (void)({call});", "  }"]
        lines += [f"    unsigned char was_{v}[sizeof {v}]; memcpy(was_{v}, &{v}, sizeof {v});" for v in self.outs]
        lines.append(f"    const ems_status_t status = {call};")
        lines.append(f"    {'sound' if what == 'sound' else 'refused'}(status);")
        lines += [f"    if (status != EMS_OK) untouched(memcmp(was_{v}, &{v}, sizeof {v}));" for v in self.outs]
        if what != "sound":  # Buffers and memory, too, are as they were: zero.
            lines.append("    untouched(scratch[0] != 0 || memcmp(scratch, scratch + 1, sizeof scratch - sizeof *scratch));")
        return lines + ["  }"]


def c_text(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def cases(function: headers.Function) -> list[str]:
    call = Call(function)
    out = call.emit("sound", {})
    for index, p in enumerate(function.parameters):
        if not p.type.endswith("*"):
            continue
        t = base(p.type)
        out += call.emit("allowed" if p.nullable else f"{p.name} is NULL", {index: "NULL"})
        if t in SIZED and not p.type.endswith("**"):
            for size in BAD_STRUCT_SIZES:
                wrong = size.format(t=t)
                out += call.emit(f"{p.name}->struct_size is {wrong}", {}, f"a{index}.struct_size = (uint32_t)({wrong});")
        if t in HANDLES and not p.type.endswith("**"):
            out += call.emit(f"{p.name} is zeroed memory", {index: f"({p.type})(void*)scratch"})
            out += call.emit(f"{p.name} is not aligned", {index: f"({p.type})(void*)((char*)scratch + 1)"})
            for other in HANDLES:
                short = other.removesuffix("_t")
                if other != t and short in GOOD:
                    out += call.emit(f"{p.name} is a {short}", {index: f"({p.type})(const void*)good_{short}"})
    return out


def extremes(function: headers.Function) -> list[str]:
    call = Call(function)
    out = []
    for index, p in enumerate(function.parameters):
        for value in EXTREMES.get(p.type, ()):
            if not SIZES.search(p.name):
                out += call.emit("allowed", {index: value})
    return out


def source() -> str:
    lines = ["// SPDX-License-Identifier: Apache-2.0", "// Made by tests/abi/make_misuse.py from the headers of this build.",
             '#include "misuse_fixture.h"', "", "static const char* at;", "static int failures;", "static int calls;", "",
             "static void refused(ems_status_t status) {", "  ++calls;",
             "  if (status == EMS_E_INVALID_ARGUMENT && ems_last_error_message()[0] != 0) return;",
             '  fprintf(stderr, "%s: %s (%s)\\n", at, ems_status_name(status), ems_last_error_message());', "  ++failures;", "}",
             "// A call that is refused anyway would hide a missing check.",
             "static void sound(ems_status_t status) {", "  if (status != EMS_E_INVALID_ARGUMENT) return;",
             '  fprintf(stderr, "%s: is not: %s\\n", at, ems_last_error_message());', "  ++failures;", "}",
             "static void untouched(int difference) {", "  if (difference == 0) return;",
             '  fprintf(stderr, "%s: something was written\\n", at);', "  ++failures;", "}", ""]
    functions = headers.functions()
    for function in functions:
        lines += [f"static void test_{function.name}(void) {{", *cases(function), "}"]
        lines += [f"static void extremes_{function.name}(void) {{", *extremes(function), "}"]
    lines += ["", "int main(void) {", "  make_good();"] + [f"  test_{f.name}();" for f in functions]
    lines += [f"  extremes_{f.name}();" for f in functions]
    lines += [f'  printf("%d functions, %d wrong calls, %d failures\\n", {len(functions)}, calls, failures);',
              "  return failures == 0 ? 0 : 1;", "}", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(source())
