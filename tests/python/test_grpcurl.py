"""The walk-through of the documentation with grpcurl."""

import json
import os
import queue
import shutil
import subprocess
import threading

import pytest

from peer import TIMEOUT

GRPCURL = os.environ.get("GRPCURL") or shutil.which("grpcurl")

pytestmark = pytest.mark.skipif(not GRPCURL, reason="grpcurl is not on PATH, and GRPCURL does not name it")

WALK_THROUGH = """
{"join": {"room": "demo", "displayName": "Ada"}}
{"envelope": {"room": "demo", "message": {"text": "hello"}}}
"""


def grpcurl(server, *arguments):
    command = [GRPCURL, "-plaintext", server.address, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT).stdout


def test_services_are_listed_and_described(server):
    services = set(grpcurl(server, "list").split())
    assert {"wigwag.v1.SignalingService", "wigwag.v1.RoomService", "grpc.reflection.v1.ServerReflection"} <= services
    described = grpcurl(server, "describe", "wigwag.v1.SignalingService")
    assert "rpc Signal ( stream .wigwag.v1.ClientFrame ) returns ( stream .wigwag.v1.ServerFrame );" in described


def test_a_unary_call_works(server, room):
    command = [GRPCURL, "-plaintext", "-d", json.dumps({"room": room, "displayName": "By hand"}), server.address]
    command.append("wigwag.v1.RoomService/CreateRoom")
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT)
    assert json.loads(made.stdout)["roomInfo"]["displayName"] == "By hand"


def test_the_details_of_errors_are_shown(server):
    command = [GRPCURL, "-plaintext", "-d", '{"room": "no such room"}', server.address, "wigwag.v1.RoomService/GetRoom"]
    failed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    assert failed.returncode != 0
    assert "google.rpc.ErrorInfo" in failed.stderr and '"reason": "ROOM_NOT_FOUND"' in failed.stderr, failed.stderr


def test_the_walk_through(start_server, connect):
    server = start_server()
    bob = connect("Bob", server=server)
    bob.join("demo")
    method = "wigwag.v1.SignalingService/Signal"
    ada = subprocess.Popen(
        [GRPCURL, "-plaintext", "-d", "@", server.address, method],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        frames = queue.SimpleQueue()
        threading.Thread(target=read_json, args=(ada.stdout, frames), daemon=True).start()
        # As a shell does: both messages, then the end of input.
        ada.stdin.write(WALK_THROUGH)
        ada.stdin.close()

        assert "welcome" in frames.get(timeout=TIMEOUT)
        joined = frames.get(timeout=TIMEOUT)["joined"]
        assert (joined["room"], joined["me"]["displayName"]) == ("demo", "Ada")
        assert [member["displayName"] for member in joined["members"]] == ["Bob"]
        member = bob.expect("member_joined").member_joined.member
        assert (member.display_name, member.peer_id) == ("Ada", joined["me"]["peerId"])
        envelope = bob.expect("envelope").envelope
        assert (envelope.message.text, getattr(envelope, "from")) == ("hello", member.peer_id)

        # It has half-closed its side, and still receives envelopes of other members.
        bob.text("", "hello Ada")
        while "envelope" not in (frame := frames.get(timeout=TIMEOUT)):
            assert frame.keys() & {"ping", "ack"}, frame
        assert frame["envelope"] == {"room": "demo", "from": bob.peer_id, "message": {"text": "hello Ada"}}
    finally:
        ada.kill()
        ada.wait()
    left = bob.expect("member_left").member_left
    assert (left.peer_id, left.reason) == (member.peer_id, "CONNECTION_LOST")


def read_json(stream, objects):
    """Puts each JSON object of a stream into a queue."""
    text = ""
    for line in stream:
        text += line
        # grpcurl indents its output: an object ends with a brace in the first column.
        if line.startswith("}"):
            objects.put(json.loads(text))
            text = ""
