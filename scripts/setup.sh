#!/usr/bin/env bash
# Installs what the tests need besides Rust, where possible, and lists what it could not install. Run by `make test`.
# Downloads only from package registries. Works as root and as a user with sudo.
set -u

missing=()
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo"; else sudo="none"; fi
fi

updated=""
apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  [ "$sudo" = "none" ] && return 1
  if [ -z "$updated" ]; then
    $sudo apt-get update -qq >/dev/null 2>&1 || true
    updated=yes
  fi
  # With RUNLEVEL=1 services are installed without being started.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

# need COMMAND WHAT-FOR PACKAGE...
need() {
  local command="$1" purpose="$2"
  shift 2
  command -v "$command" >/dev/null 2>&1 && return 0
  echo "setup: installing $* ($purpose)"
  apt_install "$@"
  command -v "$command" >/dev/null 2>&1 || missing+=("$command ($purpose): install the package $*")
}

need cc "linking Rust programs" gcc libc6-dev
need c++ "fuzzing" g++
need python3 "the interoperability tests" python3 python3-venv
need node "the TypeScript client and the browser tests" nodejs npm
need npm "the TypeScript client and the browser tests" npm
need chromium "the browser tests" chromium

# Servers in /usr/sbin, which the PATH of a user may not have. Without one its tests are skipped with a message.
PATH="$PATH:/usr/sbin:/sbin"
# optional COMMAND WHAT-FOR PACKAGE...
optional() {
  local command="$1" purpose="$2"
  shift 2
  command -v "$command" >/dev/null 2>&1 && return 0
  echo "setup: installing $* ($purpose)"
  apt_install "$@" || echo "setup: $* could not be installed; $purpose will be skipped"
}
for proxy in nginx haproxy caddy; do
  optional "$proxy" "the tests behind it" "$proxy"
done
optional turnserver "the tests with a TURN server" coturn
optional curl "the tests with curl" curl
optional nghttp "the tests with nghttp and h2load" nghttp2-client
optional javac "the tests with grpc-java and okhttp" default-jdk-headless
optional mvn "the tests with grpc-java and okhttp" maven
optional php "the snippet that signs a token in PHP" php-cli

if command -v python3 >/dev/null 2>&1 && ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
  apt_install python3-venv
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=("python3 venv (the interoperability tests): install the package python3-venv")
fi
command -v cargo >/dev/null 2>&1 || missing+=("cargo (everything): install Rust 1.94 or newer with rustup")

# These are Go modules. Without Go their tests are skipped with a message.
tools="${WIGWAG_TOOLS:-target/tools}"
go_tool() {
  local command="$1" purpose="$2" module="$3"
  if command -v "$command" >/dev/null 2>&1 || [ -x "$tools/$command" ]; then return 0; fi
  if ! command -v go >/dev/null 2>&1; then
    echo "setup: Go is missing, so $command is not installed and its tests will be skipped"
    return 0
  fi
  echo "setup: installing $command ($purpose)"
  mkdir -p "$tools"
  GOBIN="$(cd "$tools" && pwd)" GOFLAGS=-mod=mod go install "$module" >/dev/null 2>&1 ||
    echo "setup: $command could not be installed; its tests will be skipped"
}
command -v go >/dev/null 2>&1 || echo "setup: Go is missing; the tests with grpc-go will be skipped"
go_tool grpcurl "the walk-through of the README" github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4
go_tool connectconformance "the conformance of gRPC" connectrpc.com/conformance/cmd/connectconformance@v1.0.7
go_tool h2spec "the tests of HTTP/2" github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible

if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: these are missing and could not be installed here:"
  printf 'setup:   %s\n' "${missing[@]}"
  exit 1
fi
echo "setup: everything that the tests need is installed"
