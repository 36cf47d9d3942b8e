# SPDX-License-Identifier: Apache-2.0
"""From a person's word, at the server and at the site, to the first byte of the stop at the inverter, while rows are stored and uploaded."""
import time

from support.cut import TcpLine
from support.harness import RECONNECT_S, wait_for
from support.kill_loop import from_server

STOPS = 5
SERVER_S = 0.5  # Declared: from the server to the wire.
BUSY_S = 3.0  # What a loaded test machine may take; a figure is printed, a time is no verdict.


# SAF-071
def test_an_emergency_stop_reaches_the_wire_from_the_server_and_from_the_socket(install, capsys):
    site = install(lease_s=3600, telemetry_period_s=0.1)  # No refresh of a command comes between.
    site.start_server()
    site.start_sim()
    line = TcpLine(site.pcs_port)
    site.write("site.yaml", (site.folder / "site.yaml").read_text().replace(f"127.0.0.1:{site.pcs_port}", f"127.0.0.1:{line.port}"))
    site.start_agent()
    wait_for("the uplink is online", lambda: site.status()["uplink"]["state"] == "online", RECONNECT_S)
    wait_for("the inverter is told something", lambda: line.writes, 30)

    def quiet() -> bool:
        return time.monotonic() - line.writes[-1] > 0.4

    def stop(give) -> float:
        site.ctl("setpoint", "--power-w", "0", "--lease-s", "60", "--name", "Ada Example")  # Else the target follows the load.
        wait_for("nothing is written", quiet, 30, every_s=0.05)
        from_s = time.monotonic()
        give()
        written = wait_for("the stop is on the wire", lambda: [at for at in line.writes if at >= from_s], 10, every_s=0.01)[0]
        wait_for("the stop is latched", lambda: site.status()["safety"]["state"] == "tripped", 10)
        wait_for("the latch is reset", lambda: site.ctl("estop", "--reset", "--name", "Ada Example", "--cause", "test"), 10)
        return written - from_s

    try:
        at_server = [stop(lambda: from_server(site, "estop", "--reason", "test")) for _ in range(STOPS)]
        at_socket = [stop(lambda: site.ctl("estop", "--name", "Ada Example", "--reason", "test")) for _ in range(STOPS)]
    finally:
        line.close()
    with capsys.disabled():
        for what, times in (("server", at_server), ("unix socket", at_socket)):
            print(f"\ne-stop, {what} to first byte at the inverter (start of emsctl included), {STOPS} times: "
                  f"{min(times) * 1e3:.0f} .. {max(times) * 1e3:.0f} ms", end="")
        print(f"; {sum(t <= SERVER_S for t in at_server)} of {STOPS} from the server within {SERVER_S * 1e3:.0f} ms")
    assert max(at_server + at_socket) < BUSY_S
