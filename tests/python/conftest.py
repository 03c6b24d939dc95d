"""A server for the tests, and peers that are gone when a test is over."""

import itertools
import os
import socket
import subprocess
import time

import grpc
import pytest

from peer import PATIENCE, Peer


class Server:
    """A server process on a port of its own."""

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
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, "the server ended at once"
                assert time.monotonic() < until, "the server does not listen"
                time.sleep(0.01)

    def channel(self):
        # Without this, channels of one process share a connection.
        return grpc.insecure_channel(self.address, options=[("grpc.use_local_subchannel_pool", 1)])

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
    """Starts a server with settings of the test's own."""
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
    """Opens sessions, each over a connection of its own."""
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
    """The name of a room no other test uses."""
    return f"interop-{next(_rooms)}"


@pytest.fixture
def pair(connect, room):
    """Two peers in one room, each of which knows of the other."""

    def pair(**options):
        ada, bob = connect("Ada", **options), connect("Bob", **options)
        ada.join(room)
        joined = bob.join(room)
        assert [member.peer_id for member in joined.members] == [ada.peer_id]
        assert ada.expect("member_joined").member_joined.member.peer_id == bob.peer_id
        return ada, bob

    return pair
