"""Peers that disappear without leaving."""

import subprocess
import sys
import threading
import time

import grpc
from wigwag.v1 import frame_pb2, signaling_service_pb2_grpc

DIES = """
import sys
import grpc
from peer import Peer

peer = Peer(grpc.insecure_channel(sys.argv[1]), display_name="Doomed")
peer.join(sys.argv[2])
print(peer.peer_id, flush=True)
while True:
    peer.next(3600)
"""


def test_a_killed_process_is_seen_to_leave(server, connect, room, request):
    ada = connect("Ada")
    ada.join(room)
    doomed = subprocess.Popen(
        [sys.executable, "-c", DIES, server.address, room], stdout=subprocess.PIPE, text=True, cwd=request.path.parent
    )
    try:
        peer_id = doomed.stdout.readline().strip()
        assert ada.expect("member_joined").member_joined.member.peer_id == peer_id
        doomed.kill()
        since = time.monotonic()
        left = ada.expect("member_left", timeout=2 * ada.welcome.heartbeat_ms / 1000).member_left
        assert (left.peer_id, left.reason) == (peer_id, "CONNECTION_LOST")
        assert time.monotonic() - since < 2 * ada.welcome.heartbeat_ms / 1000
    finally:
        doomed.kill()
        doomed.wait()
        doomed.stdout.close()


def test_a_broken_stream_of_a_live_session_is_a_leave(pair):
    ada, bob = pair()
    bob.call.cancel()
    left = ada.expect("member_left").member_left
    assert (left.peer_id, left.reason) == (bob.peer_id, "CONNECTION_LOST")


def test_a_bye_is_a_leave_and_ends_the_stream_with_ok(pair):
    ada, bob = pair()
    bob.bye()
    left = ada.expect("member_left").member_left
    assert (left.peer_id, left.reason) == (bob.peer_id, "LEFT")


def test_a_resumable_session_resumes_unnoticed(pair, server):
    ada, bob = pair(resumable=True)
    bob.call.cancel()
    ada.text(bob, "for later")
    with server.channel() as channel:
        resume = frame_pb2.Resume(session_token=bob.welcome.session_token, epoch=1, last_seq=bob.read)
        hello = frame_pb2.Hello(resumable=True, resume=resume)
        stub = signaling_service_pb2_grpc.SignalingServiceStub(channel)
        call = stub.Signal(open_ended(frame_pb2.ClientFrame(hello=hello)))
        welcome = next(call).welcome
        assert (welcome.outcome, welcome.epoch) == (frame_pb2.Welcome.OUTCOME_RESUMED, 2)
        assert welcome.peer_id == bob.peer_id
        bodies = (frame for frame in call if frame.WhichOneof("body") in ("envelope", "roster"))
        heard = {}
        while "envelope" not in heard:
            frame = next(bodies)
            heard[frame.WhichOneof("body")] = frame
        assert heard["envelope"].envelope.message.text == "for later"
        assert heard["envelope"].seq == bob.read + 1
        call.cancel()
        assert call.code() == grpc.StatusCode.CANCELLED


def test_a_resume_of_an_unknown_session_is_a_reset(connect, server):
    bob = connect("Bob", resume=frame_pb2.Resume(session_token="made up", epoch=1), resumable=True)
    assert bob.welcome.outcome == frame_pb2.Welcome.OUTCOME_RESET
    assert bob.welcome.reset_reason == "UNKNOWN_SESSION"


def open_ended(first):
    """Yields one frame and then keeps the request stream open."""
    yield first
    threading.Event().wait(60)
