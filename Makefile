# The targets of daily work: run, test, lint, gen, bench. CI runs the same ones.

export PATH := $(PATH):$(CURDIR)/target/tools
export WIGWAG_SERVER ?= $(CURDIR)/target/debug/wigwag-server
TS := clients/typescript
PAGE := examples/browser-call
COMPAT := tests/compat
TRANSPORTS := tests/transports
ECHO := examples/rust-echo
BOT := examples/node-bot
PEERS := tests/peers

.PHONY: run test lint gen setup npm server test-rust test-engine-hyper test-tls test-old-new test-ts test-browser test-compat test-interop test-proxies test-shared-envoy test-grpc-conformance test-peers test-tokens receipt-times silent-sockets mutants token-mutations access-matrix deny licenses sbom fuzz soak shared-connection unread-memory bench bench-quick bench-compare bench-publish auth-cost instructions

run: ## Run a server on loopback
	cargo run --release

test: setup test-rust test-ts test-old-new test-browser test-compat test-interop test-proxies test-grpc-conformance test-peers test-tokens ## Run all tests: Rust, TypeScript, browsers, third-party clients
	@echo "make test: all suites passed"

setup: ## Install what the tests need, where possible
	@scripts/setup.sh

# As a part of the whole workspace: by itself it would be built with other features of its dependencies, and they again with it.
# The test asks for the server; and tests/chaos for the route whose handler panics, which is for tests alone.
server:
	cargo test --workspace --no-run --test config_binary

npm:
	scripts/npm-ci.sh $(TS) $(PAGE) $(COMPAT) $(TRANSPORTS) $(BOT) $(PEERS)

test-rust: server ## Test the Rust crates, including the generated code
	cargo test --workspace
	scripts/test-engine-hyper.sh
	scripts/test-tls.sh

test-engine-hyper: server ## Test the server with HTTP/2 served by hyper
	scripts/test-engine-hyper.sh

test-tls: server ## Test the listener with every connection over TLS
	scripts/test-tls.sh

test-ts: server npm ## Test the TypeScript client and the example page
	cd $(TS) && npm test && npm run test:server && npm run test:conformance && npm run test:consumers
	cd $(PAGE) && npm test

test-old-new: server npm ## Test the release's clients with this server, and these clients with the release's server
	scripts/test-old-new.sh

test-browser: server npm ## Test in Chromium against a real server
	cd $(TS) && npm run test:browser
	cd $(PAGE) && npm run test:browser

test-compat: server npm ## Test the compatibility protocols and transports with third-party clients
	cd $(COMPAT) && npm test
	cd $(TRANSPORTS) && npm test

test-interop: server ## Test with independent clients: grpcio, grpcurl, schemathesis
	tests/python/run.sh
	tests/rest/schemathesis.sh

test-proxies: server ## Test behind nginx, HAProxy, Caddy and Envoy, and with HTTP/2 clients of several languages
	tests/proxies/run.sh

test-shared-envoy: server ## Run good and bad streams on one connection from Envoy (SECONDS, ATTACKERS, PAIRS)
	SECONDS_OF_RUN=$(or $(SECONDS),60) ATTACKERS=$(or $(ATTACKERS),100) tests/proxies/run.sh test/shared-connection.test.mjs

test-grpc-conformance: ## Run Connect's conformance suite over the server's transport stack
	tests/grpc-conformance/run.sh

test-peers: server npm ## Test the native examples (Rust, Node, Python) against Chromium
	cd $(ECHO) && cargo build && cargo test
	cd $(TS) && npm run build
	cd $(PEERS) && npm test

test-tokens: ## Exchange tokens with PyJWT, jose and golang-jwt, and run the snippets of docs/tokens.md
	tests/tokens/run.sh

lint: npm ## Check formatting, clippy and the protos
	cargo fmt --all --check
	scripts/clippy.sh
	scripts/features.sh
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps -p wigwag-proto -p wigwag-client --features wigwag-client/tls,wigwag-client/seal
	cd $(ECHO) && cargo fmt --check && $(CURDIR)/scripts/clippy.sh
	cd $(TS) && npm run lint:proto && npm run format:proto
	scripts/breaking.sh

mutants: ## Check that the tests of the hub catch each deliberate defect in tests/mutants
	scripts/mutants.sh

token-mutations: ## Change a million good tokens at random and check that none is accepted (TOKEN_MUTATIONS, TOKEN_SEED)
	TOKEN_MUTATIONS=$(or $(TOKEN_MUTATIONS),1000000) cargo test -p wigwag-token --test mutations -- --nocapture

receipt-times: server ## Measure how long receipts take, beside envelopes the other way
	cargo test -p wigwag-client --test live receipts_arrive_soon -- --ignored --nocapture

silent-sockets: ## Open 10,000 connections that say little, and 1,000 on a server with 200 descriptors (SOCKETS)
	cargo build --release -p wigwag-server
	python3 tests/python/silent_sockets.py --server $${CARGO_TARGET_DIR:-target}/release/wigwag-server --sockets $(or $(SOCKETS),10000)

unread-memory: ## Measure the memory of 1,000 members that read nothing, over each transport
	ulimit -n 4096 && WIGWAG_UNREAD_MEMBERS=1000 cargo test -p wigwag-server --test unread_memory -- --nocapture --test-threads 1

fuzz: ## Fuzz every parser for a minute (FUZZ_SECONDS, FUZZ_RUNS, FUZZ_JOBS, FUZZ_TARGETS)
	scripts/fuzz.sh

deny: ## Check licenses, sources and bans of the dependencies, and advisories where they can be had
	scripts/deny.sh

licenses: ## Write the license texts that wigwag-server licenses prints, after a change of the dependencies
	cargo run -q -p wigwag-architecture --example third_party licenses

sbom: ## Write the bills of materials (CycloneDX) of the server and of the npm package into target/sbom
	cargo run -q -p wigwag-architecture --example third_party sbom target/sbom

access-matrix: ## Do a million random things as random users and clients, beside a model (STEPS, SEED, WIGWAG_ACCESS_WORLDS)
	WIGWAG_ACCESS_STEPS=$(or $(STEPS),1000000) cargo test --release --workspace --test access_matrix -- --nocapture

soak: ## Break the connections of sessions thousands of times (MESSAGES, SESSIONS, CUTS, SEED)
	scripts/soak.sh

shared-connection: ## Run good and bad streams on one HTTP/2 connection (SECONDS, ATTACKERS)
	SECONDS_OF_RUN=$(or $(SECONDS),60) ATTACKERS=$(or $(ATTACKERS),100) scripts/soak.sh shared-connection

bench: ## Benchmark against other servers (15 minutes)
	bench/run.sh

bench-quick: ## The same in about five minutes
	bench/run.sh quick

bench-compare: ## Benchmark this tree against BASE (a revision or a binary), interleaved
	bench/run.sh compare

auth-cost: ## Count the instructions per signal without and with tokens; fails above LIMIT (1.02)
	bench/auth-cost.sh

instructions: ## Count instructions per signal with callgrind and compare with BASE; fails above LIMIT
	bench/instructions.sh

bench-publish: ## Put the newest results into bench/README.md
	bench/publish.sh

gen: npm ## Regenerate code from proto/
	-cargo test -q -p wigwag-proto
	cd $(TS) && npm run generate
