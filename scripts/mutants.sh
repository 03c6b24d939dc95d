#!/bin/sh
# Tests the hub's tests: applies each patch of tests/mutants, a deliberate defect, to a scratch copy of the hub and expects the
# tests to fail. Prints which test noticed. Fails unless every suite that a patch names catches it.
#
# A suite catches a defect if it passes without the defect and fails twice in a row with it. A run that takes longer than
# LIMIT seconds counts as failed; without a defect, a suite may take no more than a third of that.
#
#   scripts/mutants.sh            all defects, each with the suites its patch names
#   scripts/mutants.sh NAME…      these
#   EVERY=1 scripts/mutants.sh    every suite for each defect, to see what each suite is worth
#   JOBS=1 scripts/mutants.sh     one defect at a time (default: as many as there are processors, at most 4)
#
# A patch begins with one line that explains the defect and one that names the suites which must catch it. The patches of
# tests/mutants/base are applied to every build, including the one without a defect.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)

suites="contract interleavings simulation bugs properties concurrency"
LIMIT=${LIMIT:-120}
processors=$(nproc)
JOBS=${JOBS:-$((processors < 4 ? processors : 4))}
patches=$root/tests/mutants
target=${MUTANTS_TARGET_DIR:-$root/target/mutants}
scratch=$target/scratch
names=${*:-$(cd "$patches" && ls -- *.patch | sed 's/\.patch$//')}
export RUST_BACKTRACE=0 PROPTEST_CASES="${PROPTEST_CASES:-200}" PROPTEST_FAILURE_PERSISTENCE=off
export CARGO_TARGET_DIR="$target" CARGO_INCREMENTAL=1
# A defect may leave something unused.
unset RUSTC_WORKSPACE_WRAPPER

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

fail() {
    echo "$*" >&2
    exit 2
}

# A workspace with the hub alone. It is a repository, so that git resolves the paths of patches in it and not in this one.
rm -rf "$scratch"
mkdir -p "$scratch/server"
cp -R server/hub "$scratch/server/hub"
cp Cargo.lock "$scratch/"
perl -0pe 's/^default-members = \[.*?\]\n//ms; s/^members = \[.*?\]/members = ["server\/hub"]/ms' Cargo.toml >"$scratch/Cargo.toml"
git init -q "$scratch"

apply() {
    git -C "$scratch" apply "$@"
}

suites_of() {
    sed -n '2s/^Must be caught by: //p' "$patches/$1.patch"
}

# Checked before anything is built, so that one run reports every patch that needs work.
for patch in "$patches"/base/*.patch; do
    apply "$patch" || fail "$patch does not apply: update it to the present sources"
done
broken=""
for name in $names; do
    [ -f "$patches/$name.patch" ] || fail "there is no $patches/$name.patch"
    named=$(suites_of "$name")
    [ -n "$named" ] || fail "$name.patch names no suites: its second line must read \"Must be caught by: SUITE…\""
    for suite in $named; do
        case " $suites " in *" $suite "*) ;; *) fail "$name.patch names the suite $suite; there are: $suites" ;; esac
    done
    apply --check "$patches/$name.patch" || broken="$broken $name"
done
[ -z "$broken" ] || fail "no longer apply:$broken
The code they change has changed. Make the same defect in the present sources, write \"git diff -- server/hub\" below the
two heading lines of the patch, and undo the defect."

# The tests are run without cargo: a build that fails is not a catch, and a test that hangs is stopped itself.
build() {
    (cd "$scratch" && cargo test -p wigwag-hub --no-run --test "$1") >"$work/build" 2>&1 || return 1
    sed -n "s|^ *Executable tests/$1[./].*(\(.*\))\$|\1|p" "$work/build" >"$work/$1"
    [ -s "$work/$1" ]
}

run() {
    case $1 in
    simulation) SEEDS=150 ;;
    *) SEEDS=5 ;;
    esac
    export SEEDS
    (cd "$scratch/server/hub" && timeout "$2" "$(cat "$work/$1")") >"$log" 2>&1
}

# The first thing a suite reports about its failure: a guarantee of the contract, or a test's name.
witness() {
    sed -n 's/^the contract is broken: //p' "$log" | head -n 1 | cut -d, -f1 | grep . ||
        sed -n 's/^test \(.*\) \.\.\. FAILED$/\1/p' "$log" | head -n 1 | grep . ||
        echo "does not finish"
}

# Whether a suite fails twice in a row.
noticed() {
    ! run "$2" "$LIMIT" || return 1
    seen=$(witness)
    ! run "$2" "$LIMIT" || { echo "        $2 noticed $1 once and not again: $seen"; return 1; }
}

# Without a defect all suites pass, and in time; else a failure would prove nothing.
for suite in $suites; do
    build "$suite" || { cat "$work/build"; fail "$suite does not build without a defect"; }
    run "$suite" $((LIMIT / 3)) || { cat "$log"; fail "$suite fails without a defect"; }
done

# Applies one defect, runs its suites and says who caught it. Succeeds if each suite that must catch it does.
judge() {
    name=$1 by="" without=""
    named=$(suites_of "$name")
    apply "$patches/$name.patch" || fail "$name does not apply"
    [ -z "${EVERY:-}" ] && tried=$named || tried=$suites
    for suite in $tried; do
        build "$suite" || { cat "$work/build"; fail "$name does not build: a defect must compile"; }
        if noticed "$name" "$suite"; then
            by="$by${by:+, }$suite ($seen)"
        else
            case " $named " in *" $suite "*) without="$without $suite" ;; esac
        fi
    done
    apply -R "$patches/$name.patch" || fail "$name cannot be undone"
    if [ -z "$without" ]; then
        echo "caught  $name: $by"
    else
        echo "MISSED  $name: not caught by$without${by:+; caught by $by}"
        return 1
    fi
}

# Takes defects one after the other until there are none left. Each job has its own copy of the sources and of what is built.
job() {
    if [ "$1" -gt 1 ]; then
        rm -rf "$target-$1"
        cp -R "$target" "$target-$1"
        export CARGO_TARGET_DIR="$target-$1"
        scratch=$CARGO_TARGET_DIR/scratch
    fi
    work=$work/$1
    log=$work/log
    mkdir -p "$work"
    # As above, but with this job's own copies.
    build contract || { cat "$work/build"; fail "contract does not build without a defect"; }
    run contract "$LIMIT" || { cat "$log"; fail "contract fails without a defect"; }
    number=0
    for name in $names; do
        number=$((number + 1))
        # The directory is the claim: only one job can make it.
        mkdir "$claims/$number" 2>/dev/null || continue
        if judge "$name"; then echo "$name" >>"$work/caught"; else echo "$name" >>"$work/missed"; fi
    done
    touch "$work/finished"
}

claims=$work/claims
mkdir "$claims"
# The copies are made before any defect is applied.
number=$JOBS
while [ "$number" -gt 1 ]; do
    job "$number" &
    job=$!
    # Until it has its copies, or has ended.
    while [ ! -d "$work/$number" ] && kill -0 "$job" 2>/dev/null; do sleep 0.1; done
    number=$((number - 1))
done
job 1 &
wait

for number in $(seq "$JOBS"); do
    [ -e "$work/$number/finished" ] || fail "a defect could not be judged"
done
caught=$(cat "$work"/*/caught 2>/dev/null | wc -l)
missed=$(cat "$work"/*/missed 2>/dev/null | tr '\n' ' ')
echo "$caught/$(echo "$names" | wc -w) caught"
[ -z "$missed" ] || { echo "missed: $missed" >&2; exit 1; }
