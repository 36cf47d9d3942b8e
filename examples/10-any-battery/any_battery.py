# SPDX-License-Identifier: Apache-2.0
"""The batteries of main.c in Python: a reply whose frames do not say how many sensors there are, and frames of a CAN bus."""
import ems

reply = bytes.fromhex("A501960801370000000000007CA5019608020000000000000046")
print("daly_a5:", ems.decode("daly_a5", reply))
print("with two sensors:", ems.decode("daly_a5", reply, temperature_count=2))
try:
    ems.decode("daly_a5", reply, variant="no_such")
except ems.EmsError as error:
    print("another reading of it:", error.code)

frames = [(0x351, bytes.fromhex("1402740E740ECC01")), (0x123, bytes.fromhex("BEEF")), (0x356, bytes.fromhex("7B13E9FE6B01"))]
print("pylontech-lv-can:")
for name, value in ems.decode_can("pylontech-lv-can", frames).items():
    print(f"  {name} {value}")
