#!/usr/bin/env bash
# Builds everything, measures everything, prints the table and writes it to bench/results/.
#
#   bench/run.sh            five rounds, three of the idle sessions: a quarter of an hour on a quiet machine
#   bench/run.sh quick      two rounds, one of the idle sessions: some five minutes, for a first look
#   bench/run.sh quick …    what follows goes to wigwag-bench (see --help): --only wigwag-grpc,node-ws --workloads candidate
#
# SERVER_CORE and GENERATOR_CORE choose the cores (0 and 1); they must differ. NAME chooses the name of the results (the
# date; with quick its name behind it). bench/publish.sh puts them into the README.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5 idle_rounds=3 repeats=1 name=$(date -I)
if [[ "${1:-}" == quick ]]; then
    rounds=2 idle_rounds=1 repeats=0 name+=-quick
    shift
fi

if [[ "$(uname)" != Linux ]] || ! command -v taskset >/dev/null; then
    echo "bench/run.sh: Linux is needed, for CPU times out of /proc, and taskset (util-linux)" >&2
    exit 1
fi

if [[ "$(nproc)" -lt 2 ]]; then
    echo "bench/run.sh: two cores are needed: one for the server, one for the generator" >&2
    exit 1
fi
# 10,000 connections at each end, and some to spare.
ulimit -n "$(ulimit -Hn)"
if [[ "$(ulimit -n)" != unlimited && "$(ulimit -n)" -lt 12000 ]]; then
    echo "bench/run.sh: at least 12,000 open files are needed, the limit is $(ulimit -n); try --sessions 1000" >&2
fi

target="${CARGO_TARGET_DIR:-target}"
cargo build --release -p wigwag-server -p wigwag-bench

if ! (command -v npm >/dev/null && cd bench/baselines && npm ci --silent --no-audit --no-fund); then
    rm -rf bench/baselines/node_modules
    echo "bench/run.sh: the baselines in Node are skipped: npm is missing or cannot install them" >&2
fi
tools="$target/tools"
matchbox=0.15.0
if ! grep -qs "^\"matchbox_server $matchbox " "$tools/.crates.toml"; then
    # Its build takes minutes and is not needed after it.
    CARGO_TARGET_DIR="$tools/build" cargo install --quiet --locked --root "$tools" matchbox_server@$matchbox ||
        echo "bench/run.sh: matchbox_server is skipped: it cannot be installed" >&2
    rm -rf "$tools/build"
fi

started=$SECONDS
taskset -c "${GENERATOR_CORE:-1}" "$target/release/wigwag-bench" \
    --wigwag "$target/release/wigwag-server" \
    --baselines bench/baselines --tools "$tools/bin" \
    --cores "${SERVER_CORE:-0}" --rounds "$rounds" --idle-rounds "$idle_rounds" --repeats "$repeats" \
    --out "bench/results/${NAME:-$name}" \
    "$@"
echo "bench/run.sh: measured in $((SECONDS - started)) seconds" >&2
