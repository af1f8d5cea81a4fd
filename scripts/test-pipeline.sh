#!/usr/bin/env bash
# The real pipeline once, short, as one of the suites of `make test`: on free ports and in a directory of its own, so
# that it disturbs neither a stack that runs nor another test. Knobs as in pipeline.sh.
set -euo pipefail
# shellcheck source=lib.sh source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

take_ports PG_PORT KAFKA_PORT CONNECT_PORT
export ROWS=${ROWS:-20000} WARM_ROWS=${WARM_ROWS:-0} LATENCY_ROWS=${LATENCY_ROWS:-20}
export STACK_DIR=${STACK_DIR:-"$ROOT/.stack/test"}
exec "$ROOT/scripts/pipeline.sh"
