#!/usr/bin/env bash
# Beyond what was learned from: ratings of turns, learned on MWOZ and tested on SGD.
#
#   mwoz_to_sgd.sh STAR OUT
#
# STAR is OUT of experiments/star/run.sh (its sides uss/); OUT is a folder for everything made. A step
# whose result is there is not done again, and training that was stopped goes on.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
star=$from

mkdir -p sides
for side in train validation calibration test; do
  corpus=mwoz
  [ $side = test ] && corpus=sgd
  grep "^{\"id\":\"$corpus-" "$star/uss/$side.jsonl" >"sides/$side.jsonl"
done
[ -f baselines.json ] || "$py" "$here/../star/turn_baselines.py" sides --out baselines.json

# As the model of both corpora is trained (experiments/star/run.sh).
train mwoz --encoder "$encoder" --data sides/train.jsonl --validation sides/validation.jsonl \
  --model.cross_turn_layers 6 --train.epochs 2 --survey.satisfied_from 3 --train.select rank \
  --train.state_weight 1 --train.outlook_weight 0.2
# mwoz.json: what it is worth on SGD.
measure mwoz sides --calibrate.identity_if_few
