#!/usr/bin/env bash
# Beyond what was learned from: STAR's "task done" in a domain that training never saw.
#
#   run.sh STAR OUT
#
# STAR is OUT of experiments/star/run.sh (its sides star/); OUT is a folder for everything
# made. DOMAINS names what is left out, one after the other ("hotel ride plane"). A step whose result is
# there is not done again, and training that was stopped goes on.
set -euo pipefail
. "$(dirname "$0")/../programs.sh"
begin "$@"
star=$from

for domain in ${DOMAINS:-hotel ride plane}; do
  name=without-$domain
  [ -f "sides/$name/test.jsonl" ] ||
    "$py" "$here/sides.py" "$star/star" "sides/$name" "$domain"
  [ -f "tfidf-$name.json" ] || "$py" "$here/../star/baselines.py" "sides/$name" \
    --target attribute:task_done --out "tfidf-$name.json"
  train "$name" --encoder "$encoder" --data "sides/$name/train.jsonl" \
    --validation "sides/$name/validation.jsonl" --survey.target attribute:task_done \
    --model.cross_turn_layers 6 --train.epochs 4
  measure "$name" "sides/$name" --calibrate.identity_if_few
done
