"""Fixtures: servers, and peers that are closed at the end of each test."""

import itertools
import os
import socket
import subprocess
import time

import grpc
import pytest

from peer import TIMEOUT, Peer


class Server:
    """A server process on a free port."""

    def __init__(self, **settings):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        self.process = subprocess.Popen(
            [os.environ["WIGWAG_SERVER"], "--listen", self.address],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        host, port = self.address.split(":")
        until = time.monotonic() + TIMEOUT
        while True:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, "the server has exited"
                assert time.monotonic() < until, "the server does not listen"
                time.sleep(0.01)

    def channel(self):
        # By default, the channels of a process share a connection.
        return grpc.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])

    def secure_channel(self, authority):
        credentials = grpc.ssl_channel_credentials(authority)
        return grpc.secure_channel(self.address, credentials, options=[("grpc.use_local_subchannel_pool", 1)])

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def server():
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def start_server():
    """Starts a separate server with the given settings."""
    started = []

    def start(**settings):
        started.append(Server(**settings))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def channel(server):
    with server.channel() as channel:
        yield channel


@pytest.fixture
def connect(server):
    """Opens sessions, each over a separate connection."""
    channels = []

    def connect(name="", **options):
        channels.append(options.pop("server", server).channel())
        return Peer(channels[-1], display_name=name, **options)

    yield connect
    for channel in channels:
        channel.close()


_rooms = itertools.count(1)


@pytest.fixture
def room():
    """Returns a room name that no other test uses."""
    return f"interop-{next(_rooms)}"


@pytest.fixture
def pair(connect, room):
    """Opens two peers in one room, which know of each other."""

    def pair(**options):
        ada, bob = connect("Ada", **options), connect("Bob", **options)
        ada.join(room)
        joined = bob.join(room)
        assert [member.peer_id for member in joined.members] == [ada.peer_id]
        assert ada.expect("member_joined").member_joined.member.peer_id == bob.peer_id
        return ada, bob

    return pair
