# SPDX-License-Identifier: Apache-2.0
"""Asks a running agent for its battery. The messages are made now, from the descriptors that libems installs."""
import sys
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, message_factory

socket, descriptors = sys.argv[1], Path(sys.argv[2]).read_bytes()
messages = message_factory.GetMessages(descriptor_pb2.FileDescriptorSet.FromString(descriptors).file)
request, reply = messages["ems.v1.GetStatusRequest"], messages["ems.v1.GetStatusResponse"]
with grpc.insecure_channel(f"unix:{socket}") as channel:
    call = channel.unary_unary("/ems.v1.SiteService/GetStatus", request.SerializeToString, reply.FromString)
    for value in call(request(points=[{"asset": "battery/1", "signal": 1}])).status.points:
        print(value.point.asset, value.value / 1000, "V")
