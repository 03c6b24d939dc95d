#!/usr/bin/env bash
# Builds everything, measures everything, prints the tables and writes them to bench/results/.
#
#   bench/run.sh            five rounds, three of the idle sessions: a quarter of an hour on a quiet machine
#   bench/run.sh quick      two rounds, one of the idle sessions: some five minutes, for a first look
#   bench/run.sh quick …    further arguments go to wigwag-bench (see --help): --only wigwag-grpc,node-ws --workloads candidate
#   bench/run.sh compare    two builds of Wigwag in place of other servers, and one of them twice; arguments as above
#
# SERVER_CORE and GENERATOR_CORE choose the cores (0 and 1); they must differ. NAME chooses the name of the results (the
# date; with quick the date and "-quick"). bench/publish.sh puts them into bench/README.md.
#
# compare reads these variables; its results are only written if NAME is set:
#   BASE, NEW               a git revision, or the path of a binary. BASE: ad5bfd3, the last revision before the crates were
#                           split; NEW: this tree
#   BASE_FLAGS, NEW_FLAGS   flags of each server, such as NEW_FLAGS="--set http2.stream_window=131072"
#   BASE_ENV, NEW_ENV       variables of each server, such as NEW_ENV="WIGWAG_HTTP2__ENGINE=hyper"
set -euo pipefail
cd "$(dirname "$0")/.."

mode=all rounds=5 idle_rounds=3 repeats=1 name=$(date -I)
case "${1:-}" in
    quick) rounds=2 idle_rounds=1 repeats=0 name+=-quick; shift ;;
    compare) mode=compare name=; shift ;;
esac

if [[ "$(uname)" != Linux ]] || ! command -v taskset >/dev/null; then
    echo "bench/run.sh: Linux is needed (CPU times come from /proc), and taskset (util-linux)" >&2
    exit 1
fi

if [[ "$(nproc)" -lt 2 ]]; then
    echo "bench/run.sh: two cores are needed: one for the server, one for the generator" >&2
    exit 1
fi
# 10,000 connections at each end, and a reserve.
ulimit -n "$(ulimit -Hn)"
if [[ "$(ulimit -n)" != unlimited && "$(ulimit -n)" -lt 12000 ]]; then
    echo "bench/run.sh: the limit of open files is $(ulimit -n), 12,000 are needed; raise it or pass --sessions 1000" >&2
fi

target="${CARGO_TARGET_DIR:-target}"
if [[ $mode == compare ]]; then
    base=$(bench/base.sh "${BASE:-ad5bfd3}")
    if [[ -n "${NEW:-}" ]]; then
        new=$(bench/base.sh "$NEW")
    else
        cargo build --release -p wigwag-server
        new=$target/release/wigwag-server
    fi
    cargo build --release -p wigwag-bench
    # Rate limits off, as far as a build knows them: a generator that sends as fast as it can is what they are for.
    unlimited() {
        local known=() limit
        for limit in session.frames session.bytes session.deliveries rooms.deliveries; do
            if "$1" check-config --set "${limit}_per_second=0" >/dev/null 2>&1; then
                known+=(--set "${limit}_per_second=0")
            fi
        done
        echo "${known[*]}"
    }
    servers=(
        --base "env ${BASE_ENV:-} $base $(unlimited "$base") ${BASE_FLAGS:-}"
        --new "env ${NEW_ENV:-} $new $(unlimited "$new") ${NEW_FLAGS:-}"
    )
else
    cargo build --release -p wigwag-server -p wigwag-bench
    if ! (command -v npm >/dev/null && cd bench/baselines && npm ci --silent --no-audit --no-fund); then
        rm -rf bench/baselines/node_modules
        echo "bench/run.sh: the baselines in Node are skipped: npm is missing or cannot install them" >&2
    fi
    tools="$target/tools"
    matchbox=0.15.0
    if ! grep -qs "^\"matchbox_server $matchbox " "$tools/.crates.toml"; then
        # Its build takes minutes and is not needed afterwards.
        CARGO_TARGET_DIR="$tools/build" cargo install --quiet --locked --root "$tools" matchbox_server@$matchbox ||
            echo "bench/run.sh: matchbox_server is skipped: it cannot be installed" >&2
        rm -rf "$tools/build"
    fi
    servers=(--wigwag "$target/release/wigwag-server" --baselines bench/baselines --tools "$tools/bin")
fi

name=${NAME:-$name}
started=$SECONDS
taskset -c "${GENERATOR_CORE:-1}" "$target/release/wigwag-bench" "${servers[@]}" \
    --cores "${SERVER_CORE:-0}" --rounds "$rounds" --idle-rounds "$idle_rounds" --repeats "$repeats" \
    ${name:+--out "bench/results/$name"} \
    "$@"
echo "bench/run.sh: measured in $((SECONDS - started)) seconds" >&2
