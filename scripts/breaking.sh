#!/bin/sh
# Checks that the protos break no client or server of the latest release (buf's rules: proto/buf.yaml). Where the release is
# not there to compare with, it says so and checks nothing.
set -eu
cd "$(dirname "$0")/.."

buf=$PWD/clients/typescript/node_modules/.bin/buf
version=$(scripts/released.sh version)
old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
status=0
scripts/released.sh "$old" proto || status=$?
if [ "$status" -eq 3 ]; then
  echo "buf breaking: not compared with $version"
  exit 0
fi
[ "$status" -eq 0 ] || exit "$status"
"$buf" breaking proto --against "$old/proto"
echo "buf breaking: nothing that $version has is gone or changed"
