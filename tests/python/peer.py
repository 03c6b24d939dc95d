"""A peer: one `Signal` stream, driven frame by frame."""

import itertools
import queue
import threading
import time

import grpc
from wigwag.v1 import envelope_pb2, frame_pb2, signaling_service_pb2_grpc

TIMEOUT = 15.0
"""Seconds to wait for a frame."""

PRESENCE = {"room_updated", "member_joined", "member_updated", "member_left", "roster"}


class Peer:
    """A session over one stream.

    Not resumable by default: the numbers of its frames are then optional and only echoed. A resumable peer numbers its
    frames and acknowledges what it has read.
    """

    def __init__(self, channel, resumable=False, **hello):
        self.resumable = resumable
        self.room = None
        self.numbers = itertools.count(1)
        self.read = 0
        self._acknowledged = 0
        self._up = queue.SimpleQueue()
        self._down = queue.SimpleQueue()
        self.call = signaling_service_pb2_grpc.SignalingServiceStub(channel).Signal(iter(self._up.get, None))
        threading.Thread(target=self._pump, daemon=True).start()
        self._up.put(frame_pb2.ClientFrame(hello=frame_pb2.Hello(resumable=resumable, client="interop", **hello)))
        self.welcome = self.expect("welcome").welcome
        self.peer_id = self.welcome.peer_id

    def _pump(self):
        try:
            for frame in self.call:
                self._down.put(frame)
            self._down.put(None)
        except grpc.RpcError as error:
            self._down.put(error)

    # Sending

    def say(self, **body):
        """Sends a frame with the next number and returns the number."""
        seq = next(self.numbers)
        self.write(frame_pb2.ClientFrame(seq=seq, ack=self.read, **body))
        return seq

    def write(self, frame):
        """Sends a frame unchanged."""
        self._acknowledged = frame.ack or self._acknowledged
        self._up.put(frame)

    def send(self, to, room=None, **payload):
        """Sends an envelope. `room` defaults to the one joined last; `to` is a peer, a peer id, or "" for all."""
        to = to.peer_id if isinstance(to, Peer) else to
        return self.say(envelope=envelope_pb2.Envelope(room=self.room if room is None else room, to=to, **payload))

    def text(self, to, text, **fields):
        return self.send(to, message=envelope_pb2.AppData(text=text), **fields)

    def half_close(self):
        self._up.put(None)

    # Receiving

    def next(self, timeout=TIMEOUT):
        """Returns the next frame other than heartbeats and bare acks."""
        until = time.monotonic() + timeout
        while True:
            try:
                frame = self._down.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no frame within {timeout} s") from None
            if frame is None:
                raise AssertionError("the stream ended")
            if isinstance(frame, grpc.RpcError):
                raise frame
            if self.resumable and frame.seq:
                assert frame.seq == self.read + 1, "server frames are numbered without a gap"
                self.read = frame.seq
                if self.read - self._acknowledged >= 32:
                    self.write(frame_pb2.ClientFrame(ack=self.read))
            match frame.WhichOneof("body"):
                case None:
                    continue
                case "ping":
                    self.write(frame_pb2.ClientFrame(pong=frame_pb2.Pong()))
                case _:
                    return frame

    def expect(self, kind, timeout=TIMEOUT):
        """Returns the next frame, which must be of this kind."""
        frame = self.next(timeout)
        assert frame.WhichOneof("body") == kind, f"expected {kind}, got: {frame}"
        return frame

    def until(self, kind, timeout=TIMEOUT):
        """Returns the next frame of this kind; presence may precede it."""
        deadline = time.monotonic() + timeout
        while True:
            frame = self.next(max(0.0, deadline - time.monotonic()))
            if frame.WhichOneof("body") == kind:
                return frame
            assert frame.WhichOneof("body") in PRESENCE, f"expected {kind}, got: {frame}"

    def error(self, seq, reason):
        """Returns the next frame, which must be the error for this one."""
        frame = self.expect("error")
        assert (frame.error.reason, frame.reply_to, frame.error.fatal) == (reason, seq, False), frame
        assert frame.error.message, "an error has a message"
        return frame.error

    def end(self, timeout=TIMEOUT):
        """Reads to the end of the stream and returns its status code."""
        until = time.monotonic() + timeout
        while True:
            try:
                frame = self._down.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the stream did not end within {timeout} s") from None
            if frame is None:
                return grpc.StatusCode.OK
            if isinstance(frame, grpc.RpcError):
                return frame.code()

    # Rooms

    def join(self, room, **fields):
        self.room = room
        seq = self.say(join=frame_pb2.Join(room=room, **fields))
        frame = self.until("joined")
        assert frame.reply_to == seq
        return frame.joined

    def bye(self):
        self.say(bye=frame_pb2.Bye())
        assert self.end() == grpc.StatusCode.OK
