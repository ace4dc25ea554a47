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
