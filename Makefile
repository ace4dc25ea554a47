# make demo   installs, builds, trains on simulated conversations, and scores with ONNX Runtime
# make test   installs, builds, and runs every test
PY := .deps/venv/bin/python
BUILD := build
# Two compilers on one core only push each other out of its cache.
JOBS := $(shell nproc)

.PHONY: all setup setup-test build demo test test-spark sanitize fuzz lint reliability bench bench-gpu bench-score bench-scorers \
	bench-stream clean
all: build

setup:
	@bash tools/setup.sh

setup-test:
	@bash tools/setup.sh test

$(BUILD)/build.ninja: CMakeLists.txt CMakePresets.json | setup
	@cmake --preset release >$(BUILD).log 2>&1 || { tail -20 $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

build: setup $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j$(JOBS) --target arcsat

demo: build
	@bash tools/demo.sh

test: setup-test build
	@cmake --build $(BUILD) -j$(JOBS)
# Two tests at a time with a thread each: threads that wait for each other on two cores are slow.
	@OMP_NUM_THREADS=1 ctest --test-dir $(BUILD) --output-on-failure --timeout 1500 -j2
	@bash tools/fuzz.sh 3

# The Spark job on 100,000 simulated conversations, one of two executors killed (needs Java 17).
test-spark: setup-test build
	@$(PY) -m pip install -q --disable-pip-version-check -r tools/requirements-spark.txt
	@ARCSAT_BIN=$(BUILD)/arcsat ARCSAT_PYTHON=$(PY) ARCSAT_SPARK_CONVERSATIONS=100000 \
		$(PY) -m pytest -q -p no:cacheprovider tests/e2e/test_spark.py

# Everything without torch, under the address and undefined-behaviour sanitizers.
sanitize: setup
	@cmake --preset sanitize >/dev/null
	@cmake --build build-sanitize -j$(JOBS)
	@ctest --test-dir build-sanitize --output-on-failure --timeout 900 -j2

# Every parser for FUZZ_SECONDS under libFuzzer, where clang has it.
FUZZ_SECONDS := 600
fuzz: setup
	@bash tools/fuzz.sh $(FUZZ_SECONDS)

lint: setup-test
	@git ls-files '*.cc' '*.h' | xargs clang-format --dry-run --Werror
	@cmake --preset lint >/dev/null
	@git ls-files 'data/*.cc' 'eval/*.cc' 'configs/*.cc' | grep -v -e batch.cc -e bind_ | \
		xargs -P2 -n4 clang-tidy -p build-lint --quiet --extra-arg=-Wno-unknown-warning-option

# CAMPAIGN=kills, resumes, damage, disk or killed (processes of several): one of them; SHARE=0.1: a tenth of it
CAMPAIGN ?= kills or resumes or damage or disk or killed
SHARE ?= 1
reliability: setup-test build
	@cmake --build $(BUILD) --target arcsat_fail_io
	@ARCSAT_BIN=$(BUILD)/arcsat ARCSAT_PROBES=$(BUILD)/probes ARCSAT_CAMPAIGN=$(SHARE) ARCSAT_KILLS=50 $(PY) -m pytest \
		-q -p no:cacheprovider tests/e2e/test_reliability.py tests/e2e/test_processes.py -k "$(CAMPAIGN)"

bench: setup-test build
	@$(PY) bench/bench.py

# With a GPU and LibTorch with CUDA.
bench-gpu: setup-test build
	@$(PY) bench/bench.py --device cuda --shape 12x384 --batch 128 --updates 20
	@$(PY) bench/bench.py --device cuda --shape 12x768 --batch 128 --updates 20

bench-score: setup-test build
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps -r tools/requirements-bench-nodeps.txt
	@$(PY) bench/score.py

# MODEL=run BUNDLE=its bundle DATA=conversations
bench-scorers: setup-test build
	@$(PY) bench/scorers.py --model $(MODEL) --bundle $(BUNDLE) --data $(DATA)

# MODEL=run DATA=conversations
bench-stream: build
	@cmake --build $(BUILD) --target arcsat_bench_stream
	@$(BUILD)/bench/arcsat_bench_stream $(MODEL) $(DATA)

clean:
	rm -rf $(BUILD) build-sanitize build-lint build-fuzz demo
