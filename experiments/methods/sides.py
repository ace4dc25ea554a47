"""What the study's runs learn from, out of a training side: sides.py TRAIN.jsonl OUT --attribute task_done

- OUT/silent.jsonl: the conversations without an answer, for several models' mean chances.
- OUT/trusted.jsonl: the answered ones, without those whose answer a bag of words doubts. Confident
  learning (Northcutt, Jiang and Chuang 2021): with chances out of 5 folds, an answer is doubted where
  the chance of the other is at least the mean chance of that among those who gave it.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "star"))
from baselines import SEED, marked_text  # noqa: E402


def doubted(records, answers):
    # The penalty and the words that the study on STAR chose by cross-validation.
    words = make_pipeline(
        TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True, min_df=2),
        LogisticRegression(C=30, max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    chance = cross_val_predict(words, [marked_text(r) for r in records], answers, cv=folds, method="predict_proba")
    self_confidence = np.array([chance[answers == k, k].mean() for k in (0, 1)])
    other = 1 - answers
    return chance[np.arange(len(answers)), other] >= self_confidence[other]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--attribute", required=True)
    options = parser.parse_args()
    answered, silent = [], []
    with options.train.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            known = record.get("attributes", {}).get(options.attribute) is not None
            (answered if known else silent).append((record, line))
    records = [record for record, _ in answered]
    answers = np.array([int(r["attributes"][options.attribute]) for r in records])
    doubts = doubted(records, answers)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "silent.jsonl").write_text("".join(line for _, line in silent), encoding="utf-8")
    (options.out / "trusted.jsonl").write_text(
        "".join(line for (_, line), doubt in zip(answered, doubts) if not doubt), encoding="utf-8")
    print(json.dumps({"answered": len(answers), "silent": len(silent), "doubted": int(doubts.sum()),
                      "doubted_yes": int((doubts & (answers == 1)).sum())}))


if __name__ == "__main__":
    main()
