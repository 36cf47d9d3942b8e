# SPDX-License-Identifier: Apache-2.0
"""The wire contract keeps STYLE 2.3: read from protoc's descriptor set, comments included."""
import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from protos import PROTO, baseline, compare, compile_protos, promises

UNIT_SUFFIX = re.compile(r"_(mv|ma|mdegc|mohm|kohm|mhz|w|var|va|wh|mwh|uah|bp|ppm|us|ms|s)$")
# Names of quantities that must carry a unit when they are bare numbers.
QUANTITY = re.compile(r"(^|_)(power|voltage|current|temperature|energy|frequency|capacity|shortfall|target|gated)($|_)")
FLOATS = {descriptor_pb2.FieldDescriptorProto.TYPE_FLOAT, descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE}
NUMBERS = FLOATS | {
    getattr(descriptor_pb2.FieldDescriptorProto, "TYPE_" + name)
    for name in ("INT32", "INT64", "UINT32", "UINT64", "SINT32", "SINT64", "FIXED32", "FIXED64", "SFIXED32", "SFIXED64")
}
CODES = {
    "OK", "CANCELLED", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
}


def upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


PASCAL = re.compile(r"([A-Z][a-z0-9]*)+")
LOWER_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def check_name(pattern, name, where, what, faults):
    if not pattern.fullmatch(name):
        faults.append(f"{where}.{name}: not {what}")


def comments(file) -> dict:
    return {tuple(loc.path): loc.leading_comments for loc in file.source_code_info.location if loc.leading_comments}


def check_messages(messages, where, faults):
    for message in messages:
        check_name(PASCAL, message.name, where, "PascalCase", faults)
        for oneof in message.oneof_decl:
            check_name(LOWER_SNAKE, oneof.name.lstrip("_"), f"{where}.{message.name}", "snake_case", faults)
        check_enums(message.enum_type, f"{where}.{message.name}", faults)
        for field in message.field:
            name = f"{where}.{message.name}.{field.name}"
            if field.type in FLOATS:
                faults.append(f"{name}: floats do not go on the wire")
            if field.type in NUMBERS and QUANTITY.search(field.name) and not UNIT_SUFFIX.search(field.name):
                faults.append(f"{name}: a quantity without its unit")
            check_name(LOWER_SNAKE, field.name, f"{where}.{message.name}", "snake_case", faults)
        check_messages(message.nested_type, f"{where}.{message.name}", faults)


def check_enums(enums, where, faults):
    for enum in enums:
        check_name(PASCAL, enum.name, where, "PascalCase", faults)
        if enum.options.allow_alias:
            faults.append(f"{where}.{enum.name}: two names for one number")
        prefix = upper_snake(enum.name) + "_"
        for value in enum.value:
            check_name(UPPER_SNAKE, value.name, where, "UPPER_SNAKE_CASE", faults)
            if not value.name.startswith(prefix):
                faults.append(f"{where}.{value.name}: prefix {prefix} is missing")
            if (value.number == 0) != (value.name == prefix + "UNSPECIFIED"):
                faults.append(f"{where}.{value.name}: 0 is {prefix}UNSPECIFIED and nothing else is")


def check_services(file, faults):
    words = comments(file)
    used = []
    for s, service in enumerate(file.service):
        check_name(PASCAL, service.name, file.package, "PascalCase", faults)
        if not service.name.endswith("Service"):
            faults.append(f"{service.name}: services end in Service")
        for m, method in enumerate(service.method):
            name = f"{service.name}.{method.name}"
            check_name(PASCAL, method.name, service.name, "PascalCase", faults)
            comment = words.get((6, s, 2, m), "")
            for kind, type_name in (("Request", method.input_type), ("Response", method.output_type)):
                short = type_name.rsplit(".", 1)[1]
                used.append(short)
                if short not in (method.name + kind, service.name + method.name + kind):
                    faults.append(f"{name}: {short} is not its own {kind}")
            if not comment.strip():
                faults.append(f"{name}: no comment")
            elif "Codes:" not in comment:
                faults.append(f"{name}: the comment does not list its codes")
            else:
                listed = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", comment.split("Codes:", 1)[1])) - {"Hello", "TLS"}
                if not listed & CODES and "none of its own" not in comment:
                    faults.append(f"{name}: no gRPC code after Codes:")
            if method.server_streaming and "Slow consumer:" not in comment:
                faults.append(f"{name}: a stream without a slow-consumer rule")
    faults.extend(f"{name}: shared by two RPCs" for name in {n for n in used if used.count(n) > 1})


def check(descriptors) -> list:
    faults = []
    for file in descriptors.file:
        if file.package.startswith("google."):
            continue
        if not re.fullmatch(r"[a-z]+(\.[a-z]+)*\.v[1-9][0-9]*", file.package):
            faults.append(f"{file.name}: package {file.package} has no version")
        if file.syntax != "proto3":
            faults.append(f"{file.name}: not proto3")
        if str(Path(file.name).parent) != file.package.replace(".", "/"):
            faults.append(f"{file.name}: the folder is not the package")
        if file.public_dependency or file.weak_dependency:
            faults.append(f"{file.name}: public or weak import")
        check_name(LOWER_SNAKE, Path(file.name).stem, file.name, "snake_case", faults)
        check_messages(file.message_type, file.package, faults)
        check_enums(file.enum_type, file.package, faults)
        check_services(file, faults)
    return faults


def test_wire_contract_keeps_the_style():
    descriptors = compile_protos(PROTO)
    assert len(descriptors.file) >= 4
    assert check(descriptors) == []


@pytest.mark.parametrize("body, fault", [
    ("enum Color { RED = 0; }", "prefix COLOR_"),
    ("enum Color { COLOR_RED = 0; }", "0 is COLOR_UNSPECIFIED"),
    ("message M { double x = 1; }", "floats"),
    ("message M { int32 power = 1; }", "without its unit"),
    ("message M { int32 camelCase = 1; }", "snake_case"),
    ("message M { enum Inner { RED = 0; } }", "prefix INNER_"),
    ("message M { message N { enum Inner { RED = 0; } } }", "prefix INNER_"),
    ("message snake_name {}", "PascalCase"),
    ("message M { oneof Choice { int32 a = 1; } }", "snake_case"),
    ("enum my_color { MY_COLOR_UNSPECIFIED = 0; }", "PascalCase"),
    ("enum Color { COLOR_UNSPECIFIED = 0; COLOR_red = 1; }", "UPPER_SNAKE"),
    ("enum Color { option allow_alias = true; COLOR_UNSPECIFIED = 0; COLOR_A = 1; COLOR_B = 1; }", "two names"),
    ("message M {} service foo_Service {}", "PascalCase"),
    ("message getRequest {} message getResponse {} service FooService {\n// Codes: UNAVAILABLE.\nrpc get(getRequest) returns "
     "(getResponse); }", "PascalCase"),
    ("message R {} service FooService {\n// Codes: UNAVAILABLE.\nrpc GetRequest(R) returns (R); rpc Set(R) returns (R); }",
     "shared by two"),
    ("message M {} service Foo {}", "end in Service"),
    ("message M {} service FooService {\n// Codes: UNAVAILABLE.\nrpc Get(M) returns (M); }", "not its own Request"),
    ("message GetRequest {} message GetResponse {} service FooService { rpc Get(GetRequest) returns (GetResponse); }",
     "no comment"),
    ("message GetRequest {} message GetResponse {} service FooService {\n// Gets.\nrpc Get(GetRequest) returns "
     "(GetResponse); }", "does not list its codes"),
    ("message GetRequest {} message GetResponse {} service FooService {\n// Gets. Codes: WRONG.\nrpc Get(GetRequest) "
     "returns (GetResponse); }", "no gRPC code"),
    ("message GetRequest {} message GetResponse {} service FooService {\n// Gets. Codes: UNAVAILABLE.\nrpc "
     "Get(GetRequest) returns (stream GetResponse); }", "slow-consumer"),
])
def test_each_rule_bites(tmp_path, body, fault):
    folder = tmp_path / "ems" / "v1"
    folder.mkdir(parents=True)
    (folder / "bad.proto").write_text(f'syntax = "proto3";\npackage ems.v1;\n{body}\n')
    assert any(fault in line for line in check(compile_protos(tmp_path)))


def test_package_needs_a_version(tmp_path):
    (tmp_path / "bad.proto").write_text('syntax = "proto3";\npackage ems;\n')
    assert any("no version" in line for line in check(compile_protos(tmp_path)))


def test_a_file_name_is_snake_case(tmp_path):
    (tmp_path / "BadName.proto").write_text('syntax = "proto3";\npackage ems.v1;\n')
    assert any("BadName: not snake_case" in line for line in check(compile_protos(tmp_path)))


def test_no_promise_of_the_wire_contract_is_broken():
    broken, added = compare(baseline(), promises(compile_protos(PROTO)))
    assert broken == [], "a promise was taken back"
    assert added == [], "not recorded yet: run tests/tidy/protos.py --renew"


OLD = """
message M { int32 a_mv = 1; optional string b = 2; oneof c { bool d = 3; bool e = 4; } }
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
message GetRequest {} message GetResponse {}
service FooService { rpc Get(GetRequest) returns (stream GetResponse); }
"""


@pytest.mark.parametrize("before, after", [
    ("int32 a_mv = 1", "int32 a_ma = 1"),                  # renamed
    ("int32 a_mv = 1", "int32 a_mv = 7"),                  # renumbered
    ("int32 a_mv = 1", "int64 a_mv = 1"),                  # another type
    ("int32 a_mv = 1", "repeated int32 a_mv = 1"),         # another label
    ("optional string b = 2", "string b = 2"),             # presence lost
    ("optional string b = 2;", "reserved 2;"),             # removed
    ("bool e = 4; }", "} bool e = 4;"),                    # out of its oneof
    ("COLOR_RED = 1", "COLOR_RED = 2"),
    ("COLOR_RED = 1;", ""),
    ("returns (stream GetResponse)", "returns (GetResponse)"),
    ("rpc Get(GetRequest)", "rpc Fetch(GetRequest)"),
    ("message GetRequest {}", "message Get {} message GetRequest {}"),  # the control case: an addition
])
def test_the_breaking_change_check_bites(tmp_path, before, after):
    def lines(text: str) -> list[str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "m.proto").write_text('syntax = "proto3";\npackage ems.v1;\n' + text)
        return promises(compile_protos(folder))

    assert before in OLD
    broken, added = compare(lines(OLD), lines(OLD.replace(before, after)))
    assert added or broken
    assert bool(broken) == ("message Get {}" not in after)
