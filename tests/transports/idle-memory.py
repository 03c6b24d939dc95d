#!/usr/bin/env python3
"""Opens idle WebSockets, each with a session, and prints the server's memory in user space per connection.

    cargo build --release -p wigwag-server
    tests/transports/idle-memory.py --connections 10000 target/release/wigwag-server

Measures the growth of the server's anonymous memory (RssAnon of /proc/PID/status) beyond the first hundred connections;
kernel buffers are not included. This process opens the sockets and needs as many file descriptors.
"""

import argparse
import re
import resource
import socket
import ssl
import struct
import subprocess
import sys
import time

FORMS = {
    # An empty hello, or one that requests a resumable session.
    "wigwag.v1.proto": {False: (2, b"\x2a\x00"), True: (2, b"\x2a\x02\x30\x01")},
    "wigwag.v1.json": {False: (1, b'{"hello":{}}'), True: (1, b'{"hello":{"resumable":true}}')},
}


def rss_anon(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"RssAnon:\s+(\d+) kB", status.read())[1]) * 1024


def frame(opcode, payload):
    return struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload)) + bytes(4) + payload


def connect(port, subprotocol, resumable, tls):
    """Opens a socket and waits for the welcome of its session."""
    sock = socket.create_connection(("127.0.0.1", port))
    if tls:
        sock = tls.wrap_socket(sock)
    opcode, hello = FORMS[subprotocol][resumable]
    sock.sendall(
        (
            "GET /v1/signal HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
        ).encode()
        + frame(opcode, hello)
    )
    got = b""
    while b"\r\n\r\n" not in got or len(got.split(b"\r\n\r\n", 1)[1]) < 64:
        more = sock.recv(4096)
        if not more:
            sys.exit(f"refused: {got!r}")
        got += more
    if not got.startswith(b"HTTP/1.1 101"):
        sys.exit(f"refused: {got!r}")
    return sock


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", help="the binary")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--subprotocol", choices=FORMS, default="wigwag.v1.json")
    parser.add_argument("--resumable", action="store_true")
    parser.add_argument("--tls", action="store_true", help="with TLS and a self-signed certificate")
    parser.add_argument("--most", type=float, help="fail when one connection costs more KiB than this")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < options.connections + 64:
        sys.exit(f"this process may open {hard} files only")

    # Heartbeats would add the memory of sending to that of idle connections.
    settings = ["session.heartbeat_ms=300000", "http2.keepalive_interval_ms=0"]
    flags = [flag for setting in settings for flag in ("--set", setting)]
    tls = None
    if options.tls:
        flags.append("--tls-self-signed")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    command = [options.server, "--listen", "127.0.0.1:0", "--log-level", "error", *flags]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = next(int(found[1]) for line in server.stdout if (found := re.search(r"listening on \S+:(\d+)", line)))
        sockets = [connect(port, options.subprotocol, options.resumable, tls) for _ in range(100)]
        before = rss_anon(server.pid)
        started = time.monotonic()
        sockets += [connect(port, options.subprotocol, options.resumable, tls) for _ in range(options.connections - 100)]
        seconds = time.monotonic() - started
        each = (rss_anon(server.pid) - before) / (options.connections - 100) / 1024
        over = "wss" if tls else "ws"
        kind = "resumable" if options.resumable else "live"
        print(
            f"{options.connections} idle WebSockets ({over}, {options.subprotocol}, {kind} sessions): "
            f"{each:.1f} KiB each; opened in {seconds:.1f} s"
        )
        for sock in sockets:
            sock.close()
    finally:
        server.terminate()
        server.wait()
    if options.most and each > options.most:
        sys.exit(f"more than {options.most} KiB")


main()
