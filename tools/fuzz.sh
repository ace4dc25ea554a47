#!/usr/bin/env bash
# libFuzzer over every target, under ASan and UBSan: tools/fuzz.sh SECONDS [TARGET…]. What is found
# stays in build-fuzz/found/. Says so and ends well where clang or its runtime is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift
runtime=$(clang++-14 -print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null || true)
[ -f "$runtime" ] || runtime=$(ls "$(clang++-14 -print-resource-dir 2>/dev/null)"/lib/linux/libclang_rt.fuzzer-"$(uname -m)".a 2>/dev/null || true)
if [ ! -f "$runtime" ]; then
  echo "fuzz: no clang 14 with libFuzzer (Debian: clang libclang-rt-14-dev), left out" >&2
  exit 0
fi
cmake --preset fuzz >/dev/null
cmake --build build-fuzz --target arcsat_fuzz
if [ $# -eq 0 ]; then
  set -- $(ARCSAT_FUZZ_TARGET= build-fuzz/tests/arcsat_fuzz 2>&1 | sed -n 's/.*one of: //p')
fi
for target in "$@"; do
  corpus=build-fuzz/corpus/$target
  mkdir -p "$corpus" build-fuzz/found
  seeds=(tests/fixtures/import)
  [ -d "tests/fuzz/corpus/$target" ] && seeds+=("tests/fuzz/corpus/$target")
  ARCSAT_FUZZ_TARGET=$target build-fuzz/tests/arcsat_fuzz -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=65536 -artifact_prefix="build-fuzz/found/$target-" \
    -print_final_stats=0 -verbosity=0 "$corpus" "${seeds[@]}"
  echo "fuzz: $target, ${seconds} s, nothing found"
done
