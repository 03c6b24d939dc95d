"""A peer: one `Signal` stream, driven frame by frame."""

import itertools
import queue
import threading
import time

import grpc
from wigwag.v1 import envelope_pb2, frame_pb2, signaling_service_pb2_grpc

PATIENCE = 15.0
"""Seconds after which something that should have come will not come any more."""

PRESENCE = {"room_updated", "member_joined", "member_updated", "member_left", "roster"}


class Peer:
    """A session over one stream.

    Not resumable unless asked: frames then need no numbers, and those given are only echoed. A resumable peer numbers
    its frames and acknowledges what it has read.
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

    # Saying

    def say(self, **body):
        """Sends a frame with the next number, and gives the number back."""
        seq = next(self.numbers)
        self.write(frame_pb2.ClientFrame(seq=seq, ack=self.read, **body))
        return seq

    def write(self, frame):
        """Sends a frame as it is."""
        self._acknowledged = frame.ack or self._acknowledged
        self._up.put(frame)

    def send(self, to, room=None, **payload):
        """Sends an envelope; `room` is the one joined last unless given, `to` a peer, a peer id or "" for all."""
        to = to.peer_id if isinstance(to, Peer) else to
        return self.say(envelope=envelope_pb2.Envelope(room=self.room if room is None else room, to=to, **payload))

    def text(self, to, text, **fields):
        return self.send(to, message=envelope_pb2.AppData(text=text), **fields)

    def half_close(self):
        self._up.put(None)

    # Hearing

    def next(self, patience=PATIENCE):
        """The next frame that is more than a heartbeat or an acknowledgment."""
        until = time.monotonic() + patience
        while True:
            try:
                frame = self._down.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing came for {patience} s") from None
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

    def expect(self, kind, patience=PATIENCE):
        """The next frame, which must be of this kind."""
        frame = self.next(patience)
        assert frame.WhichOneof("body") == kind, f"{kind} was due, not: {frame}"
        return frame

    def until(self, kind, patience=PATIENCE):
        """The next frame of this kind; presence may come before it."""
        deadline = time.monotonic() + patience
        while True:
            frame = self.next(max(0.0, deadline - time.monotonic()))
            if frame.WhichOneof("body") == kind:
                return frame
            assert frame.WhichOneof("body") in PRESENCE, f"{kind} was due, not: {frame}"

    def error(self, seq, reason):
        """The next frame, which must say that this one was refused."""
        frame = self.expect("error")
        assert (frame.error.reason, frame.reply_to, frame.error.fatal) == (reason, seq, False), frame
        assert frame.error.message, "an error says what to do"
        return frame.error

    def end(self, patience=PATIENCE):
        """Reads to the end of the stream; its status code."""
        until = time.monotonic() + patience
        while True:
            try:
                frame = self._down.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"the stream did not end in {patience} s") from None
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
