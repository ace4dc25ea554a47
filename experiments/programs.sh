# Sourced by the studies' run.sh before they change folders: the programs that ARCSAT, ENCODER and PY
# name, or the project's own.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
arcsat=$(realpath -m "${ARCSAT:-$root/build/arcsat}")
encoder=$(realpath -m "${ENCODER:-$root/.deps/minilm}")
py=${PY:-$root/.deps/venv/bin/python}
[ -x "$arcsat" ] || { echo "run.sh: $arcsat is missing; make build, or set ARCSAT" >&2; exit 1; }
