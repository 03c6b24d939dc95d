#!/bin/sh
# Tests the tests: runs the hub's quick tests once with each deliberate defect in its sources (`sabotaged!("…")`) and expects
# them to fail. Prints which test noticed. Fails unless every defect is caught.
#
#   scripts/sabotage.sh            all defects, each until the first suite that notices
#   scripts/sabotage.sh NAME…      these
#   EVERY=1 scripts/sabotage.sh    every suite for each defect, to see what each of them is worth
set -eu
cd "$(dirname "$0")/.."

suites="contract interleavings simulation bugs properties concurrency"
export RUST_BACKTRACE=0 SEEDS="${SEEDS:-150}" PROPTEST_CASES="${PROPTEST_CASES:-200}" PROPTEST_FAILURE_PERSISTENCE=off
names=${*:-$(grep -rhoE 'sabotaged!\("[a-z-]+"\)' server/hub/src | cut -d'"' -f2 | sort -u)}

# One build for all defects, apart from the usual one: which of them is shown is read when the tests run.
run() {
    suite=$1
    shift
    RUSTFLAGS="--cfg wigwag_sabotage" CARGO_TARGET_DIR="${SABOTAGE_TARGET_DIR:-target/sabotage}" \
        timeout "$1" cargo test -q -p wigwag-hub --test "$suite"
}

# The first thing a suite says about its failure: a guarantee of the contract, or a test's name.
witness() {
    sed -n 's/^the contract is broken: //p' "$1" | head -n 1 | cut -d, -f1 | grep . ||
        sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$1" | head -n 1 | grep . ||
        sed -n 's/^    \([a-z_]*\)$/\1/p' "$1" | head -n 1 | grep . ||
        echo "does not come to its end"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Without a defect everything passes; a defect caught by a test that always fails would prove nothing.
for suite in $suites; do
    run "$suite" 600 >"$log" 2>&1 || { cat "$log"; echo "$suite fails without any defect" >&2; exit 2; }
done

caught=0 total=0 missed=""
for name in $names; do
    total=$((total + 1)) by=""
    for suite in $suites; do
        if ! WIGWAG_SABOTAGE=$name run "$suite" 60 >"$log" 2>&1; then
            by="$by${by:+,} $suite ($(witness "$log"))"
            [ -n "${EVERY:-}" ] || break
        fi
    done
    if [ -n "$by" ]; then
        caught=$((caught + 1))
        echo "caught  $name:$by"
    else
        missed="$missed $name"
        echo "MISSED  $name"
    fi
done
echo "$caught/$total caught"
[ "$caught" -eq "$total" ] || { echo "missed:$missed" >&2; exit 1; }
