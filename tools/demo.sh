#!/usr/bin/env bash
# The whole way on simulated conversations: simulate, split, train, calibrate, evaluate, export,
# score. Every step's output lies under demo/; a step whose output is there is not done again.
set -euo pipefail
cd "$(dirname "$0")/.."
arcsat=build/arcsat
python=.deps/venv/bin/python
out=demo
mkdir -p $out
say() { printf '\n\033[1m==> %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ %s\033[0m\n' "$*" >&2; "$@"; }

say "3,000 support conversations: 9% have a survey answer, and in a third annotators rated the turns"
[ -f $out/calls.jsonl ] || show $arcsat simulate --simulate.conversations 3000 \
  --simulate.rated_share 0.35 --out $out/calls.jsonl

say "Sides to learn from, to calibrate on, to choose by and to report on"
[ -f $out/sides/split.json ] || show $arcsat split --data $out/calls.jsonl --out-dir $out/sides \
  --split.by stratified --split.train 0.55 --split.calibration 0.2 --split.validation 0.05 --split.test 0.2

say "Fine-tuning all-MiniLM-L6-v2"
if [ ! -f $out/run/done ]; then
  resume=; [ ! -f $out/run/config.cfg ] || resume=--resume
  show $arcsat train --config configs/demo.cfg --data $out/sides/train.jsonl \
    --validation $out/sides/validation.jsonl --out $out/run $resume
  touch $out/run/done
fi

say "Calibrating on answers that it did not learn from"
[ -f $out/run/model/calibration.json ] || show $arcsat calibrate --model $out/run --data $out/sides/calibration.jsonl

say "Measuring on the test side: everybody's true answer, which only a simulator knows"
[ -f $out/report.html ] || show $arcsat evaluate --model $out/run --data $out/sides/test.jsonl \
  --target attribute:truth.satisfied --out $out/evaluation.json --report $out/report.html \
  --title "Demo: simulated conversations" --quiet >$out/evaluation.txt
head -n 11 $out/evaluation.txt
sed -n '/of everybody/,$p' $out/evaluation.txt

say "Exporting to ONNX (published only when ONNX Runtime gives LibTorch's results)"
[ -f $out/bundle/manifest.json ] || show $arcsat export --model $out/run --out $out/bundle

say "Scoring ten conversations with ONNX Runtime"
head -n 10 $out/sides/test.jsonl >$out/ten.jsonl
PYTHONPATH=scorers/python $python -m arcsat_scorer.command --model $out/bundle \
  --data $out/ten.jsonl --quiet >$out/scores.jsonl
$python - $out/scores.jsonl <<'E2'
import json, sys

print("conversation   entry   exit    delta   chance of satisfied")
for line in open(sys.argv[1], encoding="utf-8"):
    s = json.loads(line)
    print(f"{s['id']:<14} {s['entry']:.2f}    {s['exit']:.2f}   {s['delta']:+.2f}    {s['p_satisfied']:.2f}")
E2

say "Where everything lies"
cat <<E2
  $out/calls.jsonl        the conversations         (arcsat inspect $out/calls.jsonl)
  $out/sides/             train, calibration, validation, test
  $out/run/               the run: metrics.jsonl, TensorBoard events, checkpoints, model/
  $out/report.html        the report: open it in a browser
  $out/evaluation.json    every figure with its interval
  $out/bundle/            model.onnx and what a scorer needs
  $out/scores.jsonl       ten scores from ONNX Runtime
E2
