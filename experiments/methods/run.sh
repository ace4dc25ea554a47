#!/usr/bin/env bash
# STAR's "task done", one change at a time, from a model without layers across turns: half of the
# encoder's layers, another seed, the mean of three models, one that learned from their mean, answers
# left out that a bag of words doubts.
#
#   run.sh SIDES OUT
#
# SIDES holds the sides of experiments/star/run.sh (OUT/star there); OUT is a folder for everything
# made. A step whose result is there is not done again, and training that was stopped goes on.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
sides=$from

[ -f data/trusted.jsonl ] || "$py" "$here/sides.py" "$sides/train.jsonl" data --attribute task_done

# learn NAME EPOCHS [options]: trains, calibrates, measures and scores the test side.
learn() {
  local name=$1 epochs=$2
  shift 2
  train "$name" --encoder "$encoder" --survey.target attribute:task_done \
    --validation "$sides/validation.jsonl" --model.cross_turn_layers 0 --train.epochs "$epochs" "$@"
  measure "$name" "$sides"
  mkdir -p scores
  [ -f "scores/$name.jsonl" ] || "$arcsat" score --model "runs/$name" --data "$sides/test.jsonl" --out "scores/$name.jsonl"
}

learn first 4 --data "$sides/train.jsonl"
learn lower-three 4 --data "$sides/train.jsonl" --model.encoder_layers 3
learn seed-2 4 --data "$sides/train.jsonl" --train.seed 2
"$py" "$here/average.py" scores/{first,lower-three,seed-2}.jsonl >scores/mean.jsonl

guesses=()
for name in first lower-three seed-2; do
  [ -f "silent-$name.jsonl" ] ||
    "$arcsat" score --model "runs/$name" --data data/silent.jsonl --out "silent-$name.jsonl"
  guesses+=(",scores=silent-$name.jsonl")
done
# Two epochs: with the silent ones there is nearly three times as much to learn from.
learn distilled 2 --data "$sides/train.jsonl$(printf %s "${guesses[@]}")"

learn trusted 4 --data data/trusted.jsonl --model.encoder_layers 3

versions=()
for name in first lower-three seed-2 mean distilled trusted; do
  versions+=("scores/$name.jsonl")
done
"$arcsat" compare "${versions[@]}" --data "$sides/test.jsonl" --target attribute:task_done \
  --out compare.json --summary compare.md || [ $? -ge 3 ]
cat compare.md
