# Sourced by the studies' scripts, each of which is called with what it begins from and a folder for
# everything made. `begin "$@"` goes into that folder and leaves the first as $from, the script's own
# as $here; $arcsat, $encoder and $py are the programs that ARCSAT, ENCODER and PY name, or the
# project's own.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$(cd "$(dirname "$0")" && pwd)
arcsat=$(realpath -m "${ARCSAT:-$root/build/arcsat}")
encoder=$(realpath -m "${ENCODER:-$root/.deps/minilm}")
py=${PY:-$root/.deps/venv/bin/python}
[ -x "$arcsat" ] || { echo "run.sh: $arcsat is missing; make build, or set ARCSAT" >&2; exit 1; }

begin() {
  if [ $# -ne 2 ]; then
    echo "usage: $(basename "$0") FROM OUT; what they are stands at its beginning" >&2
    exit 2
  fi
  from=$(realpath "$1")
  mkdir -p "$2"
  cd "$2"
}

# train NAME options: `arcsat train` into runs/NAME, unless that is done or
# measured; a run that was stopped goes on.
train() {
  local name=$1 resume=()
  shift
  if [ -f "runs/$name/done" ] || [ -f "$name.json" ]; then return; fi
  if [ -f "runs/$name/config.cfg" ]; then resume=(--resume); fi
  "$arcsat" train --out "runs/$name" ${resume[@]+"${resume[@]}"} "$@"
  touch "runs/$name/done"
}

# measure NAME SIDES [options of calibrate]: calibrates runs/NAME on SIDES/calibration.jsonl, and NAME.json
# says what it is worth on SIDES/test.jsonl, unless that is there.
measure() {
  local name=$1 sides=$2
  shift 2
  [ -f "$name.json" ] && return
  "$arcsat" calibrate --model "runs/$name" --data "$sides/calibration.jsonl" --quiet "$@"
  "$arcsat" evaluate --model "runs/$name" --data "$sides/test.jsonl" --out "$name.json" --quiet
}
