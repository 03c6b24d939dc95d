#!/usr/bin/env bash
# Old and new: the clients of the latest release (scripts/released) with the server of this tree, and the clients of this tree
# with the server of the release, over WebSocket in JSON and in binary, gRPC-Web and gRPC. They play scenarios of the release
# (clients/conformance): a server of the release refuses an envelope with a field that it does not know, so that a play which
# passes has sent none.
#
# The release is unpacked and built below $CARGO_TARGET_DIR/released, with the dependencies that are built already. Where its
# commit is not there, in a shallow clone for instance, this says so and checks nothing.
#
# SCENARIOS  names of scenarios (default: those below), or "all"
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
version=$(scripts/released.sh version)
release=$target/released/$version
scenarios=${SCENARIOS:-back-and-forth-while-away payload-kinds presence receipts removed-while-away resume roster-after-absence undeliverable}

if [ ! -d "$release/src" ]; then
    status=0
    rm -rf "$release"
    scripts/released.sh "$release/unpacked" . || status=$?
    if [ "$status" = 3 ]; then
        echo "old and new: not compared with $version"
        exit 0
    fi
    [ "$status" = 0 ] || exit "$status"
    mv "$release/unpacked" "$release/src"
fi

# Third-party crates do not depend on where the workspace is. Its own crates would get the same file names as those of this
# tree, so they are built from nothing.
if [ ! -d "$release/target/debug" ]; then
    mkdir -p "$release/target/debug"
    for part in build deps .fingerprint; do
        [ ! -d "$target/debug/$part" ] || cp -al "$target/debug/$part" "$release/target/debug/$part"
    done
    find "$release/target/debug" -mindepth 2 -maxdepth 2 -name '*wigwag*' -exec rm -rf {} +
fi

# Builds the player of the Rust client and the server, which the other test needs, and prints the path of the player. Of the
# whole workspace, so that the dependencies have the features that `cargo test --workspace` has built them with.
build() {
    cargo test --quiet --workspace --no-run --test conformance --test config_binary --message-format json |
        sed -n 's/.*"executable":"\([^"]*\/conformance-[^"]*\)".*/\1/p' | tail -n 1
}

echo "building $version"
old_player=$(cd "$release/src" && unset RUSTC_WORKSPACE_WRAPPER && CARGO_TARGET_DIR=$release/target build)
new_player=$(CARGO_TARGET_DIR=$target build)
old_server=$release/target/debug/wigwag-server
new_server=$target/debug/wigwag-server
"$old_server" --version
"$new_server" --version

# The scenarios of the release, as far as they are played, in place of all of them.
all=$release/scenarios
played=$release/src/clients/conformance/scenarios
[ -d "$all" ] || cp -r "$played" "$all"
rm -rf "$played"
mkdir "$played"
if [ "$scenarios" = all ]; then
    cp "$all"/*.json "$played"
else
    for name in $scenarios; do cp "$all/$name.json" "$played"; done
fi

old_ts=$release/src/clients/typescript
if [ ! -e "$old_ts/node_modules" ]; then
    if cmp -s "$old_ts/package-lock.json" clients/typescript/package-lock.json; then
        ln -s "$root/clients/typescript/node_modules" "$old_ts/node_modules"
    else
        (cd "$old_ts" && npm ci --no-audit --no-fund)
    fi
fi
play_ts() { (cd "$1" && node --import tsx --test --test-force-exit --test-reporter=spec test/conformance/*.test.ts); }

echo "the Rust client of $version with this server"
WIGWAG_SERVER=$new_server "$old_player" --nocapture
echo "the Rust client of this tree with the server of $version"
WIGWAG_SERVER=$old_server WIGWAG_SCENARIOS=$played "$new_player" --nocapture
echo "the TypeScript client of $version with this server"
WIGWAG_SERVER=$new_server play_ts "$old_ts"
echo "the TypeScript client of this tree with the server of $version"
WIGWAG_SERVER=$old_server WIGWAG_SCENARIOS=$played play_ts clients/typescript
echo "WebSocket frames by hand, with the descriptors of $version and of this tree"
OLD_SERVER=$old_server NEW_SERVER=$new_server OLD_API=$release/src/proto/src/generated/wigwag.v1.bin \
    node --test --test-reporter=spec tests/transports/old-new/*.test.mjs
echo "old and new: $version and this tree work together"
