#!/usr/bin/env bash
# `make crash`: the embedded broker's data directory under kill -9 and on a full disk, and agents under kill -9; see
# Tests/Foreign/crash_test.py, agent_crash_test.py.
# KILLS is how often the broker is killed in each run, SEED decides the moments (any, where it is not given), RUNS how
# many runs there are.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"

KILLS=${KILLS:-200}
RUNS=${RUNS:-1}
KW=${KW:-$ROOT/.build/release/kw}
PYTHON=${KAFKAWIRE_VENV:-$VENV}/bin/python

[ -x "$KW" ] || die "$KW is missing; run: make build"
"$PYTHON" -c 'import confluent_kafka' 2>/dev/null || die "no confluent-kafka for $PYTHON; run: scripts/setup.sh venv"

for run in $(seq "$RUNS"); do
  step "crash test $run of $RUNS"
  "$PYTHON" Tests/Foreign/crash_test.py --kw "$KW" --kills "$KILLS" ${SEED:+--seed "$((SEED + run - 1))"}
done
step "agents killed, paused and doubled under load"
for agent in anomaly-agent probe-agent; do
  "$PYTHON" Tests/Foreign/agent_crash_test.py --bin "$(dirname "$KW")" --agent "$agent" --kills "$KILLS" ${SEED:+--seed "$SEED"}
done
step "a full disk"
"$PYTHON" Tests/Foreign/full_disk_test.py --kw "$KW"
