"""RoomService: rooms and members for backends and tools."""

import queue
import threading

import grpc
import pytest
from test_errors import reason
from wigwag.v1 import envelope_pb2, frame_pb2, room_pb2, room_service_pb2 as api, room_service_pb2_grpc

from peer import TIMEOUT


@pytest.fixture
def rooms(channel):
    return room_service_pb2_grpc.RoomServiceStub(channel)


def refused(code, why):
    """Like `pytest.raises`, but also checks code and reason."""

    class Refused:
        def __enter__(self):
            self.raised = pytest.raises(grpc.RpcError)
            self.error = self.raised.__enter__()

        def __exit__(self, *details):
            assert self.raised.__exit__(*details)
            assert (self.error.value.code(), reason(self.error.value)) == (code, why)
            return True

    return Refused()


def test_a_room_is_created_described_changed_and_ended(rooms, room, connect):
    created = rooms.CreateRoom(
        api.CreateRoomRequest(room=room, display_name="Stand-up", max_members=3, metadata={"a": "1", "b": "2"})
    ).room_info
    assert (created.room, created.display_name, created.max_members, created.member_count) == (room, "Stand-up", 3, 0)
    assert (created.owner, dict(created.metadata), created.version) == ("", {"a": "1", "b": "2"}, 1)
    assert created.empty_timeout_ms == 300_000
    with refused(grpc.StatusCode.ALREADY_EXISTS, "ROOM_EXISTS"):
        rooms.CreateRoom(api.CreateRoomRequest(room=room))

    ada = connect("Ada")
    assert not ada.join(room).created
    info = rooms.GetRoom(api.GetRoomRequest(room=room)).room_info
    assert (info.member_count, info.owner) == (1, ada.peer_id)
    assert info.version > created.version

    changed = rooms.UpdateRoom(
        api.UpdateRoomRequest(room=room, display_name="Retro", max_members=2, metadata={"a": "", "c": "3"})
    ).room_info
    assert (changed.display_name, changed.max_members, dict(changed.metadata)) == ("Retro", 2, {"b": "2", "c": "3"})
    told = ada.expect("room_updated").room_updated
    assert (told.room, told.version, told.room_info.display_name) == (room, changed.version, "Retro")

    rooms.EndRoom(api.EndRoomRequest(room=room))
    left = ada.expect("left").left
    assert (left.room, left.reason) == (room, "ENDED")
    for call, request in [
        (rooms.GetRoom, api.GetRoomRequest(room=room)),
        (rooms.UpdateRoom, api.UpdateRoomRequest(room=room)),
        (rooms.EndRoom, api.EndRoomRequest(room=room)),
        (rooms.ListMembers, api.ListMembersRequest(room=room)),
        (rooms.GetMember, api.GetMemberRequest(room=room, peer_id=ada.peer_id)),
        (rooms.RemoveMember, api.RemoveMemberRequest(room=room, peer_id=ada.peer_id)),
    ]:
        with refused(grpc.StatusCode.NOT_FOUND, "ROOM_NOT_FOUND"):
            call(request)


def test_a_room_without_a_name_gets_one_that_cannot_be_guessed(rooms):
    names = {rooms.CreateRoom(api.CreateRoomRequest()).room_info.room for _ in range(3)}
    assert len(names) == 3
    assert all(len(name) >= 16 for name in names), names


def test_creating_again_with_the_same_request_id_gives_the_same_answer(rooms, room):
    request = api.CreateRoomRequest(room=room, request_id=f"create {room}")
    assert rooms.CreateRoom(request) == rooms.CreateRoom(request)


@pytest.mark.parametrize("name", ["a\nb", "x" * 129])
def test_a_bad_name_is_refused(rooms, name):
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"):
        rooms.CreateRoom(api.CreateRoomRequest(room=name))


def test_rooms_are_listed_in_pages_by_name(start_server):
    with start_server().channel() as channel:
        rooms = room_service_pb2_grpc.RoomServiceStub(channel)
        # Byte order: capitals, then small letters, then non-ASCII characters.
        names = [f"Room {number}" for number in range(7)] + ["room", "züri"]
        for name in reversed(names):
            rooms.CreateRoom(api.CreateRoomRequest(room=name))
        listed, pages, token = [], 0, ""
        while True:
            page = rooms.ListRooms(api.ListRoomsRequest(page_size=4, page_token=token))
            listed += [info.room for info in page.rooms]
            pages += 1
            token = page.next_page_token
            if not token:
                break
        assert (listed, pages) == (names, 3)
        assert len(rooms.ListRooms(api.ListRoomsRequest()).rooms) == 9


def test_members_are_listed_in_pages_in_the_order_in_which_they_joined(rooms, room, connect):
    peers = [connect(name, user_id=f"user {name}") for name in ("Ada", "Bob", "Cyd")]
    for peer in peers:
        peer.join(room)
    first = rooms.ListMembers(api.ListMembersRequest(room=room, page_size=2))
    second = rooms.ListMembers(api.ListMembersRequest(room=room, page_size=2, page_token=first.next_page_token))
    assert (len(first.members), len(second.members), second.next_page_token) == (2, 1, "")
    members = [*first.members, *second.members]
    assert [member.peer_id for member in members] == [peer.peer_id for peer in peers]
    assert [member.display_name for member in members] == ["Ada", "Bob", "Cyd"]
    roles = [room_pb2.Member.ROLE_OWNER, room_pb2.Member.ROLE_MEMBER, room_pb2.Member.ROLE_MEMBER]
    assert [member.role for member in members] == roles
    bob = rooms.GetMember(api.GetMemberRequest(room=room, peer_id=peers[1].peer_id)).member
    assert (bob, bob.user_id) == (members[1], "user Bob")
    with refused(grpc.StatusCode.NOT_FOUND, "PEER_NOT_FOUND"):
        rooms.GetMember(api.GetMemberRequest(room=room, peer_id="nobody"))


@pytest.mark.parametrize("ban, why", [(False, "REMOVED"), (True, "BANNED")])
def test_a_member_is_removed(rooms, pair, ban, why):
    ada, bob = pair()
    rooms.RemoveMember(api.RemoveMemberRequest(room=ada.room, peer_id=bob.peer_id, ban=ban))
    assert bob.expect("left").left.reason == why
    gone = ada.expect("member_left").member_left
    assert (gone.peer_id, gone.reason) == (bob.peer_id, why)
    seq = bob.say(join=frame_pb2.Join(room=bob.room))
    if ban:
        bob.error(seq, "BANNED")
    else:
        assert bob.expect("joined").reply_to == seq
    with refused(grpc.StatusCode.NOT_FOUND, "PEER_NOT_FOUND"):
        rooms.RemoveMember(api.RemoveMemberRequest(room=ada.room, peer_id="nobody"))


def test_a_backend_sends_to_a_member_or_to_all_and_once_only(rooms, pair):
    ada, bob = pair()

    def send(request_id="", **fields):
        fields = {"room": ada.room, "message": envelope_pb2.AppData(text="from the backend"), **fields}
        return rooms.SendToRoom(api.SendToRoomRequest(envelope=envelope_pb2.Envelope(**fields), request_id=request_id))

    first, again = send(f"all {ada.room}"), send(f"all {ada.room}")
    assert (first, first.accepted, list(first.undeliverable)) == (again, 2, [])
    assert send(to=bob.peer_id).accepted == 1
    for peer in (ada, bob):
        envelope = peer.expect("envelope").envelope
        assert (envelope.room, getattr(envelope, "from"), envelope.message.text) == (ada.room, "", "from the backend")
    assert bob.expect("envelope").envelope.to == bob.peer_id
    # No envelope arrived twice: the next frame is the next envelope sent.
    for sender, receiver in [(ada, bob), (bob, ada)]:
        sender.text(receiver, "next")
        assert receiver.expect("envelope").envelope.message.text == "next"

    for fields, code, why in [
        ({"to": "nobody"}, grpc.StatusCode.NOT_FOUND, "PEER_NOT_FOUND"),
        ({"room": ada.room + "-other"}, grpc.StatusCode.NOT_FOUND, "ROOM_NOT_FOUND"),
        ({"from": ada.peer_id}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        ({"receipt": True, "to": bob.peer_id}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        ({"message": None}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        ({"room": ""}, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    ]:
        with refused(code, why):
            send(**fields)


class Watch:
    """A `WatchRooms` stream without heartbeats."""

    def __init__(self, rooms, room=""):
        self.call = rooms.WatchRooms(api.WatchRoomsRequest(room=room))
        self.events = queue.SimpleQueue()
        threading.Thread(target=self._pump, daemon=True).start()

    def _pump(self):
        try:
            for event in self.call:
                if event.WhichOneof("event") != "ping":
                    self.events.put(event)
        except grpc.RpcError as error:
            self.events.put(error)

    def expect(self, kind):
        event = self.events.get(timeout=TIMEOUT)
        assert not isinstance(event, grpc.RpcError), event
        assert event.WhichOneof("event") == kind, f"expected {kind}, got: {event}"
        return getattr(event, kind)


def test_a_watcher_gets_a_snapshot_and_then_every_change_in_order(start_server, connect):
    server = start_server()
    ada = connect("Ada", server=server)
    ada.join("first")
    with server.channel() as channel:
        rooms = room_service_pb2_grpc.RoomServiceStub(channel)
        rooms.CreateRoom(api.CreateRoomRequest(room="empty"))
        watch, narrow = Watch(rooms), Watch(rooms, room="second")
        there = {}
        for _ in range(2):
            snapshot = watch.expect("snapshot")
            there[snapshot.room_info.room] = [member.peer_id for member in snapshot.members]
        assert there == {"first": [ada.peer_id], "empty": []}
        watch.expect("synced")
        narrow.expect("synced")

        bob = connect("Bob", server=server)
        bob.join("second")
        ada.join("second")
        bob.say(update_member=frame_pb2.UpdateMember(room="second", display_name="Robert"))
        bob.until("done")
        rooms.UpdateRoom(api.UpdateRoomRequest(room="second", display_name="The second"))
        ada.say(leave=frame_pb2.Leave(room="second"))
        ada.until("left")
        rooms.EndRoom(api.EndRoomRequest(room="second"))
        rooms.EndRoom(api.EndRoomRequest(room="empty"))

        for watcher in (watch, narrow):
            created = watcher.expect("room_created").room_info
            assert created.room == "second"
            versions = [created.version]
            for kind, peer in [
                ("member_joined", bob),
                ("member_joined", ada),
                ("member_updated", bob),
                ("room_updated", None),
                ("member_left", ada),
            ]:
                event = watcher.expect(kind)
                assert event.room == "second"
                versions.append(event.version)
                if kind == "member_left":
                    assert (event.peer_id, event.reason) == (peer.peer_id, "LEFT")
                elif peer:
                    assert event.member.peer_id == peer.peer_id
            assert versions == sorted(versions)
            # The end of a room implies that all members have left.
            ended = watcher.expect("room_ended")
            assert (ended.room, ended.reason) == ("second", "ENDED")
        assert watch.expect("room_ended").room == "empty"
        watch.call.cancel()
        narrow.call.cancel()
