#!/bin/sh
# Runs the suites that speak to a listener with TLS beneath: floods, limits, deadlines and both HTTP/2 engines. Each test speaks
# clear text to a tunnel in the same process, which passes it on over TLS (server/net/tests/support/tls.rs).
#
#   scripts/test-tls.sh            arguments go to the test binaries: scripts/test-tls.sh a_slow_reader
#
# The tests are chosen by name from the whole workspace, so that the binaries of `cargo test --workspace` are used as they are.
set -eu
cd "$(dirname "$0")/.."

export WIGWAG_TEST_TLS=1
# shellcheck disable=SC2046
cargo test --workspace $(for file in server/net/tests/*.rs; do printf -- '--test %s ' "$(basename "$file" .rs)"; done) -- "$@"
