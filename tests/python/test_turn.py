"""TURN credentials: a real coturn accepts those that the server makes."""

import shutil
import socket
import subprocess
import time

import pytest
from peer import TIMEOUT
from wigwag.v1 import signaling_service_pb2, signaling_service_pb2_grpc

pytestmark = pytest.mark.skipif(shutil.which("turnserver") is None, reason="coturn is not installed")


class Turn:
    """A coturn on a free port of loopback that shares these secrets."""

    def __init__(self, folder, *secrets):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        options = ["-n", "--no-tcp", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers", "--realm", "test"]
        options += ["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(self.port)]
        options += ["--use-auth-secret", "--log-file", f"{folder}/log", "--pidfile", f"{folder}/pid"]
        for secret in secrets:
            options += ["--static-auth-secret", secret]
        self.process = subprocess.Popen(
            ["turnserver", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def accepts(self, server):
        """Whether these credentials open a relay and carry data through it."""
        command = ["turnutils_uclient", "-p", str(self.port), "-u", server.username, "-w", server.credential]
        command += ["-y", "-n", "1", "-m", "1", "-c", "127.0.0.1"]
        client = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        return "Total lost packets 0 " in client.stdout and "Cannot complete Allocation" not in client.stdout

    def until_up(self, server):
        until = time.monotonic() + TIMEOUT
        while not self.accepts(server):
            assert self.process.poll() is None and time.monotonic() < until, "coturn does not accept the credentials"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


@pytest.fixture
def start_turn(tmp_path):
    started = []

    def start(*secrets):
        started.append(Turn(tmp_path, *secrets))
        return started[-1]

    yield start
    for turn in started:
        turn.stop()


def issued(server):
    with server.channel() as channel:
        answer = signaling_service_pb2_grpc.SignalingServiceStub(channel).GetIceServers(
            signaling_service_pb2.GetIceServersRequest()
        )
    assert answer.HasField("expires_at")
    return answer.ice_servers[-1], answer.expires_at.seconds


def test_a_turn_server_accepts_the_credentials_and_a_rotation_interrupts_nobody(start_server, start_turn, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("north\n")
    server = start_server(
        WIGWAG_ICE__TURN_URLS='["turn:127.0.0.1:3478?transport=udp"]', WIGWAG_ICE__TURN_SECRET_FILE=str(secret)
    )
    before, expires = issued(server)
    assert list(before.urls) == ["turn:127.0.0.1:3478?transport=udp"]
    assert 590 < expires - time.time() <= 601 and before.username.startswith(f"{expires}:")
    # During a rotation the TURN server knows both secrets.
    turn = start_turn("north", "south")
    turn.until_up(before)
    secret.write_text("south\n\n".rstrip("\n") + "\n")
    until = time.monotonic() + TIMEOUT
    while issued(server)[0].credential == before.credential:
        assert time.monotonic() < until, "the file is not read again"
        time.sleep(0.05)
    after, _ = issued(server)
    assert turn.accepts(after) and turn.accepts(before)
    alone = start_turn("south")
    alone.until_up(after)
    assert not alone.accepts(before), "of the secret that is gone"


def test_expired_credentials_are_refused(start_server, start_turn):
    server = start_server(
        WIGWAG_ICE__TURN_URLS='["turn:127.0.0.1:3478"]', WIGWAG_ICE__TURN_SECRET="north"
    )
    good, _ = issued(server)
    turn = start_turn("north")
    turn.until_up(good)
    # A credential is for the expiry that its name says.
    expired = type(good)(username=f"{int(time.time()) - 600}:", credential=good.credential)
    assert not turn.accepts(expired)
