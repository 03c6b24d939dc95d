#!/bin/sh
# Runs the example: installs its packages and generates the gRPC code, then starts peer.py.
#
#   examples/python-peer/run.sh [arguments of peer.py]
#   examples/python-peer/run.sh --prepare      only install and generate
#
# WIGWAG_PYTHON_PEER  directory for both (default: target/python-peer of the repository)
# PYTHON              the interpreter (default: python3; 3.10 or newer)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
python=${PYTHON:-python3}
kept=${WIGWAG_PYTHON_PEER:-$root/target/python-peer}
venv=$kept/venv
stubs=$kept/stubs

fail() {
    echo "examples/python-peer/run.sh: $1" >&2
    exit 1
}

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    command -v "$python" >/dev/null 2>&1 || fail "$python is missing: install Python 3.10 or newer, or set PYTHON"
    "$python" -m venv --clear "$venv" ||
        fail "$python cannot create a virtual environment: install its venv module (on Debian: apt install python3-venv)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
        fail "the packages of requirements.txt cannot be installed: check access to the Python package index"
    # Copied last, so that an interrupted installation is repeated.
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi

protos=$(cd "$root/proto" && find wigwag -name '*.proto' | sort)
# shellcheck disable=SC2086 # the paths of the protos have no spaces
current=$(cd "$root/proto" && cat $protos | cksum)
if [ "$current" != "$(cat "$stubs/made-from" 2>/dev/null)" ]; then
    rm -rf "$stubs"
    mkdir -p "$stubs"
    # shellcheck disable=SC2086
    "$venv/bin/python" -m grpc_tools.protoc -I "$root/proto" --python_out="$stubs" --grpc_python_out="$stubs" $protos ||
        fail "the code cannot be generated from the protos"
    echo "$current" >"$stubs/made-from"
fi

[ "${1-}" != "--prepare" ] || exit 0
PYTHONPATH="$stubs" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 exec "$venv/bin/python" "$here/peer.py" "$@"
