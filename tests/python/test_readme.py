"""The README's walk-through: both commands are read from the page and run in a shell."""

import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import threading

import pytest

from peer import TIMEOUT

GRPCURL = os.environ.get("GRPCURL") or shutil.which("grpcurl")
README = pathlib.Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.skipif(not GRPCURL, reason="grpcurl is not on PATH, and GRPCURL does not name it")


def printed(name):
    """Returns the indented block after `<!-- walk-through: NAME -->`, without its indent."""
    block = re.search(rf"<!-- walk-through: {name} -->\n((?:    .*\n)+)", README.read_text())
    assert block, f"the README has no walk-through named {name}"
    return re.sub(r"^    ", "", block[1], flags=re.MULTILINE)


class Terminal:
    """A shell that runs a command of the README against the test's server."""

    def __init__(self, name, server):
        script = printed(name).replace("localhost:8080", server.address).replace("grpcurl", GRPCURL, 1)
        self.process = subprocess.Popen(
            ["bash", "-c", "exec " + script], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self.frames = queue.SimpleQueue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        decoder, text = json.JSONDecoder(), ""
        for line in self.process.stdout:
            text += line
            if line.rstrip() == "}":
                self.frames.put(decoder.decode(text))
                text = ""

    def expect(self, body):
        while body not in (frame := self.frames.get(timeout=TIMEOUT)):
            assert "error" not in frame, frame
        return frame[body]

    def stop(self):
        self.process.kill()
        self.process.wait()


def test_two_terminals_see_each_other(start_server):
    server = start_server()
    bob = Terminal("first", server)
    try:
        bob.expect("joined")
        ada = Terminal("second", server)
        try:
            assert [member["displayName"] for member in ada.expect("joined")["members"]] == ["Bob"]
            assert bob.expect("memberJoined")["member"]["displayName"] == "Ada"
            assert bob.expect("envelope")["message"] == {"text": "hello"}
        finally:
            ada.stop()
        assert bob.expect("memberLeft")["reason"] == "CONNECTION_LOST"
    finally:
        bob.stop()
