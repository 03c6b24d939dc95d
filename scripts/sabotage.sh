#!/bin/sh
# Tests the tests: runs the hub's quick tests with each deliberate defect in its sources (`sabotaged!("…")`) and expects them
# to fail. Prints which test noticed. Fails unless every defect is caught.
#
# What counts as caught: all suites pass without any defect; with it one fails, and fails again when it is run again. A suite
# that is not through after LIMIT seconds counts as failed, and may take no more than a third of that without a defect.
#
#   scripts/sabotage.sh            all defects, each until the first suite that notices
#   scripts/sabotage.sh NAME…      these
#   EVERY=1 scripts/sabotage.sh    every suite for each defect, to see what each of them is worth
set -eu
cd "$(dirname "$0")/.."

suites="contract interleavings simulation bugs properties concurrency"
LIMIT=${LIMIT:-120}
export RUST_BACKTRACE=0 PROPTEST_CASES="${PROPTEST_CASES:-200}" PROPTEST_FAILURE_PERSISTENCE=off
names=${*:-$(grep -rhoE 'sabotaged!\("[a-z-]+"\)' server/hub/src | cut -d'"' -f2 | sort -u)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# One build for all defects, apart from the usual one: which of them is shown is read when the tests run. The tests are run
# without cargo: a build that fails is no catch, and a test that hangs is stopped itself.
set --
for suite in $suites; do set -- "$@" --test "$suite"; done
RUSTFLAGS="--cfg wigwag_sabotage" CARGO_TARGET_DIR="${SABOTAGE_TARGET_DIR:-target/sabotage}" \
    cargo test -p wigwag-hub --no-run "$@" >"$work/build" 2>&1 || { cat "$work/build"; exit 2; }
for suite in $suites; do
    sed -n "s|^ *Executable tests/$suite[./].*(\(.*\))\$|\1|p" "$work/build" >"$work/$suite"
    [ -x "$(cat "$work/$suite")" ] || { cat "$work/build"; echo "no $suite" >&2; exit 2; }
done

run() {
    case $1 in
    simulation) SEEDS=150 ;;
    *) SEEDS=5 ;;
    esac
    export SEEDS
    timeout "$2" "$(cat "$work/$1")" >"$log" 2>&1
}

# The first thing a suite says about its failure: a guarantee of the contract, or a test's name.
witness() {
    sed -n 's/^the contract is broken: //p' "$log" | head -n 1 | cut -d, -f1 | grep . ||
        sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | head -n 1 | grep . ||
        echo "does not come to its end"
}

# Whether a suite notices the defect, twice in a row.
noticed() {
    export WIGWAG_SABOTAGE="$1"
    ! run "$2" "$LIMIT" || return 1
    seen=$(witness)
    ! run "$2" "$LIMIT" || { echo "        $2 noticed $1 once and not again: $seen"; return 1; }
}

# Without a defect everything passes, and in time; else a failure would prove nothing.
export WIGWAG_SABOTAGE=
for suite in $suites; do
    run "$suite" $((LIMIT / 3)) || { cat "$log"; echo "$suite fails without any defect" >&2; exit 2; }
done

caught=0 total=0 missed=""
for name in $names; do
    total=$((total + 1)) by=""
    for suite in $suites; do
        if noticed "$name" "$suite"; then
            by="$by${by:+,} $suite ($seen)"
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
