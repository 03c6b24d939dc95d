#!/usr/bin/env bash
# Runs Connect's conformance suite against the server's transport stack, once with tonic's message framing (`router`) and once
# with that of `Signal` (`signal`), and against tonic over hyper as the control.
#
# Each stack has a file of the cases that it is known to fail, with the reasons. The suite fails on any other, and on a case
# of the file that passes.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools=${WIGWAG_TOOLS:-target/tools}
suite=$(PATH="$PATH:$tools" command -v connectconformance || true)
if [ -z "$suite" ]; then
    echo "tests/grpc-conformance/run.sh: connectconformance is not installed (scripts/setup.sh needs Go for it): skipped"
    exit 0
fi
# A test asks for the server. Of the whole workspace: by itself it would be built with other features of its dependencies.
cargo test --workspace --no-run --test refusals
server=${CARGO_TARGET_DIR:-target}/debug/wigwag-grpc-conformance
for stack in hyper router signal; do
    echo "ConformanceService over $stack"
    flaky=()
    if [ "$stack" = hyper ]; then
        flaky=(--known-flaky @tests/grpc-conformance/known-flaky-hyper.txt)
    fi
    "$suite" --mode server --conf tests/grpc-conformance/suite.yaml \
        --known-failing "@tests/grpc-conformance/known-failing/$stack.txt" "${flaky[@]}" \
        -- "$server" --stack "$stack" </dev/null
done
