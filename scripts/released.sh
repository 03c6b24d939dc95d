#!/bin/sh
# Unpacks files of the latest release, which scripts/released names.
#
#   scripts/released.sh version             prints the version, such as v0.1.0
#   scripts/released.sh DIRECTORY PATH ...  unpacks these paths of the release into the directory
#
# Exits with 3, and says why, where the release's commit is not there: in a shallow clone, or outside of a clone.
set -eu
cd "$(dirname "$0")/.."

version=$(sed -n 's/^\(v[^ ]*\) .*/\1/p' scripts/released)
commit=$(sed -n 's/^v[^ ]* //p' scripts/released)
if [ "$1" = version ]; then
  echo "$version"
  exit
fi
into=$1
shift
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
  if [ "$(git rev-parse --is-shallow-repository 2>/dev/null)" = true ]; then
    echo "a shallow clone does not have the commit of $version: git fetch --unshallow" >&2
  else
    echo "the commit of $version ($commit) is not in this copy: clone the repository, or git fetch origin $commit" >&2
  fi
  exit 3
fi
mkdir -p "$into"
git archive "$commit" -- "$@" | tar -x -C "$into"
