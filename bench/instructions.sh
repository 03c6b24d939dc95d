#!/usr/bin/env bash
# Counts the instructions that two builds of wigwag-server execute per signal, under callgrind, and prints their ratio. Ends
# with exit code 1 if the new build needs more than LIMIT times as many for any workload.
#
#   bench/instructions.sh      what follows goes to wigwag-bench: --only wigwag-grpc --workloads candidate
#
# BASE, NEW    a git revision, or the path of a binary. BASE: ad5bfd3, the last revision before the crates were split; NEW:
#              this tree
# LIMIT        1.05
# BASE_FLAGS, NEW_FLAGS, BASE_ENV, NEW_ENV    flags and variables of each server, as in bench/run.sh
#
# valgrind is needed (Debian and Ubuntu: apt-get install valgrind).
set -euo pipefail
cd "$(dirname "$0")/.."

for program in valgrind vgdb taskset; do
    if ! command -v "$program" >/dev/null; then
        echo "bench/instructions.sh: $program is missing; install valgrind and util-linux" >&2
        exit 1
    fi
done

base=$(bench/base.sh "${BASE:-ad5bfd3}")
target="${CARGO_TARGET_DIR:-target}"
cargo build --release -p wigwag-bench
if [[ -n "${NEW:-}" ]]; then
    new=$(bench/base.sh "$NEW")
else
    cargo build --release -p wigwag-server
    new=$target/release/wigwag-server
fi

# The pipes through which vgdb reaches a server stay when it is killed.
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# One thread, and nothing that happens by the clock: no pings, no timeouts, no memory given back after some seconds.
settings=(
    workers=1
    session.heartbeat_ms=300000
    session.hello_timeout_ms=300000
    http2.keepalive_interval_ms=0
    connections.handshake_timeout_ms=600000
    connections.first_byte_timeout_ms=600000
)

command_of() {
    local binary=$1 variables=$2 flags=$3 known=() setting
    for setting in "${settings[@]}"; do
        if "$binary" check-config "${known[@]}" --set "$setting" >/dev/null 2>&1; then
            known+=(--set "$setting")
        else
            echo "bench/instructions.sh: $binary does not know the setting $setting; it is left out" >&2
        fi
    done
    echo "env _RJEM_MALLOC_CONF=dirty_decay_ms:-1,muzzy_decay_ms:-1 $variables valgrind --tool=callgrind" \
        "--instr-atstart=no --callgrind-out-file=/dev/null $binary ${known[*]} $flags"
}

started=$SECONDS
status=0
taskset -c "${GENERATOR_CORE:-1}" "$target/release/wigwag-bench" --instructions --limit "${LIMIT:-1.05}" \
    --base "$(command_of "$base" "${BASE_ENV:-}" "${BASE_FLAGS:-}")" \
    --new "$(command_of "$new" "${NEW_ENV:-}" "${NEW_FLAGS:-}")" \
    --cores "${SERVER_CORE:-0}" --rounds 1 --pairs 20 --signals 8000 --sessions 200 \
    "$@" || status=$?
echo "bench/instructions.sh: counted in $((SECONDS - started)) seconds" >&2
exit "$status"
