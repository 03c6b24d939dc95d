#!/usr/bin/env bash
# Exchanges tokens with PyJWT, jose and golang-jwt in every algorithm, and runs the snippets of docs/tokens.md. Go, Java and PHP
# are skipped with a message where they are not installed.
#
# WIGWAG_VENV  directory of PyJWT's virtual environment (default: in the target directory)
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target"
target=$(cd "$target" && pwd)
skipped() { echo "tests/tokens/run.sh: $*: skipped"; }

# With the whole workspace: by themselves the examples would be built with other features of their dependencies.
cargo test --quiet --workspace --no-run
interop=$target/debug/examples/interop

venv=${WIGWAG_VENV:-$target/pyjwt}
requirements=tests/tokens/peers/python/requirements.txt
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$venv/requirements.txt"
fi
(cd tests/tokens && npm ci --no-audit --no-fund --silent)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# exchange NAME COMMAND...  The library verifies our tokens, and we verify its own.
exchange() {
    local name=$1
    shift
    "$interop" mint >"$work/ours.json"
    "$@" <"$work/ours.json" >"$work/theirs.json"
    echo "$name agrees; of its own, $("$interop" verify <"$work/theirs.json")"
}
exchange PyJWT "$venv/bin/python" tests/tokens/peers/python/peer.py
exchange jose node tests/tokens/peers/node/peer.mjs
if command -v go >/dev/null 2>&1; then
    (cd tests/tokens/peers/go && go build -o "$work/go-peer" .)
    exchange golang-jwt "$work/go-peer"
else
    skipped "golang-jwt (Go is missing)"
fi

WIGWAG_SECRET=$(openssl rand -base64 48 2>/dev/null || head -c 36 /dev/urandom | base64)
export WIGWAG_SECRET
snippets=$(node tests/tokens/snippets.mjs "$work/snippets")

# snippet FILE COMMAND...  The command prints a token.
snippet() {
    local name=$1
    shift
    grep -qx "$name" <<<"$snippets" || { echo "docs/tokens.md has no snippet $name" >&2; exit 1; }
    "$@" >"$work/token"
    echo "$name: $("$interop" snippet <"$work/token")"
}
# Node finds packages beside the file.
ln -s "$PWD/tests/tokens/node_modules" "$work/node_modules"
snippet token.mjs node "$work/snippets/token.mjs"
snippet sign_token.py "$venv/bin/python" "$work/snippets/sign_token.py"
for name in mint mint_jsonwebtoken; do
    cmp "server/token/examples/$name.rs" "$work/snippets/$name.rs"
    snippet "$name.rs" "$target/debug/examples/$name"
done
if command -v go >/dev/null 2>&1; then
    mkdir "$work/go"
    cp tests/tokens/peers/go/go.mod tests/tokens/peers/go/go.sum "$work/snippets/token.go" "$work/go/"
    (cd "$work/go" && go build -o "$work/go-token" .)
    snippet token.go "$work/go-token"
else
    skipped "token.go (Go is missing)"
fi
if command -v mvn >/dev/null 2>&1 && command -v javac >/dev/null 2>&1; then
    java=$target/jjwt-$(sha256sum tests/tokens/pom.xml | cut -c1-16)
    if ! [ -e "$java/done" ]; then
        timeout 300 mvn --quiet --batch-mode --file tests/tokens/pom.xml dependency:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$java/lib"
        touch "$java/done"
    fi
    javac -cp "$java/lib/*" -d "$work/classes" "$work/snippets/Token.java"
    snippet Token.java java -cp "$work/classes:$java/lib/*" Token
else
    skipped "Token.java (javac or Maven is missing)"
fi
if command -v php >/dev/null 2>&1; then
    snippet token.php php "$work/snippets/token.php"
else
    skipped "token.php (PHP is missing)"
fi
echo "tests/tokens/run.sh: passed"
