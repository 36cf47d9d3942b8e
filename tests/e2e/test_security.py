# SPDX-License-Identifier: Apache-2.0
"""Who may do what: a client without Python code of ours, real certificates, a real server."""
import os
import socket
import ssl
import stat

import grpc
import pytest

from support.grpc_client import Contract, channel_to, identity
from support.harness import wait_for

FLEET = "ems.v1.FleetService"


@pytest.fixture(scope="module")
def contract():
    return Contract()


@pytest.fixture
def site(install):
    site = install()
    site.ctl("pki", "user", "--dir", "pki", "--name", "ada", "--role", "viewer", "--out", "viewer")
    site.ctl("pki", "init", "--dir", "foreign")
    for kind, arguments in (("user", ("--name", "ada", "--role", "operator")), ("agent", ("--site", "demo", "--name", "gateway-1"))):
        site.ctl("pki", kind, "--dir", "foreign", *arguments, "--out", kind)
    site.start_server()
    return site


def refusal(call) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def plain_tls(site, certificate: tuple | None = None) -> bytes:
    """What a server says to a TLS client and 24 bytes of HTTP/2; raises ssl.SSLError when it refuses."""
    context = ssl.create_default_context(cafile=site.folder / "pki/ca.crt")
    context.set_alpn_protocols(["h2"])
    if certificate:
        context.load_cert_chain(*certificate)
    with socket.create_connection(("127.0.0.1", site.server_port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5))
            return tls.recv(64)


def test_without_a_certificate_there_is_no_connection(site, contract):
    error = refusal(lambda: contract.call(channel_to(site.server_port, site.folder / "pki/ca.crt"), FLEET, "ListAgents"))
    assert error.code() == grpc.StatusCode.UNAVAILABLE
    try:
        answer = plain_tls(site)
    except (ssl.SSLError, ConnectionError):
        answer = b""
    assert answer == b""
    # The same bytes with a certificate get an answer: it is the certificate that was missing.
    assert plain_tls(site, (site.folder / "pki/user.crt", site.folder / "pki/user.key")) != b""
    with pytest.raises((grpc.RpcError, grpc.FutureTimeoutError)):  # And nothing listens without TLS.
        contract.call(grpc.insecure_channel(f"127.0.0.1:{site.server_port}"), FLEET, "ListAgents")


def test_a_foreign_authority_is_no_authority(site, contract):
    foreign = site.folder / "foreign"
    for kind in ("user", "agent"):
        channel = channel_to(site.server_port, site.folder / "pki/ca.crt", foreign / f"{kind}.crt", foreign / f"{kind}.key")
        assert refusal(lambda: contract.call(channel, FLEET, "ListAgents")).code() == grpc.StatusCode.UNAVAILABLE
    # And the other way round: a client does not believe a server of another authority.
    done = site.ctl("fleet", "--server", f"127.0.0.1:{site.server_port}", "--ca", "foreign/ca.crt", "--certificate", "pki/user.crt",
                    "--key", "pki/user.key", "agents", check=False)
    assert done.returncode == 1 and "unavailable" in done.stderr


def test_an_agent_may_not_ask_the_fleet(site, contract):
    for method, fields in (("ListAgents", {}), ("GetLatest", {"agent": "demo/gateway-1"}), ("GetCounts", {"agent": "demo/gateway-1"}),
                           ("SendCommand", {"agent": "demo/gateway-1"}), ("GetCatalogue", {})):
        error = refusal(lambda: contract.call(identity(site, "agent"), FLEET, method, **fields))
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED, method
    assert contract.call(identity(site, "viewer"), FLEET, "GetCatalogue").signals  # A person may.


def test_a_user_may_not_upload(site, contract):
    hello = {"protocol_version": 1, "tenant": "default", "epoch": {"random": bytes(16)}, "instance": b"i" * 16}
    error = refusal(lambda: contract.first_of_stream(identity(site, "user"), "ems.v1.UplinkService", "Connect", hello=hello))
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED
    assert not contract.call(identity(site, "user"), FLEET, "ListAgents").agents  # No such session began.


def test_a_viewer_reads_and_may_not_command(site, contract):
    site.start_sim("--log", "truth.csv")
    site.start_agent()
    wait_for("the agent is connected", lambda: site.status()["rows"]["telemetry"]["acknowledged"] > 0, 20)
    viewer, user = identity(site, "viewer"), identity(site, "user")
    agents = contract.call(viewer, FLEET, "ListAgents").agents
    assert [(agent.name, agent.connected) for agent in agents] == [("demo/gateway-1", True)]
    command = {"agent": "demo/gateway-1", "ttl": {"seconds": 5}, "action": {"emergency_stop": {"reason": "test"}}}
    error = refusal(lambda: contract.call(viewer, FLEET, "SendCommand", **command))
    assert error.code() == grpc.StatusCode.PERMISSION_DENIED and "role" in error.details()
    assert site.status()["safety"]["emergency_stop"] is False
    # What was missing is the role: an operator's command reaches the plant.
    assert contract.call(user, FLEET, "SendCommand", **command).command_id
    wait_for("the operator's stop is in force", lambda: site.status()["safety"]["emergency_stop"], 10)


def test_the_local_socket_is_for_owner_and_group_only(site):
    site.start_sim()
    previous = os.umask(0)  # The agent may not depend on the umask that it is started with.
    try:
        site.start_agent()
    finally:
        os.umask(previous)
    status = (site.folder / "agent.sock").stat()
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660


def test_keys_are_readable_by_their_owner_only(site):
    for key in (site.folder / "pki").glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key
