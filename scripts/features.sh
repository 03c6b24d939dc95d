#!/bin/sh
# Checks wigwag-compat with each of its protocols alone, and with none: no build may have warnings.
set -eu
cd "$(dirname "$0")/.."
wrapper=${RUSTC_WORKSPACE_WRAPPER:-}
for feature in rooms-ws plain-json connector socketio peerjs ""; do
  echo "wigwag-compat with ${feature:-no protocol}"
  if [ "${wrapper##*/}" = clippy-driver ]; then
    # As scripts/clippy.sh: most dependencies are built already.
    cargo build -q -p wigwag-compat --no-default-features --features "$feature"
  else
    cargo clippy -q -p wigwag-compat --no-default-features --features "$feature" -- -D warnings
  fi
done
