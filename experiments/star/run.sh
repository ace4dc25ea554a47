#!/usr/bin/env bash
# The study on STAR and USS, from the publishers' files to one table.
#
#   run.sh DATA OUT
#
# DATA holds star/star.tar.xz, uss/MWOZ.txt and uss/SGD.txt; OUT is a folder for everything made.
# A step whose result is there is not done again, and training that was stopped goes on where it
# was, so the script may be stopped and started. ARCSAT, ENCODER and PY may name another program,
# encoder folder and Python than the project's own.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
data=$from
for file in star/star.tar.xz uss/MWOZ.txt uss/SGD.txt; do
  [ -f "$data/$file" ] || { echo "run.sh: $data/$file is missing; see README.md" >&2; exit 1; }
done

# learn NAME SIDES EPOCHS [options]
learn() {
  local name=$1 sides=$2 epochs=$3
  shift 3
  train "$name" --encoder "$encoder" --data "$sides/train.jsonl" \
    --validation "$sides/validation.jsonl" --model.cross_turn_layers 6 --train.epochs "$epochs" "$@"
}

# STAR: "was the task done", and all of the user's answers yes ("satisfied").
[ -f star.jsonl ] || "$arcsat" import "$data/star/star.tar.xz" --out star.jsonl
[ -f star/split.json ] || "$arcsat" split --data star.jsonl --out-dir star --split.by stratified \
  --survey.target attribute:task_done --split.train 0.6 --split.test 0.2
for target in attribute:task_done survey; do
  name=star-baselines-${target##*:}
  [ -f "$name.json" ] ||
    "$py" "$here/baselines.py" star --target "$target" --out "$name.json"
done
learn star-task_done star 4 --survey.target attribute:task_done
measure star-task_done star
learn star-survey star 3
measure star-survey star
# The lower half of the encoder, each turn by itself. ("Task done" is in experiments/methods/.)
train star-survey-lower-three --encoder "$encoder" --data star/train.jsonl --validation star/validation.jsonl \
  --model.encoder_layers 3 --model.cross_turn_layers 0 --train.epochs 3
measure star-survey-lower-three star

# USS: every user turn rated, 1 to 5, by several annotators. Of the overall ratings only 2% reach
# the top two boxes, too few to learn from: satisfied from the middle of the scale.
[ -f uss.jsonl ] || "$arcsat" import --format uss "$data/uss/MWOZ.txt" "$data/uss/SGD.txt" \
  --out uss.jsonl
[ -f uss/split.json ] || "$arcsat" split --data uss.jsonl --out-dir uss --split.by conversation \
  --survey.satisfied_from 3 --split.train 0.6 --split.test 0.2
for corpus in mwoz sgd; do
  [ -f "uss-baselines-$corpus.json" ] ||
    "$py" "$here/turn_baselines.py" uss --prefix "$corpus-" --out "uss-baselines-$corpus.json"
done
# The states are asked for, so the epoch is chosen by how they rank turns.
states=(--survey.satisfied_from 3 --train.select rank --train.state_weight 1 --train.outlook_weight 0.2)
learn uss-turns uss 2 "${states[@]}"
train uss-lower-three --encoder "$encoder" --data uss/train.jsonl --validation uss/validation.jsonl \
  --model.encoder_layers 3 --model.cross_turn_layers 0 --train.epochs 6 "${states[@]}"
train uss-six --encoder "$encoder" --data uss/train.jsonl --validation uss/validation.jsonl \
  --model.cross_turn_layers 0 --train.epochs 6 "${states[@]}"
# Each corpus by itself, cut where its own calibration side says.
for corpus in mwoz sgd; do
  mkdir -p "uss-$corpus"
  for side in calibration test; do
    grep "^{\"id\":\"$corpus-" "uss/$side.jsonl" >"uss-$corpus/$side.jsonl"
  done
  for name in uss uss-lower-three uss-six; do
    from=$name
    [ $name = uss ] && from=uss-turns
    [ -f "$name-$corpus.json" ] && continue
    rm -rf "runs/$name-$corpus"
    mkdir -p "runs/$name-$corpus"
    cp -r "runs/$from/model" "runs/$name-$corpus/model"
    measure "$name-$corpus" "uss-$corpus" --calibrate.identity_if_few
  done
done

"$py" "$here/table.py" . | tee results.md
