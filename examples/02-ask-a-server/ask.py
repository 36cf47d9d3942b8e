#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks an ems-server, or an ems-agent's unix socket, by reflection: no generated code, no .proto file.

Needs python3-grpcio and python3-protobuf (Debian). Without METHOD it lists the services.
"""
from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
# Known to the pool before a server mentions them:
from google.protobuf import duration_pb2, timestamp_pb2  # noqa: F401

REFLECTION = "grpc.reflection.v1alpha.ServerReflection"
POOL = descriptor_pool.Default()


def message_class(full_name: str):
    descriptor = POOL.FindMessageTypeByName(full_name)
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(POOL).GetPrototype(descriptor)


def add_reflection_messages() -> None:
    """The part of reflection.proto used here; Debian has no package for it."""
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package="grpc.reflection.v1alpha", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto

    def message(name: str, *fields: tuple) -> None:
        added = file.message_type.add(name=name)
        for number, field_name, kind, repeated in fields:
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            one = added.field.add(name=field_name, number=number, label=label)
            if isinstance(kind, str):
                one.type, one.type_name = field.TYPE_MESSAGE, f".{file.package}.{kind}"
            else:
                one.type = kind

    message("ServerReflectionRequest", (4, "file_containing_symbol", field.TYPE_STRING, False),
            (7, "list_services", field.TYPE_STRING, False))
    message("Files", (1, "file_descriptor_proto", field.TYPE_BYTES, True))
    message("Service", (1, "name", field.TYPE_STRING, False))
    message("Services", (1, "service", "Service", True))
    message("Refusal", (1, "error_code", field.TYPE_INT32, False), (2, "error_message", field.TYPE_STRING, False))
    message("ServerReflectionResponse", (4, "files", "Files", False), (6, "services", "Services", False),
            (7, "refusal", "Refusal", False))
    # list_services is asked for with an empty string, which only a field with presence can hold.
    for one in file.message_type[0].field:
        one.oneof_index = 0
    file.message_type[0].oneof_decl.add(name="message_request")
    POOL.Add(file)


def reflect(channel: grpc.Channel, **question):
    request = message_class("grpc.reflection.v1alpha.ServerReflectionRequest")
    response = message_class("grpc.reflection.v1alpha.ServerReflectionResponse")
    call = channel.stream_stream(f"/{REFLECTION}/ServerReflectionInfo", request.SerializeToString, response.FromString)
    answer = next(call(iter([request(**question)])))
    if answer.HasField("refusal"):
        sys.exit(f"ask: {answer.refusal.error_message}")
    return answer


def learn(channel: grpc.Channel, service: str) -> None:
    """Adds the files that define a service to the pool, each after those it imports."""
    raw = reflect(channel, file_containing_symbol=service).files.file_descriptor_proto
    files = {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, raw)}

    def add(name: str) -> None:
        if name not in files or name.startswith("google/protobuf/"):
            return
        for needed in files[name].dependency:
            add(needed)
        POOL.Add(files[name])

    for name in files:
        add(name)


def ask(channel: grpc.Channel, path: str, request_json: str, count: int) -> None:
    service, _, name = path.partition("/")
    learn(channel, service)
    method = POOL.FindServiceByName(service).FindMethodByName(name)
    request = message_class(method.input_type.full_name)
    response = message_class(method.output_type.full_name)
    message = json_format.Parse(request_json, request())
    call = channel.unary_stream if method.server_streaming else channel.unary_unary
    answer = call(f"/{path}", request.SerializeToString, response.FromString)(message)
    for one in itertools.islice(answer if method.server_streaming else [answer], count):
        print(json_format.MessageToJson(one, preserving_proto_field_name=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="HOST:PORT of a server, or unix:PATH of an agent's socket")
    parser.add_argument("method", nargs="?", help="e.g. ems.v1.FleetService/ListAgents")
    parser.add_argument("request", nargs="?", default="{}", help="the request as JSON")
    parser.add_argument("--ca", type=Path, default="pki/ca.crt")
    parser.add_argument("--certificate", type=Path, default="pki/user.crt")
    parser.add_argument("--key", type=Path, default="pki/user.key")
    parser.add_argument("--count", type=int, default=1, help="answers to take from a stream")
    options = parser.parse_args()

    if options.address.startswith("unix:"):
        channel = grpc.insecure_channel(options.address)
    else:
        identity = grpc.ssl_channel_credentials(options.ca.read_bytes(), options.key.read_bytes(),
                                                options.certificate.read_bytes())
        channel = grpc.secure_channel(options.address, identity)
    add_reflection_messages()
    try:
        if options.method is None:
            for service in reflect(channel, list_services="").services.service:
                print(service.name)
        else:
            ask(channel, options.method, options.request, options.count)
    except grpc.RpcError as error:
        sys.exit(f"ask: {error.code().name}: {error.details()}")
    except (KeyError, json_format.ParseError) as error:
        sys.exit(f"ask: {error.args[0]}")
    finally:
        channel.close()


if __name__ == "__main__":
    main()
