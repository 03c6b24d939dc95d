#!/usr/bin/env bash
# Counts the instructions per signal of one build without and with tokens (bench/instructions.sh), and prints their ratio. Ends with
# exit code 1 above LIMIT. The sessions have the grants of `wigwag-server token` and the default rate limits.
#
# NEW     the path of a binary (default: this tree, built)
# LIMIT   1.02
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z "${NEW:-}" ]]; then
    cargo build --release -p wigwag-server
    NEW=${CARGO_TARGET_DIR:-target}/release/wigwag-server
fi
secret=$(mktemp)
trap 'rm -f "$secret"' EXIT
head -c 32 /dev/urandom | base64 >"$secret"
WIGWAG_BENCH_TOKEN=$("$NEW" token --sub bench --ttl 1h --key-file "$secret")
export WIGWAG_BENCH_TOKEN
# One user has all sessions here: what a user may have is counted, and reached by no session.
BASE=$NEW NEW=$NEW LIMIT=${LIMIT:-1.02} NEW_FLAGS="--set auth.keys=[{id=\"main\",secret_file=\"$secret\"}]" \
    bench/instructions.sh --workloads candidate,description "$@"
