"""The fullest room that the limits allow, read by gRPC's default client: it refuses messages over 4 MiB."""

import itertools
import time

import pytest
from wigwag.v1 import frame_pb2, room_service_pb2 as api, room_service_pb2_grpc
from wigwag.v1 import signaling_service_pb2 as signaling, signaling_service_pb2_grpc

from peer import Peer, TIMEOUT

MEMBERS = 1_000
"""As many as the default limit allows, with the peer that joins last."""
NAME = "n" * 128
USER = "u" * 128
LARGE = {"k": "x" * 4_095}
"""4,096 bytes, the limit."""
MANY = {f"{n:02x}": "x" for n in range(256)} | {f"{n:03x}": "x" for n in range(256, 1_088)}
"""4,096 bytes in so many pairs that they take almost three times as much in protobuf."""
FEWER = 400
"""Enough of those to exceed 4 MiB."""
PART = 256 * 1024
STOCK = 4 * 1024 * 1024


def fill(channel, room, members, metadata):
    """Lets all members but one join. Each is away when the next one comes."""
    stub = signaling_service_pb2_grpc.SignalingServiceStub(channel)
    hello = frame_pb2.Hello(display_name=NAME, user_id=USER, metadata=metadata, resumable=True, grace_ms=600_000)
    for _ in range(members - 1):
        # The answer to the join is not read: it would be the whole room each time.
        down = stub.Listen(signaling.ListenRequest(hello=hello))
        welcome = next(down).welcome
        join = frame_pb2.ClientFrame(seq=1, join=frame_pb2.Join(room=room))
        pushed = stub.Push(
            signaling.PushRequest(session_token=welcome.session_token, epoch=welcome.epoch, frames=[join])
        )
        assert pushed.ack == 1
        down.cancel()


@pytest.fixture(scope="module", params=[(MEMBERS, LARGE), (FEWER, MANY)], ids=["one large value", "many small pairs"])
def full(server, request):
    members, metadata = request.param
    assert sum(len(key) + len(value) for key, value in metadata.items()) == 4_096
    room = f"full-{members}"
    with server.channel() as channel:
        fill(channel, room, members, metadata)
        yield room, members, metadata


def members_of(peer, frame, others, parts):
    """Returns the members in a frame and those that follow it, each once, with their metadata."""
    body = getattr(frame, frame.WhichOneof("body"))
    version, members, more = body.version, {member.peer_id: member for member in body.members}, body.more
    assert len(members) == len(body.members)
    sizes = [frame.ByteSize()]
    while more or len(members) < others or not all(member.metadata for member in members.values()):
        frame = peer.next()
        kind = frame.WhichOneof("body")
        body = getattr(frame, kind)
        assert body.version == version, kind
        sizes.append(frame.ByteSize())
        if kind == "roster":
            assert parts
            assert not members.keys() & {member.peer_id for member in body.members}
            members.update({member.peer_id: member for member in body.members})
            more = body.more
        else:
            assert not parts
            # Those that did not fit, or their metadata.
            assert (kind == "member_joined") == (body.member.peer_id not in members), kind
            members[body.member.peer_id] = body.member
    assert not parts or (max(sizes) <= PART and len(sizes) > 16)
    assert max(sizes) < STOCK
    return members


@pytest.mark.parametrize("parts", [False, True], ids=["stock", "in parts"])
def test_the_fullest_room_is_joined_resumed_and_listed(full, server, parts):
    full, members, metadata = full
    others = members - 1
    features = ["roster_parts"] if parts else []
    with server.channel() as channel:
        peer = Peer(channel, resumable=True, features=features, display_name=NAME, user_id=USER, metadata=metadata)
        seq = peer.say(join=frame_pb2.Join(room=full))
        frame = peer.next(60)
        assert (frame.WhichOneof("body"), frame.reply_to) == ("joined", seq)
        found = members_of(peer, frame, others, parts)
        assert len(found) == others
        assert all(dict(member.metadata) == metadata for member in found.values())
        # Nothing is known of the room, as in a client that lost its memory of it.
        peer.call.cancel()
        resume = frame_pb2.Resume(session_token=peer.welcome.session_token, epoch=peer.welcome.epoch, last_seq=peer.read)
        again = Peer(channel, resumable=True, features=features, resume=resume)
        again.read, again.numbers = peer.read, itertools.count(seq + 1)
        assert again.peer_id == peer.peer_id
        frame = again.until("roster", 60)
        assert members_of(again, frame, others, parts).keys() == found.keys()

        rooms = room_service_pb2_grpc.RoomServiceStub(channel)
        listed, token, until = [], "", time.monotonic() + TIMEOUT
        while len(listed) == 0 or token:
            page = rooms.ListMembers(api.ListMembersRequest(room=full, page_size=1_000, page_token=token))
            assert page.members and time.monotonic() < until
            listed += [member.peer_id for member in page.members]
            token = page.next_page_token
        assert len(listed) == len(set(listed)) == members
        watched = {}
        for event in rooms.WatchRooms(api.WatchRoomsRequest(room=full, features=features)):
            match event.WhichOneof("event"):
                case "snapshot":
                    watched.update({member.peer_id: member for member in event.snapshot.members})
                case "member_joined":
                    assert event.member_joined.member.peer_id not in watched
                    watched[event.member_joined.member.peer_id] = event.member_joined.member
                case "synced":
                    break
        assert len(watched) == members
        again.bye()
