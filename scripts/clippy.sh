#!/bin/sh
# Checks the workspace of the current directory with clippy; a warning is an error.
#
# .ci/run has clippy compile the workspace's crates (RUSTC_WORKSPACE_WRAPPER): there the build of the tests is the
# check, and nothing is compiled twice.
set -eu
wrapper=${RUSTC_WORKSPACE_WRAPPER:-}
if [ "${wrapper##*/}" = clippy-driver ]; then
    exec cargo test --workspace --no-run
fi
exec cargo clippy --workspace --all-targets -- -D warnings
