"""Opens many connections that say nothing, or very little, and watches what others notice.

    python3 silent_sockets.py [--server BINARY] [--sockets 10000] [--seconds 14]

Starts two servers with TLS. One gets the silent connections: plain sockets, sockets that send a byte a second, TLS
handshakes that stop half-way, and requests over TLS that arrive byte by byte. Clients join a room on both meanwhile, each
over a new connection. Then a server with 200 file descriptors gets 1,000 connections.

Prints when the silent connections were gone, how long the joins took beside those of the undisturbed server, and what the
server without descriptors did. Exits with 1 if a bound is exceeded.
"""

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import os
import resource
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import time

GONE_WITHIN = 10.0
JOIN_WITHIN = 0.25
# For the clock ticks of both sides.
TOLERANCE = 0.5
RESUMES_WITHIN = 2.0
DESCRIPTORS = 200


class Server:
    """A server process with TLS on a free port."""

    def __init__(self, binary, descriptors=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        self.process = subprocess.Popen(
            [binary, "--listen", f"127.0.0.1:{self.port}", "--tls-self-signed", "--set", "log.level=error"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=limit,
        )
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the server does not start") from None
                time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def context():
    # Shared: a context that reads the certificates of this machine takes longer than a join.
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return tls


TLS = context()


def client_hello():
    """Returns the first bytes of a TLS handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = TLS.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        handshake.do_handshake()
    return outgoing.read()


async def join(port):
    """Joins a room over a new connection. Returns the seconds until the answer."""
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=TLS)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /v1/signal HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Protocol: wigwag.v1.json\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        text = json.dumps({"seq": 1, "join": {"room": "demo"}}).encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
        writer.write(bytes([0x81, 0x80 | len(text)]) + mask + masked)
        while True:
            first, length = await reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack(">H", await reader.readexactly(2))
            message = json.loads(await reader.readexactly(length))
            if "joined" in message:
                return time.monotonic() - begun
    finally:
        writer.transport.abort()


async def joins(port, until):
    """Joins again and again, 25 times a second. Returns how long each took, infinity for those that failed."""
    async def one():
        try:
            return await asyncio.wait_for(join(port), 5)
        except (OSError, AssertionError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            return float("inf")

    running = []
    while time.monotonic() < until:
        running.append(asyncio.create_task(one()))
        await asyncio.sleep(0.04)
    return await asyncio.gather(*running)


async def silent(port, kind, hello, deadline):
    """Opens a connection of a kind. Returns the seconds until the server has closed it."""
    over_tls = kind == "slow request over TLS"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=TLS if over_tls else None)
    except OSError:
        return 0.0
    begun = time.monotonic()
    parts = {
        "silent": iter(()),
        "a byte a second": (bytes([byte]) for byte in hello),
        "half a handshake": iter([hello[: len(hello) // 2]]),
        "handshake without an end": iter([hello]),
        "slow request over TLS": (bytes([byte]) for byte in itertools.cycle(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")),
    }[kind]

    async def send():
        for part in parts:
            writer.write(part)
            await asyncio.sleep(1)

    sending = asyncio.create_task(send())
    try:
        while time.monotonic() < deadline:
            if not await asyncio.wait_for(reader.read(4096), deadline - time.monotonic()):
                return time.monotonic() - begun
    except asyncio.TimeoutError:
        pass
    except OSError:
        return time.monotonic() - begun
    finally:
        sending.cancel()
        writer.transport.abort()
    return float("inf")


KINDS = ["silent", "a byte a second", "half a handshake", "handshake without an end", "slow request over TLS"]


def shown(times):
    ordered = sorted(times)
    slow = sum(time > JOIN_WITHIN for time in times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"{len(times)} joins, p50 {statistics.median(times) * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, {slow} over 250 ms", slow


async def flood(binary, count, seconds):
    server, control = Server(binary), Server(binary)
    try:
        for each in (server, control):
            await join(each.port)
        before = server.rss_mib()
        hello = client_hello()
        until = time.monotonic() + seconds
        measured = [asyncio.create_task(joins(each.port, until)) for each in (server, control)]
        tasks, peak = [], before
        for number in range(count):
            tasks.append(asyncio.create_task(silent(server.port, KINDS[number % len(KINDS)], hello, until + 15)))
            if number % 100 == 99:
                # About 5,000 a second, or all at once if there are fewer.
                await asyncio.sleep(0.02)
                peak = max(peak, server.rss_mib())
        gone = await asyncio.gather(*tasks)
        peak = max(peak, server.rss_mib())
        disturbed, undisturbed = await asyncio.gather(*measured)
    finally:
        server.stop()
        control.stop()
    for at, kind in enumerate(KINDS):
        print(f"{kind}: the last of {len(gone[at::len(KINDS)])} was gone after {max(gone[at::len(KINDS)]):.1f} s")
    text, slow = shown(disturbed)
    print(f"beside them: {text}")
    control_text, control_slow = shown(undisturbed)
    print(f"undisturbed: {control_text}")
    print(f"memory: {before:.0f} MiB before, {peak:.0f} MiB at most")
    wrong = []
    if max(gone) > GONE_WITHIN + TOLERANCE:
        wrong.append(f"a connection was there after {max(gone):.1f} s")
    if slow > max(len(disturbed) // 1000, control_slow):
        wrong.append(f"{slow} of {len(disturbed)} joins took more than 250 ms")
    return wrong


async def without_descriptors(binary, count=1_000, seconds=4):
    server = Server(binary, DESCRIPTORS)
    sockets = []
    try:
        for _ in range(count):
            client = socket.socket()
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(("127.0.0.1", server.port))
            sockets.append(client)
        begun, cpu = time.monotonic(), server.cpu_seconds()
        await asyncio.sleep(seconds)
        share = (server.cpu_seconds() - cpu) / (time.monotonic() - begun)
        for client in sockets:
            client.close()
        begun = time.monotonic()
        while True:
            try:
                await asyncio.wait_for(join(server.port), 5)
                break
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                if time.monotonic() - begun > 20:
                    break
                await asyncio.sleep(0.02)
        resumed = time.monotonic() - begun
    finally:
        for client in sockets:
            client.close()
        server.stop()
    print(f"{DESCRIPTORS} descriptors, {count} connections: {share:.2f} of a core, served again after {resumed:.2f} s")
    wrong = []
    if share > 0.5:
        wrong.append(f"a server without descriptors takes {share:.2f} of a core")
    if resumed > RESUMES_WITHIN:
        wrong.append(f"a server that had no descriptors serves again after {resumed:.2f} s")
    return wrong


def run(binary, count, seconds):
    """Returns what was wrong."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, count + 2_000)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return asyncio.run(flood(binary, count, seconds)) + asyncio.run(without_descriptors(binary))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=os.environ.get("WIGWAG_SERVER", "target/release/wigwag-server"))
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=14)
    options = parser.parse_args()
    wrong = run(options.server, options.sockets, options.seconds)
    for what in wrong:
        print(f"wrong: {what}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
