# What a person types. Each target installs what it needs (scripts/setup.sh), so that it works on a machine with only
# Swift on it; `make help` lists them.

SHELL := /bin/bash
SOURCES := Package.swift Sources Tests Benchmarks Fuzzing Examples

.PHONY: help demo pipeline compare stack build test test-cluster check examples bench crash simulate fuzz guide format install clean

help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# In debug it is built in a few minutes; in release it takes more than twice as long.
demo: ## Broker, change events, the agents, a summary. BUILD=release measures. Knobs: EVENTS RATE PARTITIONS INSTANCES SCHEMAS KILL KAFKA_BOOTSTRAP.
	@scripts/setup.sh native
	@scripts/build.sh demo anomaly-agent velocity-agent probe-agent $(if $(KAFKA_BOOTSTRAP),kw)
	@scripts/demo.sh

demo: export BUILD ?= debug

pipeline: build ## PostgreSQL, Debezium, broker, agents: the real pipeline, with a summary. Knobs: ROWS WARM_ROWS LATENCY_ROWS PARTITIONS CONNECTORS KILL_CONNECT SECURE KAFKA_BOOTSTRAP.
	@scripts/setup.sh pipeline
	@scripts/pipeline.sh

compare: build ## The stream beside Spark over JDBC and an SQL poll: same rows, same alerts, measured. Knobs: SIZES ROWS RATE BURST USERS INTERVAL PARTITIONS WAYS JSON PICTURES KAFKA_BOOTSTRAP.
	@scripts/setup.sh compare
	@scripts/compare.sh

stack: build ## The same, left running for trying things by hand; Ctrl-C stops it. Knobs: SECURE PARTITIONS KAFKA_BOOTSTRAP.
	@scripts/setup.sh pipeline
	@scripts/stack.sh

build: ## Build all programs in release mode.
	@scripts/setup.sh native
	@scripts/build.sh

test: ## Everything that can be tested here; installs what it needs.
	@scripts/setup.sh all
	@scripts/test.sh

test-cluster: ## The client in a real cluster: KAFKA_BOOTSTRAP=host:port, or three nodes of our own. Knobs: ONLY.
	@scripts/setup.sh native
	@scripts/test-cluster.sh

check: ## Format, warnings, layers, scripts: what a change must pass.
	@scripts/setup.sh native
	@scripts/check.sh

examples: export BUILD := debug
examples: ## The programs of Examples against kw broker, and one of them under the simulation. Knobs: STORM.
	@scripts/setup.sh native
	@scripts/build.sh kw
	@scripts/examples.sh

bench: build ## Side by side with librdkafka and kafka-python. Knobs: RECORDS REPEAT.
	@scripts/setup.sh all
	@scripts/bench.sh

crash: build ## Kill the broker at random moments under load, and fill its disk. Knobs: KILLS SEED RUNS.
	@scripts/setup.sh venv
	@scripts/crash.sh

simulate: ## Client and broker under a clock that jumps, while all goes wrong, seed by seed. Knobs: HISTORIES SEED SCENARIO MINUTES JOBS VERIFY CAPTURE.
	@scripts/setup.sh native
	@scripts/build.sh kw
	@scripts/simulate.sh

fuzz: ## Fuzz all that decodes bytes from outside; a minute for each target. Knobs: TIME RUNS TARGET JOBS SANITIZE.
	@scripts/setup.sh native
	@scripts/fuzz.sh

guide: ## The pages of "Kafka, byte by byte" into .build/guide.
	@scripts/guide.sh build
	@echo "open .build/guide with: python3 -m http.server -d .build/guide 8000, then /documentation/kafkabytebybyte"

install: ## kw, which then needs no Swift, its man page and completions below PREFIX (/usr/local), behind DESTDIR.
	@scripts/setup.sh native
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh

format: ## Format the sources.
	@swift format -i -r $(SOURCES)

clean: ## Remove what was built and what runs have left.
	@rm -rf .build .demo .stack .fuzz Benchmarks/.build Fuzzing/.build Examples/.build
