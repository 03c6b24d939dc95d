#!/usr/bin/env bash
# Prints the path of a wigwag-server to be compared. The argument is a binary, or a git revision: that is built in a scratch
# worktree under target/base, once.
set -euo pipefail
base=$1
if [[ -f "$base" && -x "$base" ]]; then
    realpath "$base"
    exit
fi
cd "$(dirname "$0")/.."
if ! revision=$(git rev-parse --verify --quiet --short "$base^{commit}"); then
    echo "bench/base.sh: $base is neither a program nor a git revision of this repository" >&2
    exit 1
fi

folder=$(realpath -m "${CARGO_TARGET_DIR:-target}")/base
binary=$folder/wigwag-server-$revision
if [[ ! -x "$binary" ]]; then
    echo "bench/base.sh: building wigwag-server at $revision, once" >&2
    tree=$folder/tree-$revision
    mkdir -p "$folder"
    trap 'git worktree remove --force "$tree"' EXIT
    git worktree add --quiet --force --detach "$tree" "$revision" >&2
    (cd "$tree" && CARGO_TARGET_DIR="$folder/build" cargo build --release --locked -p wigwag-server >&2)
    cp "$folder/build/release/wigwag-server" "$binary"
fi
echo "$binary"
