"""A Python peer without an SDK: gRPC with the code generated from proto/, WebRTC with aiortc.

It joins a room, opens a data channel with every other member and echoes each message:

    run.sh ROOM

or sends a text to the first member, prints the answer and leaves:

    run.sh ROOM --say "are you there?"

Start a server with `cargo run` in the root of the repository. `WIGWAG_ADDRESS` is the server, by default `127.0.0.1:8080`.

`signaling.py` is the session with Wigwag, `connection.py` one WebRTC connection, this file the application.
"""

import argparse
import asyncio
import os
import signal
import sys

import grpc

from connection import BUFFERED, Connection
from signaling import Refused, Session


def echo(name, channel):
    """Echoes every message of a channel."""

    @channel.on("message")
    def on_message(message):
        if channel.bufferedAmount > BUFFERED:
            print(f"{name} does not read: {BUFFERED} bytes are buffered, the channel is closed")
            channel.close()
        elif channel.readyState == "open":
            channel.send(message)


def ask(text, answered):
    """Sends a text on each channel; the first answer becomes the result of `answered`."""

    def on_channel(name, channel):
        @channel.on("message")
        def on_message(message):
            if not answered.done():
                answered.set_result(f"{name} answers {message!r}")

        channel.send(text)

    return on_channel


async def serve(session, room, on_channel):
    """Keeps a connection with every other member until the session is closed or this peer is removed."""
    connections = {}
    try:
        # The peer that finds the other one already in the room makes the first offer.
        for member in await session.join(room):
            connections[member.peer_id] = Connection.start(session, member, on_channel, offers=True)
        print(f"joined {room!r} as {session.peer_id}")
        async for frame in session.frames():
            match frame.WhichOneof("body"):
                case "member_joined":
                    member = frame.member_joined.member
                    connections[member.peer_id] = Connection.start(session, member, on_channel, offers=False)
                case "member_left":
                    if connection := connections.pop(frame.member_left.peer_id, None):
                        await connection.close()
                case "envelope":
                    # `from` is a keyword in Python.
                    if connection := connections.get(getattr(frame.envelope, "from")):
                        connection.receive(frame.envelope)
                case "receipt":
                    print(f"{frame.receipt.peer_id} was not reached: {frame.receipt.reason}")
                case "error":
                    print(f"refused: {frame.error.reason}: {frame.error.message}")
                case "left":
                    print(f"no longer a member: {frame.left.reason}")
                    return
    finally:
        for connection in connections.values():
            await connection.close()


async def run(room, text):
    address = os.environ.get("WIGWAG_ADDRESS", "127.0.0.1:8080")
    async with grpc.aio.insecure_channel(address) as channel:
        session = await Session.open(channel, "Python")
        loop = asyncio.get_running_loop()
        answered, stop = loop.create_future(), asyncio.Event()
        answered.add_done_callback(lambda _: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        serving = asyncio.create_task(serve(session, room, echo if text is None else ask(text, answered)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            await session.close()
        stopping.cancel()
        await serving
        if answered.done():
            print(answered.result())


def main():
    arguments = argparse.ArgumentParser(description="A Wigwag peer in Python, without an SDK")
    arguments.add_argument("room", nargs="?", default="python", help="the room to join (default: python)")
    arguments.add_argument("--say", metavar="TEXT", help="send TEXT to the first member, print the answer and leave")
    chosen = arguments.parse_args()
    try:
        asyncio.run(run(chosen.room, chosen.say))
    except grpc.aio.AioRpcError as error:
        sys.exit(f"python-peer: {error.code().name}: {error.details()}")
    except (Refused, ConnectionError) as error:
        sys.exit(f"python-peer: {error}")


if __name__ == "__main__":
    main()
