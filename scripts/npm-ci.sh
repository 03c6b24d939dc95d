#!/bin/sh
# Installs the npm packages of these directories, unless what their package-lock.json names was installed there before.
set -eu
cd "$(dirname "$0")/.."

for directory in "$@"; do
    stamp=$directory/node_modules/.installed-lock
    if ! cmp -s "$directory/package-lock.json" "$stamp"; then
        echo "npm ci in $directory"
        (cd "$directory" && npm ci --no-audit --no-fund)
        # Last, so that an interrupted installation is repeated.
        cp "$directory/package-lock.json" "$stamp"
    fi
done
