#!/usr/bin/env bash
# STAR's rows of the table of coverage in docs/statistics.md ("Measured at level 0.9").
#
#   star_conformal.sh STAR OUT
#
# STAR is OUT of experiments/star/run.sh: its sides, and its model of "task done". OUT is a folder for
# everything made; scores that are there are not made again. PROBE may name another
# arcsat_reliability_probe than the project's own, which `make test` builds.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
probe=$(realpath -m "${PROBE:-$root/build/probes/arcsat_reliability_probe}")
[ -x "$probe" ] || { echo "$(basename "$0"): $probe is missing; make test, or set PROBE" >&2; exit 1; }
begin "$@"

# A copy, calibrated by a temperature alone: one number, so that answers it was fitted on serve for the
# sets as well.
if [ ! -f model/done ]; then
  rm -rf model
  cp -r "$from/runs/star-task_done/model" model
  "$arcsat" calibrate --model model --data "$from/star/calibration.jsonl" \
    --calibrate.outlook temperature --calibrate.final outlook --quiet >/dev/null
  touch model/done
fi
for side in calibration test; do
  [ -f "$side-scores.jsonl" ] || "$arcsat" score --model model --data "$from/star/$side.jsonl" \
    --out "$side-scores.jsonl" --quiet
done
"$py" "$here/star_conformal.py" "$probe" "$from/star" . | tee results.md
