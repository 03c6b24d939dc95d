"""Refused frames: each gets the right reason and has no other effect."""

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from wigwag.v1 import envelope_pb2, frame_pb2, room_service_pb2, room_service_pb2_grpc

UNKNOWN = "a" * 26


def envelope(ada, bob, **changes):
    fields = {"room": ada.room, "to": bob.peer_id, "message": envelope_pb2.AppData(text="x"), **changes}
    if "payload" in fields:
        del fields["message"]
        fields.update(fields.pop("payload"))
    return {"envelope": envelope_pb2.Envelope(**fields)}


def description(kind):
    return {"description": envelope_pb2.SessionDescription(type=kind, sdp="v=0\r\n")}


REFUSED = {
    "a client-set from": (lambda a, b: envelope(a, b, **{"from": a.peer_id}), "INVALID_FIELD", "from"),
    "another's from": (lambda a, b: envelope(a, b, **{"from": b.peer_id}), "INVALID_FIELD", "from"),
    "an unknown peer": (lambda a, b: envelope(a, b, to=UNKNOWN), "PEER_NOT_FOUND", None),
    "an unknown peer, directly": (lambda a, b: envelope(a, b, room="", to=UNKNOWN), "PEER_NOT_FOUND", None),
    "to oneself": (lambda a, b: envelope(a, b, to=a.peer_id), "INVALID_FIELD", "to"),
    "without a recipient": (lambda a, b: envelope(a, b, room="", to=""), "INVALID_FIELD", None),
    "a receipt from everybody": (lambda a, b: envelope(a, b, to="", receipt=True), "INVALID_FIELD", "receipt"),
    "a room not joined": (lambda a, b: envelope(a, b, room=a.room + "-other"), "NOT_JOINED", None),
    "no payload": (lambda a, b: envelope(a, b, payload={}), "INVALID_FIELD", "payload"),
    "no content": (lambda a, b: envelope(a, b, message=envelope_pb2.AppData()), "INVALID_FIELD", None),
    "a bad SDP type": (lambda a, b: envelope(a, b, payload=description("maybe")), "INVALID_FIELD", None),
    "an empty SDP type": (lambda a, b: envelope(a, b, payload=description("")), "INVALID_FIELD", None),
    "a frame over 64 KiB": (lambda a, b: envelope(a, b, payload={"sealed": bytes(65_536)}), "FRAME_TOO_LARGE", None),
    "no body": (lambda a, b: {}, "UNKNOWN_FRAME", None),
    "an empty room name": (lambda a, b: {"join": frame_pb2.Join()}, "INVALID_FIELD", "room"),
    "a long room name": (lambda a, b: {"join": frame_pb2.Join(room="x" * 129)}, "INVALID_FIELD", "room"),
    "a room name of many bytes": (lambda a, b: {"join": frame_pb2.Join(room="€" * 43)}, "INVALID_FIELD", "room"),
    "a tab in a room name": (lambda a, b: {"join": frame_pb2.Join(room="a\tb")}, "INVALID_FIELD", "room"),
    "a NUL in a room name": (lambda a, b: {"join": frame_pb2.Join(room="a\0b")}, "INVALID_FIELD", "room"),
    "a C1 control in a room name": (lambda a, b: {"join": frame_pb2.Join(room="a\x85b")}, "INVALID_FIELD", "room"),
    "a long display name": (
        lambda a, b: {"join": frame_pb2.Join(room="long-name", display_name="x" * 129)},
        "INVALID_FIELD",
        "display_name",
    ),
    "metadata over 4 KiB": (
        lambda a, b: {"join": frame_pb2.Join(room="much-metadata", metadata={"k": "v" * 4096})},
        "INVALID_FIELD",
        "metadata",
    ),
    "leaving a room not joined": (lambda a, b: {"leave": frame_pb2.Leave(room="elsewhere")}, "NOT_JOINED", None),
    "ending a room not joined": (lambda a, b: {"end_room": frame_pb2.EndRoom(room="elsewhere")}, "NOT_JOINED", None),
    "removing an unknown peer": (
        lambda a, b: {"remove_member": frame_pb2.RemoveMember(room=a.room, peer_id=UNKNOWN)},
        "PEER_NOT_FOUND",
        None,
    ),
}


@pytest.mark.parametrize("resumable", [False, True], ids=["live", "resumable"])
@pytest.mark.parametrize("make, reason, field", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_and_the_stream_stays_open(pair, make, reason, field, resumable):
    ada, bob = pair(resumable=resumable)
    error = ada.error(ada.say(**make(ada, bob)), reason)
    if field:
        assert error.metadata["field"].split(".")[-1] == field, error
    # The next frame that each receives is the other one's next envelope.
    ada.text(bob, "after")
    assert bob.expect("envelope").envelope.message.text == "after"
    bob.text(ada, "back")
    assert ada.expect("envelope").envelope.message.text == "back"


@pytest.mark.parametrize("resumable", [False, True], ids=["live", "resumable"])
def test_only_a_frame_with_an_unknown_body_is_refused(pair, resumable):
    ada, bob = pair(resumable=resumable)
    seq = ada.say()  # Consumes a number; the next frame has the next one.
    ada.error(seq, "UNKNOWN_FRAME")
    seq = next(ada.numbers)
    # Field 150, a message, after the seq.
    future = frame_pb2.ClientFrame.FromString(frame_pb2.ClientFrame(seq=seq).SerializeToString() + b"\xb2\x09\x00")
    ada.write(future)
    ada.error(seq, "UNKNOWN_FRAME")
    ada.text(bob, "after")
    assert bob.expect("envelope").envelope.message.text == "after"


def test_only_the_owner_may_end_and_remove(pair):
    ada, bob = pair()
    bob.error(bob.say(end_room=frame_pb2.EndRoom(room=bob.room)), "FORBIDDEN")
    bob.error(bob.say(remove_member=frame_pb2.RemoveMember(room=bob.room, peer_id=ada.peer_id)), "FORBIDDEN")
    seq = ada.say(remove_member=frame_pb2.RemoveMember(room=ada.room, peer_id=bob.peer_id, ban=True))
    left = bob.expect("left").left
    assert (left.room, left.reason) == (ada.room, "BANNED")
    assert ada.until("done").reply_to == seq
    bob.error(bob.say(join=frame_pb2.Join(room=bob.room)), "BANNED")


def test_a_full_room_refuses_joins(connect, room):
    ada, bob = connect("Ada"), connect("Bob")
    ada.say(create_room=frame_pb2.CreateRoom(room=room, max_members=1))
    assert ada.expect("joined").joined.created
    bob.error(bob.say(join=frame_pb2.Join(room=room)), "ROOM_FULL")
    bob.error(bob.say(create_room=frame_pb2.CreateRoom(room=room)), "ROOM_EXISTS")


FATAL = {
    "a second hello": [frame_pb2.ClientFrame(hello=frame_pb2.Hello())],
    "a gap": [frame_pb2.ClientFrame(seq=99, join=frame_pb2.Join(room="gap"))],
    "no number": [frame_pb2.ClientFrame(join=frame_pb2.Join(room="gap"))],
}


@pytest.mark.parametrize("frames", FATAL.values(), ids=FATAL.keys())
def test_a_violation_of_the_protocol_ends_the_stream(pair, frames):
    ada, bob = pair(resumable=True)
    for frame in frames:
        ada.write(frame)
    frame = ada.expect("error")
    assert (frame.seq, frame.error.fatal) == (0, True)
    assert frame.error.reason in ("PROTOCOL", "SEQ_GAP"), frame
    with pytest.raises(grpc.RpcError) as ended:
        ada.next()
    assert ended.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert reason(ended.value) == frame.error.reason
    bob.text("", "to all others")


def test_bytes_that_are_not_a_frame_end_only_their_senders_stream(server, pair):
    ada, bob = pair()
    with server.channel() as channel:
        call = channel.stream_stream("/wigwag.v1.SignalingService/Signal")(iter([b"\x0a\xff"]))
        with pytest.raises(grpc.RpcError) as ended:
            list(call)
    assert (ended.value.code(), reason(ended.value)) == (grpc.StatusCode.INVALID_ARGUMENT, "PROTOCOL")
    ada.text(bob, "unimpressed")
    assert bob.expect("envelope").envelope.message.text == "unimpressed"


def test_an_unknown_room_has_error_info(channel):
    rooms = room_service_pb2_grpc.RoomServiceStub(channel)
    with pytest.raises(grpc.RpcError) as refused:
        rooms.GetRoom(room_service_pb2.GetRoomRequest(room="nowhere"))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    assert reason(refused.value) == "ROOM_NOT_FOUND"


def reason(error):
    """Returns the reason in the details of a status."""
    status = rpc_status.from_call(error)
    assert status is not None, f"no details: {error}"
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            assert info.domain == "wigwag"
            return info.reason
    raise AssertionError(f"no ErrorInfo: {status}")
