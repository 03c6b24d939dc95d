#!/bin/sh
# Runs the suites that speak to a server with HTTP/2 served by hyper (http2.engine = "hyper"): those of the server, of its
# connections, h2spec, the chaos tests and the live tests of the Rust client. Three are excluded: floods of PING and SETTINGS are
# bounded by h2 itself, which stops to read them, and a client without a window is not heard (docs/http2-engines.md). Suites whose
# subject no engine can change are not run again: files, grants, counts and lines of the log.
#
#   scripts/test-engine-hyper.sh            arguments go to the test binaries: scripts/test-engine-hyper.sh a_slow_reader
#
# They are chosen by name from the whole workspace, so that the binaries of `cargo test --workspace` are used as they are.
set -eu
cd "$(dirname "$0")/.."

names=$(for file in server/tests/*.rs server/net/tests/*.rs server/http2/tests/h2spec.rs tests/chaos/tests/*.rs; do
    basename "$file" .rs
done | sort -u | grep -vxE 'access_matrix|auth_jwks|config_.*|fuzzing|log_.*|rate_limits.*|tickets|tokens')
[ -d clients/rust/tests/live ] && names="$names live"

# The first is for servers within the test's own process, the second for those that are processes.
export WIGWAG_TEST_HTTP2_ENGINE=hyper WIGWAG_HTTP2__ENGINE=hyper
# shellcheck disable=SC2046
cargo test --workspace $(for name in $names; do printf -- '--test %s ' "$name"; done) -- \
    --skip pings_of_http2_take_turns --skip settings_of_http2_take_turns --skip a_client_without_a_window_is_heard "$@"
