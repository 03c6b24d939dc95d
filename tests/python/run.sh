#!/bin/sh
# Tests the server with gRPC's Python client: the tests use only the .proto files of this repository.
#
#   tests/python/run.sh [pytest arguments]
#
# WIGWAG_SERVER  the server's binary (default: the workspace's debug build)
# WIGWAG_VENV    directory of the virtual environment (default: .venv beside this script)
# PYTHON         the interpreter for it (default: python3; 3.10 or newer)
# GRPCURL        grpcurl's binary (default: the one on PATH; without one its tests are skipped)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
python=${PYTHON:-python3}
venv=${WIGWAG_VENV:-$here/.venv}
WIGWAG_SERVER=${WIGWAG_SERVER:-${CARGO_TARGET_DIR:-$root/target}/debug/wigwag-server}
export WIGWAG_SERVER

fail() {
    echo "tests/python/run.sh: $1" >&2
    exit 1
}

[ -x "$WIGWAG_SERVER" ] || fail "$WIGWAG_SERVER is missing: run \`cargo build -p wigwag-server\`, or set WIGWAG_SERVER"
command -v "$python" >/dev/null 2>&1 || fail "$python is missing: install Python 3.10 or newer, or set PYTHON"

if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
    "$python" -m venv --clear "$venv" ||
        fail "$python cannot create a virtual environment: install its venv module (on Debian: apt install python3-venv)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" ||
        fail "the packages of requirements.txt cannot be installed: check access to the Python package index"
    # Copied last, so that an interrupted installation is repeated.
    cp "$here/requirements.txt" "$venv/requirements.txt"
fi

stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC2046 # the paths of the protos have no spaces
"$venv/bin/python" -m grpc_tools.protoc -I "$root/proto" --python_out="$stubs" --grpc_python_out="$stubs" \
    $(cd "$root/proto" && find wigwag -name '*.proto') || fail "the stubs cannot be generated"

PYTHONPATH="$stubs" PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest "$here" "$@"
