# SPDX-License-Identifier: Apache-2.0
"""A gRPC client without generated code: messages are made from the descriptors of the .proto files, as any generic client does.
It shares nothing with libems but the contract."""
from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO = Path(__file__).resolve().parents[2] / "libems/proto"
TIMEOUT_S = 10


class Contract:
    """The messages of the .proto files by their full name."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(suffix=".pb") as out:
            files = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
            subprocess.run(["protoc", f"-I{PROTO}", "--include_imports", f"--descriptor_set_out={out.name}", *files], check=True)
            files_set = descriptor_pb2.FileDescriptorSet.FromString(Path(out.name).read_bytes())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files_set.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)

    def message(self, name: str, **fields):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))(**fields)

    def call(self, channel: grpc.Channel, service: str, method: str, **fields):
        """One unary call, e.g. ("ems.v1.FleetService", "ListAgents"). Raises grpc.RpcError."""
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        rpc = channel.unary_unary(f"/{service}/{method}", request_serializer=lambda message: message.SerializeToString(),
                                  response_deserializer=self.factory.GetPrototype(descriptor.output_type).FromString)
        return rpc(self.factory.GetPrototype(descriptor.input_type)(**fields), timeout=TIMEOUT_S)

    def first_of_stream(self, channel: grpc.Channel, service: str, method: str, **fields):
        """The first answer of a bidirectional stream after one request."""
        descriptor = self.pool.FindServiceByName(service).FindMethodByName(method)
        rpc = channel.stream_stream(f"/{service}/{method}", request_serializer=lambda message: message.SerializeToString(),
                                    response_deserializer=self.factory.GetPrototype(descriptor.output_type).FromString)
        return next(rpc(iter([self.factory.GetPrototype(descriptor.input_type)(**fields)]), timeout=TIMEOUT_S))


def channel_to(port: int, ca: Path, certificate: Path | None = None, key: Path | None = None) -> grpc.Channel:
    """Dials 127.0.0.1 over TLS, with a client certificate where one is given."""
    credentials = grpc.ssl_channel_credentials(ca.read_bytes(), key.read_bytes() if key else None,
                                               certificate.read_bytes() if certificate else None)
    return grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=[("grpc.enable_http_proxy", 0)])


def identity(site, name: str) -> grpc.Channel:
    """A channel to a site's server with one of its identities: `user`, `agent`, ..."""
    pki = site.folder / "pki"
    return channel_to(site.server_port, pki / "ca.crt", pki / f"{name}.crt", pki / f"{name}.key")


def raw_call(channel: grpc.Channel, path: str, request: bytes) -> bytes:
    return channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)(request, timeout=TIMEOUT_S)
