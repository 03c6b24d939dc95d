#!/usr/bin/env bash
# Fuzzes everything that reads untrusted input: the targets under server/*/fuzz and server/fuzz, with libFuzzer.
#
# FUZZ_SECONDS  how long each target runs (default 60)
# FUZZ_RUNS     number of inputs per target instead, however long that takes
# FUZZ_JOBS     number of targets that run at a time (default: the number of processors, at most 4)
# FUZZ_TARGETS  the targets (default: all)
#
# cargo-fuzz runs the same targets: `cargo fuzz run --fuzz-dir server/http2/fuzz --sanitizer none http2`. It is not needed here, nor
# a nightly compiler: the coverage comes from a pass every compiler has, and a sanitizer would find nothing in code without
# `unsafe`. Inputs that increase the coverage are kept in target/fuzz/corpus, an input that fails in target/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${CARGO_TARGET_DIR:-target}/fuzz
mkdir -p "$out"
out=$(cd "$out" && pwd)
host=$(rustc -vV | sed -n 's/^host: //p')
bound=-max_total_time=${FUZZ_SECONDS:-60}
[ -z "${FUZZ_RUNS:-}" ] || bound=-runs=$FUZZ_RUNS
processors=$(nproc)
jobs=${FUZZ_JOBS:-$((processors < 4 ? processors : 4))}
targets=${FUZZ_TARGETS:-$(cd server && ls fuzz/fuzz_targets */fuzz/fuzz_targets | sed -n 's/\.rs$//p')}

# The flags cargo-fuzz gives. With --target they are for the programs only, not for what the build itself runs.
RUSTFLAGS="${RUSTFLAGS:-} --cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --quiet --release --locked --manifest-path server/fuzz/Cargo.toml $(printf -- '--bin %s ' $targets) \
    --workspace --target "$host" --target-dir "$out"

fuzz() {
    local target=$1 corpus=$out/corpus/$1 artifacts=$out/artifacts/$1 log=$out/$1.log seeds
    seeds=$(ls -d server/fuzz/seeds/"$1" server/*/fuzz/seeds/"$1" 2>/dev/null)
    mkdir -p "$corpus" "$artifacts"
    local flags=(-max_len=1500 -timeout=20 -rss_limit_mb=1024 -dict=server/fuzz/words.dict)
    flags+=(-print_final_stats=1 -artifact_prefix="$artifacts/")
    if "$out/$host/release/$target" "${flags[@]}" "$bound" "$corpus" "$seeds" >"$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
    else
        tail -n 40 "$log"
        echo "$target: FAILED; the input is in $artifacts, the whole log in $log"
        return 1
    fi
}

export -f fuzz
export out host bound
# It fails when one of them does.
printf '%s\n' $targets | xargs -P "$jobs" -I{} bash -c 'fuzz {}'
