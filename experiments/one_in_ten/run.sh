#!/usr/bin/env bash
# STAR's "task done" with one answer in ten: what masked words and guesses bring.
#
#   run.sh SIDES OUT
#
# SIDES holds the sides of experiments/star/run.sh (OUT/star there); OUT is a folder for everything
# made. A step whose result is there is not done again, and training that was stopped goes on.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
sides=$from

[ -f data/silent.jsonl ] || "$py" "$here/hide.py" "$sides/train.jsonl" data --attribute task_done

# The baseline learns from the same answers.
mkdir -p tfidf
cp data/answered.jsonl tfidf/train.jsonl
cp "$sides/test.jsonl" tfidf/test.jsonl
[ -f tfidf.json ] || "$py" "$root/experiments/star/baselines.py" tfidf \
  --target attribute:task_done --out tfidf.json

# learn NAME ENCODER EPOCHS [options]: trains, calibrates, and measures on the test side.
learn() {
  local name=$1 from=$2 epochs=$3
  shift 3
  train "$name" --encoder "$from" --survey.target attribute:task_done \
    --validation "$sides/validation.jsonl" --train.batch 8 --train.epochs "$epochs" "$@"
  measure "$name" "$sides"
}

learn plain "$encoder" 8 --data data/answered.jsonl --model.cross_turn_layers 6

# An epoch of masked words on all transcripts of the training side, none of which needs an answer.
train words --task mlm --encoder "$encoder" --data "$sides/train.jsonl" \
  --validation "$sides/validation.jsonl" --model.cross_turn_layers 6 --train.epochs 1 \
  --train.learning_rate 0.0002 --train.layer_decay 1
learn words-first runs/words 8 --data data/answered.jsonl --model.cross_turn_layers 6

# Self-training: what a model, its words beside it, says of the silent conversations, at a third of an
# answer's weight. Half of the encoder and no layers across turns: as good with all answers (methods/).
half=(--model.encoder_layers 3 --model.cross_turn_layers 0)
learn lower-three "$encoder" 8 --data data/answered.jsonl "${half[@]}"
[ -f guesses.jsonl ] || "$arcsat" score --model runs/lower-three --data data/silent.jsonl \
  --out guesses.jsonl
learn self-trained "$encoder" 2 --data data/answered.jsonl \
  --data data/silent.jsonl,weight=0.3,scores=guesses.jsonl "${half[@]}"
