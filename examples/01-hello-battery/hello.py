# SPDX-License-Identifier: Apache-2.0
"""Decodes what a JBD battery answered to "basic info": bytes recorded from a real board."""
import ems

request = bytes.fromhex("DDA50300FFFD77")
reply = bytes.fromhex("DD03001D0618000001F201F400002C7C00000000000080640304030B8B0B8A0B84FA8D77")

battery = ems.decode("jbd", reply, request)
print(battery["pack_voltage_v"], "V,", battery["soc_pct"], "%,", battery["temperatures_degc"], "degC")
try:
    ems.decode("jbd", reply[:-3] + b"\x00" + reply[-2:], request)
except ems.EmsError as error:
    print(type(error).__name__, "at byte", error.offset)
