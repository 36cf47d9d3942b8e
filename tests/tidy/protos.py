#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wire contract as protoc sees it, and as one readable line per promise: tests/tidy/protos.py [--renew [--breaking]]

Without arguments it says what differs from tests/tidy/proto_baseline.txt. --renew writes the baseline anew; it refuses to take
back a promise unless --breaking says that this is meant (before 1.0 only; afterwards a break is ems.v2 beside ems.v1).
"""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "libems" / "proto"
BASELINE = Path(__file__).with_name("proto_baseline.txt")
Field = descriptor_pb2.FieldDescriptorProto


def compile_protos(root: Path) -> descriptor_pb2.FileDescriptorSet:
    files = sorted(root.rglob("*.proto"))
    out = subprocess.run(
        ["protoc", f"--proto_path={root}", "--include_source_info", "--descriptor_set_out=/dev/stdout", *map(str, files)],
        check=True, capture_output=True).stdout
    return descriptor_pb2.FileDescriptorSet.FromString(out)


def field_line(where: str, message, field) -> str:
    kind = field.type_name.lstrip(".") or Field.Type.Name(field.type).removeprefix("TYPE_").lower()
    label = "repeated " if field.label == Field.LABEL_REPEATED else "optional " if field.proto3_optional else ""
    oneof = ""
    if field.HasField("oneof_index") and not field.proto3_optional:
        oneof = f" in {message.oneof_decl[field.oneof_index].name}"
    return f"field {where}.{message.name}.{field.name} = {field.number} {label}{kind}{oneof}"


def enum_lines(where: str, enums) -> list[str]:
    return [f"value {where}.{enum.name}.{value.name} = {value.number}" for enum in enums for value in enum.value]


def message_lines(where: str, messages) -> list[str]:
    out = []
    for message in messages:
        name = f"{where}.{message.name}"
        out.append(f"message {name}")
        out += [field_line(where, message, field) for field in message.field]
        out += enum_lines(name, message.enum_type) + message_lines(name, message.nested_type)
    return out


def promises(descriptors) -> list[str]:
    """What a peer built against this contract relies on, sorted."""
    out = []
    for file in descriptors.file:
        out += message_lines(file.package, file.message_type) + enum_lines(file.package, file.enum_type)
        for service in file.service:
            for method in service.method:
                request = ("stream " if method.client_streaming else "") + method.input_type.lstrip(".")
                response = ("stream " if method.server_streaming else "") + method.output_type.lstrip(".")
                out.append(f"rpc {file.package}.{service.name}/{method.name} ({request}) returns ({response})")
    return sorted(out)


def compare(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """(promises that are broken, promises that are new)."""
    return sorted(set(old) - set(new)), sorted(set(new) - set(old))


def baseline() -> list[str]:
    return [line for line in BASELINE.read_text().splitlines() if line and not line.startswith("#")]


HEADER = "# What ems.v1 promises, one line each. Renewed by tests/tidy/protos.py --renew; never edited by hand.\n"


def main(arguments: list[str]) -> int:
    if set(arguments) - {"--renew", "--breaking"}:
        print(__doc__, file=sys.stderr)
        return 2
    new = promises(compile_protos(PROTO))
    broken, added = compare(baseline() if BASELINE.exists() else [], new)
    for word, lines in (("broken", broken), ("new", added)):
        for line in lines:
            print(f"{word}: {line}")
    if "--renew" not in arguments:
        return 1 if broken or added else 0
    if broken and "--breaking" not in arguments:
        print("a promise would be taken back: never rename, renumber or reuse", file=sys.stderr)
        return 1
    BASELINE.write_text(HEADER + "\n".join(new) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
