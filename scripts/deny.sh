#!/usr/bin/env bash
# Checks licenses, sources and bans of the dependencies (deny.toml), and advisories where their database can be had.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: installing cargo-deny"
    cargo install --quiet --locked cargo-deny || { echo "deny: cargo-deny cannot be installed" >&2; exit 1; }
fi
cargo deny check --hide-inclusion-graph bans licenses sources
if ! cargo deny fetch >/dev/null 2>&1; then
    echo "deny: advisories were NOT checked: their database cannot be fetched from here"
    exit 0
fi
cargo deny check --hide-inclusion-graph advisories
