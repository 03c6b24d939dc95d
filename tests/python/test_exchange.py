"""Envelopes between two peers arrive unchanged, in order and with the right sender."""

import hashlib

import grpc
import pytest
from wigwag.v1 import envelope_pb2, frame_pb2, signaling_service_pb2_grpc

ENVELOPES = 10_000
AHEAD = 200
"""Maximum number of envelopes in transit: less than a mailbox holds."""

SDP = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:F7gI\r\n"

PAYLOADS = {
    "offer": {"description": envelope_pb2.SessionDescription(type="offer", sdp=SDP)},
    "answer": {"description": envelope_pb2.SessionDescription(type="answer", sdp=SDP + "a=é😀\r\n")},
    "pranswer": {"description": envelope_pb2.SessionDescription(type="pranswer", sdp=SDP)},
    "rollback": {"description": envelope_pb2.SessionDescription(type="rollback")},
    "candidate": {
        "candidate": envelope_pb2.IceCandidate(
            candidate="candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx",
            sdp_mid="0",
            sdp_m_line_index=0,
            username_fragment="F7gI",
        )
    },
    "candidate with little": {"candidate": envelope_pb2.IceCandidate(candidate="candidate:1")},
    "end of candidates": {"candidate": envelope_pb2.IceCandidate(candidate="")},
    "text": {"message": envelope_pb2.AppData(text="grüße 👋\0\x7f")},
    "empty text": {"message": envelope_pb2.AppData(text="")},
    "binary": {"message": envelope_pb2.AppData(binary=bytes(range(256)) * 4)},
    "empty binary": {"message": envelope_pb2.AppData(binary=b"")},
    "sealed": {"sealed": hashlib.sha512(b"sealed").digest() * 100},
    "empty sealed": {"sealed": b""},
    "nearly too large": {"sealed": bytes(65_000)},
}


@pytest.mark.parametrize("resumable", [False, True], ids=["live", "resumable"])
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_every_payload_arrives_unchanged_both_ways(pair, resumable, payload):
    ada, bob = pair(resumable=resumable)
    for sender, receiver in [(ada, bob), (bob, ada)]:
        sender.send(receiver, **payload)
        got = receiver.expect("envelope").envelope
        # Compared as bytes, since an absent field differs from an empty one.
        want = envelope_pb2.Envelope(room=ada.room, **{"from": sender.peer_id}, to=receiver.peer_id, **payload)
        assert got.SerializeToString(deterministic=True) == want.SerializeToString(deterministic=True)


@pytest.mark.parametrize("resumable", [False, True], ids=["live", "resumable"])
def test_order_holds_over_ten_thousand_envelopes(pair, resumable):
    ada, bob = pair(resumable=resumable)
    sent = 0
    for number in range(ENVELOPES):
        while sent < min(number + AHEAD, ENVELOPES):
            ada.text(bob, str(sent))
            sent += 1
        envelope = bob.expect("envelope").envelope
        assert (envelope.message.text, getattr(envelope, "from")) == (str(number), ada.peer_id)


def test_a_broadcast_reaches_exactly_the_other_members(connect, room):
    peers = [connect(name) for name in ("Ada", "Bob", "Cyd")]
    for peer in peers:
        peer.join(room)
    outsider = connect("Outsider")
    outsider.join(room + "-other")
    ada, bob, cyd = peers
    ada.text("", "everybody")
    for peer in (bob, cyd):
        envelope = peer.until("envelope").envelope
        assert (envelope.message.text, getattr(envelope, "from")) == ("everybody", ada.peer_id)
    # The next frame is the next envelope sent: the sender and the outsider have received nothing before.
    bob.text(ada, "only you")
    assert ada.until("envelope").envelope.message.text == "only you"
    outsider.say(leave=frame_pb2.Leave(room=outsider.room))
    assert outsider.expect("left").left.reason == "LEFT"


def test_a_direct_envelope_needs_no_room(connect):
    ada, bob = connect("Ada"), connect("Bob")
    ada.text(bob, "psst", room="")
    envelope = bob.expect("envelope").envelope
    assert (envelope.room, getattr(envelope, "from"), envelope.message.text) == ("", ada.peer_id, "psst")


@pytest.mark.parametrize("resumable, outcome", [(False, "OUTCOME_WRITTEN"), (True, "OUTCOME_DELIVERED")])
def test_a_receipt_reports_what_is_known(pair, resumable, outcome):
    ada, bob = pair(resumable=resumable)
    seq = ada.text(bob, "sure?", receipt=True)
    bob.expect("envelope")
    if resumable:
        bob.write(frame_pb2.ClientFrame(ack=bob.read))
    frame = ada.expect("receipt")
    assert (frame.reply_to, frame.receipt.peer_id) == (seq, bob.peer_id)
    assert frame.receipt.outcome == frame_pb2.Receipt.Outcome.Value(outcome)


def test_a_session_needs_no_hello(connect, server, room):
    bob = connect("Bob")
    bob.join(room)
    join = frame_pb2.Join(room=room, display_name="Ada")
    with server.channel() as channel:
        stub = signaling_service_pb2_grpc.SignalingServiceStub(channel)
        # The client half-closes after this one frame and continues to receive.
        call = stub.Signal(iter([frame_pb2.ClientFrame(join=join)]))
        assert next(call).WhichOneof("body") == "welcome"
        joined = next(call).joined
        assert [member.display_name for member in joined.members] == ["Bob"]
        member = bob.expect("member_joined").member_joined.member
        assert member.display_name == "Ada"
        bob.text(member.peer_id, "still there?")
        for frame in call:
            if frame.WhichOneof("body") == "envelope":
                assert frame.envelope.message.text == "still there?"
                break
        call.cancel()
    assert call.code() == grpc.StatusCode.CANCELLED
