# SPDX-License-Identifier: Apache-2.0
"""A battery on CAN behind an adapter. Peers that we did not write: python-can's slcan over a pty, its socketcand client and its
reader of candump logs. socketcand's server and cannelloni are doubles of our own: neither is packaged."""
import contextlib
import json
import os
import select
import socket
import struct
import threading
import time
import tty
from pathlib import Path

import can

from support.harness import wait_for
from support.vectors import agrees

FILE = Path(__file__).resolve().parents[1] / "vectors/bms_can_pylontech.json"
NAME = "ecoworthy-cubix-pylon-profile"
KEEP_ALIVE = 0x305
VECTOR = next(v for v in json.loads(FILE.read_text()) if v["id"] == NAME)


def messages() -> list:
    return [can.Message(arbitration_id=f["id"], is_extended_id=f["ext"], data=bytes.fromhex(f["data_hex"])) for f in VECTOR["frames"]]


def install_can(install, link: str):
    site = install(capacity_ah=200.0, control="disarmed")
    text = (site.folder / "site.yaml").read_text()
    jbd = "    protocol: jbd\n    serial: {device: battery.tty, baud: 9600}\n"
    assert jbd in text
    site.write("site.yaml", text.replace(jbd, f"    protocol: pylontech-lv-can\n    {link}\n"))
    return site


def link_of(site) -> dict:
    return next(link for link in site.status()["links"] if link["asset"] == "battery/1")


def values_of(site) -> dict:
    return site.status()["assets"].get("battery/1", {}).get("values", {})


def assert_arrives(site) -> None:
    expected = {name: value for name, value in VECTOR["expect"].items() if name != "vendor"}
    values = wait_for("every value", lambda: (v := values_of(site)) and expected.keys() <= v.keys() and v, 20)
    for name, want in expected.items():
        assert agrees(values[name], want), (name, values[name], want)


@contextlib.contextmanager
def repeated(send, every_s: float = 0.5):
    """Calls `send` until the end of the block."""
    stop = threading.Event()

    def run():
        while not stop.wait(every_s):
            send()
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


class Cable:
    """Two ptys with their ends joined: a null modem."""

    def __init__(self) -> None:
        self.ends = [os.openpty(), os.openpty()]
        for end in self.ends:
            for fd in end:
                tty.setraw(fd)
        self.paths = [os.ttyname(device) for _, device in self.ends]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        hosts = [host for host, _ in self.ends]
        while not self.stop.is_set():
            for fd in select.select(hosts, [], [], 0.05)[0]:
                os.write(hosts[1 - hosts.index(fd)], os.read(fd, 4096))

    def unplug(self) -> None:
        self.stop.set()
        self.thread.join(timeout=5)
        for end in self.ends:
            for fd in end:
                os.close(fd)
        self.ends = []


def plug(site, path: str) -> None:
    device = site.folder / "can.tty"
    device.unlink(missing_ok=True)
    device.symlink_to(path)


def test_python_cans_slcan_is_heard_unplugged_noise_and_returned(install):
    site = install_can(install, "slcan: {device: can.tty}\n    record: {file: bus.log, max_mb: 1}")
    cable = Cable()
    plug(site, cable.paths[0])
    with can.Bus(interface="slcan", channel=cable.paths[1], bitrate=500_000, sleep_after_open=0) as bus:
        site.start_agent()
        with repeated(lambda: [bus.send(message) for message in messages()]):
            assert_arrives(site)
            heard = wait_for("the agent's keep-alive", lambda: (m := bus.recv(0.2)) and m.arbitration_id == KEEP_ALIVE and m, 10)
        assert not heard.is_extended_id
        link = link_of(site)
        assert link["online"] and link["link"].startswith("slcan:"), link
    cable.unplug()
    wait_for("the link is gone", lambda: not link_of(site)["online"], 15)

    cable = Cable()  # Noise on another.
    plug(site, cable.paths[0])
    errors = link_of(site)["errors"]
    with open(cable.paths[1], "wb", buffering=0) as noise, repeated(lambda: noise.write(os.urandom(200) + b"\r"), 0.05):
        wait_for("noise is counted", lambda: link_of(site)["errors"] > errors + 5, 30)
        assert not link_of(site)["online"]
    with can.Bus(interface="slcan", channel=cable.paths[1], bitrate=500_000, sleep_after_open=0) as bus:
        with repeated(lambda: [bus.send(message) for message in messages()]):
            wait_for("the battery is back", lambda: link_of(site)["online"], 30)
    assert site.stop("agent") == 0
    cable.unplug()

    recorded = list(can.CanutilsLogReader(str(site.folder / "bus.log")))
    for message in messages():
        same = [m for m in recorded if m.arbitration_id == message.arbitration_id and m.data == message.data]
        assert same and abs(same[0].timestamp - time.time()) < 300, message
    assert KEEP_ALIVE in {m.arbitration_id for m in recorded}


class Socketcand:
    """Our own double of the server: what a client sends, the others hear."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.clients: list = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        with contextlib.suppress(OSError):  # The listener was closed: the end.
            while True:
                peer = self.listener.accept()[0]
                threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer) -> None:
        peer.sendall(b"< hi >")
        text = ""
        with contextlib.suppress(OSError):
            while data := peer.recv(1024):
                text += data.decode("ascii")
                while ">" in text:
                    message, text = text.split(">", 1)
                    self.take(peer, message.strip("< ").split())
        if peer in self.clients:
            self.clients.remove(peer)

    def take(self, peer, words: list) -> None:
        if words[0] == "open":
            peer.sendall(b"< ok >" if words[1] == "can3" else b"< error could not open bus >")
        elif words[0] == "rawmode":
            peer.sendall(b"< ok >")
            self.clients.append(peer)
        elif words[0] == "send":
            data = "".join(f"{int(byte, 16):02X}" for byte in words[3:])
            text = f"< frame {int(words[1], 16):03X} {time.time():.6f} {data} >".encode()
            for client in list(self.clients):
                if client is not peer:
                    client.sendall(text)

    def drop(self) -> None:
        for client in list(self.clients):
            client.shutdown(socket.SHUT_RDWR)


def test_python_cans_socketcand_client_is_heard_and_a_lost_server_found_again(install):
    server = Socketcand()
    site = install_can(install, f'socketcand: {{address: "127.0.0.1:{server.port}", bus: can3}}')
    site.start_agent()
    wait_for("the agent's client", lambda: server.clients, 15)
    bus = can.Bus(interface="socketcand", channel="can3", host="127.0.0.1", port=server.port)
    with repeated(lambda: [bus.send(message) for message in messages()]):
        assert_arrives(site)
        assert wait_for("the agent's keep-alive", lambda: (m := bus.recv(0.2)) and m.arbitration_id == KEEP_ALIVE, 10)
    assert link_of(site)["link"] == f"socketcand:tcp://127.0.0.1:{server.port}/can3"
    bus.shutdown()
    server.drop()
    wait_for("the link is gone", lambda: "closed by the other end" in link_of(site)["last_error"], 15)
    wait_for("the agent's client is back", lambda: server.clients, 15)
    bus = can.Bus(interface="socketcand", channel="can3", host="127.0.0.1", port=server.port)
    with repeated(lambda: [bus.send(message) for message in messages()]):
        wait_for("the battery is back", lambda: link_of(site)["online"], 20)
    bus.shutdown()
    assert site.stop("agent") == 0
    server.listener.close()


def test_a_server_that_refuses_is_a_named_reason(install):
    server = Socketcand()
    site = install_can(install, f'socketcand: {{address: "127.0.0.1:{server.port}", bus: can9}}')
    site.start_agent()
    wait_for("the reason", lambda: "the server refuses: could not open bus" in link_of(site)["last_error"], 15)
    assert not link_of(site)["online"]
    server.listener.close()


def test_cannelloni_datagrams_arrive(install):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        peer.bind(("127.0.0.1", 0))
        probe.bind(("127.0.0.1", 0))
        listen = probe.getsockname()[1]
        probe.close()
        site = install_can(install, f'cannelloni: {{address: "127.0.0.1:{peer.getsockname()[1]}", listen: "127.0.0.1:{listen}"}}')
        site.start_agent()
        sequence = iter(range(1_000_000))

        def send():
            frames = b"".join(struct.pack(">IB", f["id"], len(f["data_hex"]) // 2) + bytes.fromhex(f["data_hex"]) for f in VECTOR["frames"])
            header = struct.pack(">BBBH", 2, 0, next(sequence) % 256, len(VECTOR["frames"]))
            peer.sendto(header + frames, ("127.0.0.1", listen))
        with repeated(send):
            assert_arrives(site)
        peer.settimeout(10)
        assert peer.recv(100)[2:9] == bytes([0, 0, 1]) + struct.pack(">I", KEEP_ALIVE)
        assert site.stop("agent") == 0


def test_an_interface_that_is_not_there_is_a_named_reason(install):
    site = install_can(install, "socketcan: {interface: ems-no-can}")
    site.start_agent()
    wait_for("the reason", lambda: "socketcan:ems-no-can: " in link_of(site)["last_error"], 15)
    assert not link_of(site)["online"]
