# SPDX-License-Identifier: Apache-2.0
"""Limits that arrive as signed targets: installed, refused, rolled back. Needs emsctl in PATH, which makes the repository."""
from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from ems import errors, ota

LIMITS = "limits/limits.txt"
running = "what the program was built with"


def emsctl(*words: str | Path) -> None:
    subprocess.run(["emsctl", "repo", *words], check=True, capture_output=True)


def publish(repo: Path, keys: Path, content: str, counter: int) -> None:
    """What the vendor does: all keys lie in one folder here."""
    file = repo.parent / "limits.txt"
    file.write_text(content)
    emsctl("add", repo, file, "--name", LIMITS, "--component", "limits", "--version", f"1.{counter}", "--release-counter", str(counter),
           "--hardware-id", "any")
    for number in (1, 2):
        emsctl("sign", repo, "targets", "--key", keys / f"targets-{number}.pem")
    emsctl("publish", repo, "--key", keys / "snapshot-1.pem", "--key", keys / "timestamp-1.pem")


def apply(payload: ota.Payload, content: bytes) -> None:
    """What the program does with limits: takes them, or raises and keeps those it has."""
    global running
    name, value = content.decode().split("=")
    running = f"{name} {float(value)} ({payload.version})"


with tempfile.TemporaryDirectory() as folder:
    here = Path(folder)
    repo, keys = here / "repo", here / "keys"
    emsctl("init", repo, "--make-keys", keys)
    for number in (1, 2):
        emsctl("sign", repo, "root", "--key", keys / f"root-{number}.pem")
    publish(repo, keys, "charge_current_max_a=40", 1)

    client = ota.Client(here / "trusted", repo / "metadata", repo / "targets")
    client.init((repo / "metadata/1.root.json").read_bytes())  # From the factory, never from the network.
    payloads = ota.PayloadStore(here / "payloads")

    def update() -> None:
        try:
            client.refresh()
            payloads.install_from(client, LIMITS, "limits", apply)
        except (errors.EmsError, ValueError) as error:
            print(f"refused: {error}")
        print(f"in use: {running}")

    update()
    publish(repo, keys, "charge_current_max_a=fourty", 2)
    update()
    update()  # It failed once: it is not even tried.
    publish(repo, keys, "charge_current_max_a=35", 3)
    update()

    payloads.roll_back("limits", "the battery runs hot")
    payloads.load("limits", apply)
    print(f"rolled back to: {running}")
    update()
    for failure in payloads.failures("limits"):
        print(f"quarantined: {failure.reason}")
