# The words everybody uses here: run, test, lint, gen, bench. CI uses the same ones.

export PATH := $(PATH):$(CURDIR)/target/tools
export WIGWAG_SERVER ?= $(CURDIR)/target/debug/wigwag-server
TS := clients/typescript
PAGE := examples/browser-call
DIALECTS := tests/dialects
DOORS := tests/doors
ECHO := examples/rust-echo
BOT := examples/node-bot
PEERS := tests/peers

.PHONY: run test lint gen setup npm server test-rust test-ts test-browser test-dialects test-interop test-peers mutants fuzz soak bench bench-quick bench-compare bench-publish instructions

run: ## Start a server on loopback
	cargo run --release

test: setup test-rust test-ts test-browser test-dialects test-interop test-peers ## Everything: Rust, TypeScript, browsers, foreign clients
	@echo "make test: all suites passed"

setup: ## Install what the tests need, as far as possible
	@scripts/setup.sh

server:
	cargo build -p wigwag-server

npm:
	cd $(TS) && npm ci --no-audit --no-fund
	cd $(PAGE) && npm ci --no-audit --no-fund
	cd $(DIALECTS) && npm ci --no-audit --no-fund
	cd $(DOORS) && npm ci --no-audit --no-fund
	cd $(BOT) && npm ci --no-audit --no-fund
	cd $(PEERS) && npm ci --no-audit --no-fund

test-rust: server ## Hub, server, Rust client, generated code
	cargo test --workspace

test-ts: server npm ## TypeScript client and the example page
	cd $(TS) && npm test && npm run test:server && npm run test:conformance && npm run test:consumers
	cd $(PAGE) && npm test

test-browser: server npm ## Real Chromium against a real server
	cd $(TS) && npm run test:browser
	cd $(PAGE) && npm run test:browser

test-dialects: server npm ## The clients of the servers people run today
	cd $(DIALECTS) && npm test
	cd $(DOORS) && npm test

test-interop: server ## Clients nobody here wrote: grpcio, grpcurl, schemathesis
	tests/python/run.sh
	tests/rest/schemathesis.sh

test-peers: server npm ## The examples that are no web page, with Chromium
	cd $(ECHO) && cargo build && cargo test
	cd $(TS) && npm run build
	cd $(PEERS) && npm test

lint: npm ## Formatting, clippy, protos
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/features.sh
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps -p wigwag-proto -p wigwag-client --features wigwag-client/tls,wigwag-client/seal
	cd $(ECHO) && cargo fmt --check && cargo clippy --all-targets -- -D warnings
	cd $(TS) && npm run lint:proto && npm run format:proto
	@if tag=$$(git describe --tags --abbrev=0 2>/dev/null); then cd $(TS) && AGAINST=tag=$$tag npm run breaking:proto; \
	else echo "buf breaking: no release tag yet to compare with"; fi

mutants: ## Deliberate defects in the hub (tests/mutants): its tests must notice each of them
	scripts/mutants.sh

fuzz: ## Every parser for a minute: FUZZ_SECONDS, or FUZZ_RUNS; FUZZ_JOBS, FUZZ_TARGETS
	scripts/fuzz.sh

soak: ## Cut sessions a thousand times over: MESSAGES, SESSIONS, CUTS, SEED
	scripts/soak.sh

bench: ## Wigwag beside other servers, a quarter of an hour
	bench/run.sh

bench-quick: ## The same in some five minutes
	bench/run.sh quick

bench-compare: ## This tree beside BASE (a revision or a binary), interleaved
	bench/run.sh compare

instructions: ## Instructions per signal beside BASE, under callgrind; fails above LIMIT
	bench/instructions.sh

bench-publish: ## The newest results into bench/README.md
	bench/publish.sh

gen: npm ## Regenerate code from proto/
	-cargo test -q -p wigwag-proto
	cd $(TS) && npm run generate
