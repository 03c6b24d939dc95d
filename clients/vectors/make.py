#!/usr/bin/env python3
"""Generates sealing.json according to ../SEALING.md with the Python package `cryptography`.

Clients are tested against the committed file. Run this script to regenerate it:

    pip install cryptography && python3 make.py > sealing.json
"""

import base64
import json
import struct
import unicodedata

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

LABEL = b"wigwag/seal/v1"
ITERATIONS = 600_000

ADA = "4nq2ayrvgxb6kz7o3m5hjw2eti"
BOB = "zc5f7ud3rlq6x2mwk4ohpv7gay"
KEY = {"key": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}
OTHER_KEY = {"key": "ff" * 32}
PASSPHRASE = {"passphrase": "correct horse battery staple"}


def lp(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def master(secret, room):
    if "key" in secret:
        return bytes.fromhex(secret["key"])
    password = unicodedata.normalize("NFC", secret["passphrase"]).encode()
    salt = LABEL + b"\0" + room.encode()
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, ITERATIONS).derive(password)


def hkdf(ikm, info, length):
    return HKDF(hashes.SHA256(), length, LABEL, info).derive(ikm)


# Encodes the few protobuf messages a payload can be; field numbers as in envelope.proto.


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def envelope(payload):
    (kind, value), = payload.items()
    if kind == "description":
        body = field(1, value["type"].encode()) + (field(2, value["sdp"].encode()) if value["sdp"] else b"")
        return field(5, body)
    if kind == "candidate":
        body = b""
        if "candidate" in value:
            body += field(1, value["candidate"].encode())
        if "sdpMid" in value:
            body += field(2, value["sdpMid"].encode())
        if "sdpMLineIndex" in value:
            body += varint(3 << 3) + varint(value["sdpMLineIndex"])
        if "usernameFragment" in value:
            body += field(4, value["usernameFragment"].encode())
        return field(6, body)
    if kind == "message":
        if "text" in value:
            return field(7, field(1, value["text"].encode()))
        return field(7, field(2, base64.b64decode(value["binary"])))
    return field(8, base64.b64decode(value))


def seal(secret, room, sender, to, counter, nonce, plaintext):
    ikm = master(secret, room)
    key = hkdf(ikm, b"key" + lp(room) + lp(sender), 32)
    key_id = hkdf(ikm, b"id" + lp(room), 8)
    head = b"\x01" + key_id + struct.pack(">Q", counter)
    aad = LABEL + head + lp(room) + lp(sender) + lp(to)
    sealed = head + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)
    return {"master": ikm, "keyId": key_id, "senderKey": key, "aad": aad, "sealed": sealed}


def good(name, secret, room, sender, to, counter, nonce, payload):
    nonce = bytes.fromhex(nonce)
    plaintext = envelope(payload)
    made = seal(secret, room, sender, to, counter, nonce, plaintext)
    return {
        "name": name,
        "secret": secret,
        "room": room,
        "from": sender,
        "to": to,
        "counter": counter,
        "nonce": nonce.hex(),
        "payload": payload,
        "plaintext": plaintext.hex(),
        **{key: value.hex() for key, value in made.items()},
    }


def vectors():
    nonces = (f"{n:02x}" * 12 for n in range(0xA0, 0xFF))
    candidate = {
        "candidate": "candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host",
        "sdpMid": "0",
        "sdpMLineIndex": 0,
        "usernameFragment": "EsAw",
    }
    return [
        good("a text to one peer, with a key", KEY, "demo", ADA, BOB, 1, next(nonces), {"message": {"text": "hello"}}),
        good("a text to everybody", KEY, "demo", ADA, "", 2, next(nonces), {"message": {"text": "hello"}}),
        good("the same in another room has other keys", KEY, "demo2", ADA, "", 2, next(nonces), {"message": {"text": "hello"}}),
        good("another sender has another key", KEY, "demo", BOB, ADA, 1, next(nonces), {"message": {"text": "hello"}}),
        good("a description", KEY, "demo", ADA, BOB, 3, next(nonces), {"description": {"type": "offer", "sdp": "v=0\r\n"}}),
        good("a rollback", KEY, "demo", ADA, BOB, 4, next(nonces), {"description": {"type": "rollback", "sdp": ""}}),
        good("a candidate", KEY, "demo", ADA, BOB, 5, next(nonces), {"candidate": candidate}),
        good("the end of candidates", KEY, "demo", ADA, BOB, 6, next(nonces), {"candidate": {"candidate": ""}}),
        good("bytes", KEY, "demo", ADA, BOB, 2**32, next(nonces), {"message": {"binary": "AP+AfwEC"}}),
        good("a payload the application sealed itself", KEY, "demo", ADA, BOB, 2**53 - 1, next(nonces), {"sealed": "3q2+7w=="}),
        good("from a backend", KEY, "demo", "", "", 1, next(nonces), {"message": {"text": "closing in five minutes"}}),
        good("a direct envelope", KEY, "", ADA, BOB, 7, next(nonces), {"message": {"text": "psst"}}),
        good("a passphrase", PASSPHRASE, "demo", ADA, BOB, 1, next(nonces), {"message": {"text": "hello"}}),
        good("a room with a name beyond ASCII", KEY, "caf\u00e9 \U0001f6a9", ADA, BOB, 1, next(nonces), {"message": {"text": "\u00e7a va?"}}),
        good("a passphrase that is not in NFC", {"passphrase": "cafe\u0301 au lait"}, "demo", ADA, "", 1, next(nonces), {"message": {"text": ""}}),
        good("the same passphrase in NFC", {"passphrase": "caf\u00e9 au lait"}, "demo", ADA, "", 1, "ae" * 12, {"message": {"text": ""}}),
    ]


def failures(base):
    """Envelopes a recipient must refuse. `me` is its peer id, `lastCounter` the greatest counter it opened from that sender."""
    sealed = bytes.fromhex(base["sealed"])

    def bad(name, reason, content, secret=KEY, room="demo", sender=ADA, to=BOB, me=BOB, last=0):
        return {
            "name": name,
            "secret": secret,
            "room": room,
            "from": sender,
            "to": to,
            "me": me,
            "lastCounter": last,
            "sealed": content.hex(),
            "reason": reason,
        }

    def flipped(at):
        return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]

    nonce = bytes.fromhex("c0" * 12)
    unknown = seal(KEY, "demo", ADA, BOB, 1, nonce, field(99, b"?"))["sealed"]
    empty = seal(KEY, "demo", ADA, BOB, 1, nonce, b"")["sealed"]
    return [
        bad("another key", "WRONG_KEY", sealed, secret=OTHER_KEY),
        bad("another room", "WRONG_KEY", sealed, room="demo2"),
        bad("a passphrase where a key was used", "WRONG_KEY", sealed, secret=PASSPHRASE),
        bad("said to be from another peer", "SEAL_BROKEN", sealed, sender="zzzzzzzzzzzzzzzzzzzzzzzzzz"),
        bad("sent to another peer", "SEAL_BROKEN", sealed, to="zzzzzzzzzzzzzzzzzzzzzzzzzz", me="zzzzzzzzzzzzzzzzzzzzzzzzzz"),
        bad("shown to another peer under its true address", "SEAL_BROKEN", sealed, me="zzzzzzzzzzzzzzzzzzzzzzzzzz"),
        bad("sent to one, shown as sent to all", "SEAL_BROKEN", sealed, to=""),
        bad("a changed ciphertext", "SEAL_BROKEN", flipped(30)),
        bad("a changed tag", "SEAL_BROKEN", flipped(len(sealed) - 1)),
        bad("a changed nonce", "SEAL_BROKEN", flipped(17)),
        bad("a changed counter", "SEAL_BROKEN", flipped(10)),
        bad("a changed key id", "WRONG_KEY", flipped(1)),
        bad("cut short by a byte", "SEAL_BROKEN", sealed[:-1]),
        bad("too short", "SEAL_UNKNOWN", sealed[:44]),
        bad("nothing", "SEAL_UNKNOWN", b""),
        bad("another version", "SEAL_UNKNOWN", b"\x02" + sealed[1:]),
        bad("the same again", "REPLAYED", sealed, last=1),
        bad("an earlier one again", "REPLAYED", sealed, last=5),
        bad("a payload of an unknown kind", "SEAL_UNKNOWN", unknown),
        bad("no payload", "SEAL_UNKNOWN", empty),
    ]


if __name__ == "__main__":
    opened = vectors()
    print(
        json.dumps(
            {
                "about": "Test vectors of SEALING.md, generated by make.py. Bytes are hexadecimal; payloads are protobuf JSON.",
                "format": LABEL.decode(),
                "iterations": ITERATIONS,
                "vectors": opened,
                "failures": failures(opened[0]),
            },
            indent=2,
            ensure_ascii=True,
        )
    )
