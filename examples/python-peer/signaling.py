"""A session with a Wigwag server: one `Signal` stream, used through the generated code."""

import asyncio
import itertools

import grpc
from wigwag.v1 import envelope_pb2, frame_pb2, signaling_service_pb2_grpc


class Refused(Exception):
    """The server refused a request; `reason` is the name of an ErrorReason."""

    def __init__(self, error):
        super().__init__(f"{error.reason}: {error.message}")
        self.reason = error.reason


class Session:
    """Created by `open`. Not resumable: it ends with its stream.

    A resumable session survives lost connections: its client numbers its frames, acknowledges those of the server, and
    after a reconnect resends those that the server has not acknowledged.
    """

    def __init__(self, call, welcome):
        self._call = call
        # A gRPC call allows one pending write, and several connections write to it.
        self._writing = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._room = ""
        self._closing = False
        self.peer_id = welcome.peer_id
        self.ice_servers = list(welcome.ice_servers)

    @classmethod
    async def open(cls, channel, display_name):
        call = signaling_service_pb2_grpc.SignalingServiceStub(channel).Signal()
        await call.write(frame_pb2.ClientFrame(hello=frame_pb2.Hello(display_name=display_name, client="python-peer")))
        while (frame := await call.read()) is not grpc.aio.EOF:
            match frame.WhichOneof("body"):
                case "welcome":
                    return cls(call, frame.welcome)
                case "error":
                    raise Refused(frame.error)
        raise ConnectionError("the server ended the stream before the first frame")

    async def join(self, room):
        """Joins a room and returns its other members in the order in which they joined."""
        number = await self._request(join=frame_pb2.Join(room=room))
        async for frame in self.frames():
            if frame.reply_to != number:
                continue
            if frame.WhichOneof("body") == "error":
                raise Refused(frame.error)
            self._room = room
            return list(frame.joined.members)
        return []

    async def describe(self, to, kind, sdp):
        """Sends a session description to a member of the room."""
        await self._send(to, description=envelope_pb2.SessionDescription(type=kind, sdp=sdp))

    async def _send(self, to, **payload):
        await self._request(envelope=envelope_pb2.Envelope(room=self._room, to=to, **payload))

    async def _request(self, **body):
        # The answer carries this number in `reply_to`.
        number = next(self._numbers)
        await self._write(frame_pb2.ClientFrame(seq=number, **body))
        return number

    async def _write(self, frame):
        async with self._writing:
            await self._call.write(frame)

    async def frames(self):
        """Yields the server's frames until this session is closed. Answers heartbeats itself."""
        while (frame := await self._call.read()) is not grpc.aio.EOF:
            if frame.WhichOneof("body") == "ping":
                await self._write(frame_pb2.ClientFrame(pong=frame_pb2.Pong()))
            else:
                yield frame
        if not self._closing:
            raise ConnectionError("the server ended the stream")

    async def close(self):
        """Sends `bye`; the server then ends the stream, which ends `frames`."""
        self._closing = True
        try:
            await self._request(bye=frame_pb2.Bye())
        except asyncio.InvalidStateError:
            # The stream has already ended.
            pass
