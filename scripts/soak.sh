#!/usr/bin/env bash
# Breaks the connections of many sessions for a long time and says what came of it, using a server that it starts.
#
#   scripts/soak.sh                            a million messages between 200 sessions, over ten thousand resumes
#   MESSAGES=10000000 CUTS=200000 SEED=7 scripts/soak.sh
#   scripts/soak.sh slow                       members that never read
#   scripts/soak.sh shared-connection          good and bad streams on one HTTP/2 connection
#   scripts/soak.sh restart                    the server is stopped under traffic and restarted
#
# Further arguments are passed on (see `wigwag-chaos swarm --help`). Exits with 1 if a guarantee was broken; a soak then prints
# the command that repeats it, and the logs of all sessions are in target/soak.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}"
scenario="${1:-swarm}"
shift || true
# A handler that panics is one of the bad streams.
features=()
[ "$scenario" = shared-connection ] && features=(--features wigwag-server/test-panic)
cargo build --release -p wigwag-server -p wigwag-chaos "${features[@]}"
chaos="$target/release/wigwag-chaos"
server=(--server "$target/release/wigwag-server")

case "$scenario" in
  swarm)
    exec "$chaos" swarm "${server[@]}" --messages "${MESSAGES:-1000000}" --sessions "${SESSIONS:-200}" \
      --cuts "${CUTS:-20000}" --seed "${SEED:-1}" --logs "$target/soak" "$@"
    ;;
  shared-connection)
    # The panics are wanted.
    export RUST_BACKTRACE=0
    exec "$chaos" shared-connection "${server[@]}" --seconds "${SECONDS_OF_RUN:-60}" --attackers "${ATTACKERS:-100}" \
      --panic-path /test/panic "$@"
    ;;
  slow | restart)
    exec "$chaos" "$scenario" "${server[@]}" "$@"
    ;;
  *)
    echo "scripts/soak.sh: no scenario \"$scenario\": swarm, slow, shared-connection or restart" >&2
    exit 64
    ;;
esac
