# `make run` and `make test` are all that is needed on a fresh machine with Rust.

.DEFAULT_GOAL := help
.PHONY: help run bench bench-docs test test-api test-api-long test-calendars test-dialects test-long test-pages test-prosody test-recurrence test-tokens prepare fmt docs deb

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1	/'

run: ## Run Frontdesk with nothing set up: it brings its own database
	@scripts/install-postgres
	cargo build --locked --profile quick
	@exec env -u DATABASE_URL -u FRONTDESK_DATABASE_URL target/quick/frontdesk serve

test: ## Check the formatting and the lints, and run every test on a real PostgreSQL
	@scripts/install-postgres
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	scripts/with-postgres cargo test --locked
	scripts/test-calendars
	scripts/test-tokens
	scripts/test-api
	scripts/test-dialects
	scripts/test-pages

test-calendars: ## Have other programs read the calendars that Frontdesk writes
	scripts/test-calendars

test-api: ## Ask for everything that the API's document says, with good and bad input, and with a generated client
	scripts/test-api

test-api-long: ## The same for a quarter of an hour, with new input each time
	scripts/test-api 900

test-dialects: ## Play the apps that were written for JioMeet, Metered, ProCONF and Datagram
	scripts/test-dialects

test-long: ## Run the tests that kill, many more times
	KILLS=30 scripts/with-postgres cargo test --locked --test it crashes

test-pages: ## Have a real browser walk the pages behind join links; what they look like is in target/pages then
	scripts/test-pages

test-prosody: ## Run the tests with a real Prosody; JITSI_PLUGINS says where Jitsi's plugins are
	@scripts/test-prosody

test-recurrence: ## Compare the dates of 100000 generated series with those of python-dateutil
	scripts/test-recurrence

test-tokens: ## Exchange signing keys and room tokens with another program
	scripts/test-tokens

bench: ## Measure it beside pgbench on this machine, for about an hour; what comes out is in target/bench
	@scripts/install-postgres
	cargo bench --locked --profile dist --bench pure --bench nine_oclock

bench-docs: ## Put what the last `make bench` found into docs/performance.md
	cargo bench --locked --profile dist --bench nine_oclock -- docs

docs: ## Write the parts of docs/ anew that follow from the code
	RENEW_DOCS=1 cargo test --locked --test docs

fmt: ## Format the code
	cargo fmt

prepare: ## Write .sqlx anew after a change to a statement or the schema
	scripts/with-postgres scripts/prepare

deb: ## Build the package for Debian in target/debian (needs `cargo install --locked cargo-deb`)
	cargo deb --locked
