# SPDX-License-Identifier: Apache-2.0
"""Requests and replies of a vector file as constants: vectors_header.py VECTORS.json > jbd_vectors.inc"""
import json
import sys

vectors = json.load(open(sys.argv[1]))
for number, vector in enumerate(vectors):
    request, reply = (bytes.fromhex(vector.get(key) or "") for key in ("request_hex", "response_hex"))
    for name, data in (("Request", request), ("Reply", reply)):
        values = ", ".join(f"0x{byte:02x}" for byte in data)
        print(f"constexpr std::array<std::uint8_t, {len(data)}> k{name}{number}{{{values}}};")
print("constexpr Exchange kExchanges[] = {")
for number, vector in enumerate(vectors):
    print(f'    {{kRequest{number}, kReply{number}}},  // {vector["id"]}')
print("};")
