#!/usr/bin/env bash
# STAR's "task done" when chats come as a speech recogniser would hand them over: what roughening in
# training keeps, and whether chat and voice are on one scale.
#
#   run.sh STAR OUT
#
# STAR is OUT of experiments/star/run.sh: its sides, and its model of "task done", which never heard
# a recogniser. OUT is a folder for everything made. A step whose result is there is not done again,
# and training that was stopped goes on.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
star=$from
mkdir -p data runs

# heard SIDE RATE SEED: that side of the data as calls with so many words wrong.
heard() {
  local out=data/$1-$2.jsonl
  [ -f "$out" ] || "$arcsat" import --format jsonl "$star/star/$1.jsonl" --roughen \
    --roughen.word_error "$2" --roughen.seed "$3" --out "$out"
}
for rate in 0 0.1 0.2 0.3 0.4; do heard test $rate 101; done
heard calibration 0.15 102
# Calibration takes half as chats and the others as calls, so that none counts twice. The test side has
# all of them both ways, the calls under other ids: each channel is looked at by itself.
awk 'NR % 2 == 1' "$star/star/calibration.jsonl" >data/calibration-both.jsonl
awk 'NR % 2 == 0' data/calibration-0.15.jsonl >>data/calibration-both.jsonl
cat "$star/star/test.jsonl" <(sed 's/^{"id":"/{"id":"heard-/' data/test-0.2.jsonl) >data/test-both.jsonl

train heard --encoder "$encoder" --data "$star/star/train.jsonl" \
  --validation "$star/star/validation.jsonl" --survey.target attribute:task_done \
  --model.cross_turn_layers 6 --train.epochs 4 --train.roughen 0.5 --train.roughen_error 0.3

# Each calibrated on chats alone, as a company without calls would, and on both channels.
for name in written heard; do
  from=runs/heard
  [ $name = written ] && from=$star/runs/star-task_done
  for calibrated in calibration.jsonl calibration-both.jsonl; do
    model=runs/$name-${calibrated%.jsonl}
    [ -f "$model/done" ] && continue
    rm -rf "$model"
    mkdir -p "$model"
    cp -r "$from/model" "$model/model"
    side=data/$calibrated
    [ -f "$side" ] || side=$star/star/$calibrated
    "$arcsat" calibrate --model "$model" --data "$side" --quiet
    touch "$model/done"
  done
done

mkdir -p figures
for name in written heard; do
  for calibrated in calibration calibration-both; do
    out=figures/$name-$calibrated-on-both.json
    [ -f "$out" ] || "$arcsat" evaluate --model "runs/$name-$calibrated" --data data/test-both.jsonl \
      --labelled-only --out "$out" --quiet
  done
done
# compare's exit code is its verdict, 3 or 4 where it is not "passes".
for test in "$star/star/test.jsonl" data/test-{0,0.1,0.2,0.3,0.4}.jsonl; do
  out=figures/$(basename "$test" .jsonl).json
  [ -f "$out" ] || "$arcsat" compare runs/written-calibration runs/heard-calibration --data "$test" \
    --out "$out" --quiet || { code=$?; [ $code = 3 ] || [ $code = 4 ]; }
done
"$py" "$here/table.py" . | tee results.md
