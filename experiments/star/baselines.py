"""Three baselines on the sides that `arcsat split` wrote, for a yes-or-no target.

    baselines.py SIDES_DIR --target survey|attribute:NAME [--out FILE.json]

- majority: the commoner answer of train.jsonl.
- vader: the lexicon (Hutto and Gilbert 2014). The compound score of each of the user's turns gives
  an arc (first, last, mean, last - first, slope), and a logistic regression reads it. Beside it the
  rules that need no training: satisfied where exit >= entry, and where the mean is >= 0.05, VADER's
  own bound of "positive".
- tfidf: word 1- and 2-grams of all turns, every word marked with its speaker, sublinear counts,
  logistic regression.

Learnt on train.jsonl alone, hyperparameters too (5-fold cross-validation, by accuracy, as accuracy
is what the study compares); test.jsonl is looked at once. Accuracy has Wilson's 95% interval, the
AUC a percentile bootstrap's over conversations.
"""

import argparse
import json
import pathlib
import re
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SEED = 1
RESAMPLES = 1000
PENALTIES = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300]


def label(conversation, target):
    """True, False, or None where nobody answered."""
    if target.startswith("attribute:"):
        return conversation.get("attributes", {}).get(target.removeprefix("attribute:"))
    survey = conversation.get("survey") or {}
    score = survey.get("score")
    if score is None:
        return None
    low, high = survey.get("scale", [1, 5])
    # The top two boxes, as arcsat has it; of a scale of two boxes, the top one.
    return score >= (high if high - low < 2 else high - 1)


def read_side(path, target):
    """The labelled conversations of a side, and their labels as 0 and 1."""
    if not path.is_file():
        sys.exit(f"{path}: not found; make the sides with `arcsat split --out-dir {path.parent}`")
    conversations, labels = [], []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            conversation = json.loads(line)
            answer = label(conversation, target)
            if answer is None:
                continue
            if not isinstance(answer, bool):
                sys.exit(f"{path}:{number}: {target} is {answer!r}; expected true or false")
            conversations.append(conversation)
            labels.append(int(answer))
    if len(set(labels)) < 2:
        sys.exit(f"{path}: {len(labels)} answers to {target}, not of both kinds; try another")
    return conversations, np.array(labels)


def arc(conversation, analyzer):
    """(first, last, mean, last - first, slope a turn) of the user's compound scores."""
    scores = [
        analyzer.polarity_scores(turn["text"])["compound"]
        for turn in conversation["turns"]
        if turn["speaker"] == "customer"
    ] or [0.0]
    slope = np.polyfit(np.arange(len(scores)), scores, 1)[0] if len(scores) > 1 else 0.0
    return [scores[0], scores[-1], np.mean(scores), scores[-1] - scores[0], slope]


def marked_text(conversation):
    """All words, each with its speaker: "customer_thanks agent_goodbye"."""
    return " ".join(
        f"{turn['speaker']}_{word}"
        for turn in conversation["turns"]
        for word in re.findall(r"\w[\w']*", turn["text"].lower())
    )


def search(pipeline, grid, x, y):
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    return GridSearchCV(pipeline, grid, scoring="accuracy", cv=folds).fit(x, y)


def wilson(hits, n, z=1.959964):
    rate, z2 = hits / n, z * z
    middle = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = z / (1 + z2 / n) * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return [middle - half, middle + half]


def auc_interval(y, score):
    rng, values = np.random.default_rng(SEED), []
    while len(values) < RESAMPLES:
        rows = rng.integers(0, len(y), len(y))
        if 0 < y[rows].sum() < len(y):
            values.append(roc_auc_score(y[rows], score[rows]))
    return list(np.quantile(values, [0.025, 0.975]))


def figures(y, guess, score=None, **more):
    hits = int((guess == y).sum())
    found = {
        "accuracy": {"value": hits / len(y), "interval": wilson(hits, len(y))},
        "balanced_accuracy": {"value": balanced_accuracy_score(y, guess), "interval": None},
        "macro_f1": {"value": f1_score(y, guess, average="macro"), "interval": None},
    }
    if score is not None:
        found["roc_auc"] = {"value": roc_auc_score(y, score), "interval": auc_interval(y, score)}
    return {"figures": found, **more}


def fitted(search_done, x, y):
    chance = search_done.predict_proba(x)[:, 1]
    return figures(
        y,
        (chance >= 0.5).astype(int),
        chance,
        chosen={name: str(value) for name, value in search_done.best_params_.items()},
        train_accuracy=search_done.best_score_,
    )


def run(sides, target):
    train, y_train = read_side(sides / "train.jsonl", target)
    test, y = read_side(sides / "test.jsonl", target)
    methods = {"majority": figures(y, np.full_like(y, int(y_train.mean() >= 0.5)))}

    analyzer = SentimentIntensityAnalyzer()
    arcs_train = np.array([arc(c, analyzer) for c in train])
    arcs = np.array([arc(c, analyzer) for c in test])
    rise, mean = arcs[:, 3], arcs[:, 2]
    methods["vader rule: exit >= entry"] = figures(y, (rise >= 0).astype(int), rise)
    methods["vader rule: mean >= 0.05"] = figures(y, (mean >= 0.05).astype(int), mean)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    for name, weight in (("vader arc", None), ("vader arc, classes weighted equally", "balanced")):
        pipeline.set_params(logisticregression__class_weight=weight)
        found = search(pipeline, {"logisticregression__C": PENALTIES}, arcs_train, y_train)
        methods[name] = fitted(found, arcs, y)

    words = make_pipeline(
        TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=2000),
    )
    grid = {"logisticregression__C": PENALTIES, "tfidfvectorizer__min_df": [1, 2]}
    found = search(words, grid, [marked_text(c) for c in train], y_train)
    methods["tfidf 1-2-grams"] = fitted(found, [marked_text(c) for c in test], y)
    return {
        "format": "arcsat-baselines",
        "target": target,
        "train": {"n": len(y_train), "satisfied": float(y_train.mean())},
        "test": {"n": len(y), "satisfied": float(y.mean())},
        "methods": methods,
    }


def show(result):
    for side in ("train", "test"):
        print(f"{side}: {result[side]['n']} answers, {result[side]['satisfied']:.3f} satisfied")
    print(f"{'method':<38}{'accuracy':>24}{'balanced':>10}{'macro-F1':>10}{'AUC':>24}")
    for name, method in result["methods"].items():
        cells = []
        for key in ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc"):
            figure = method["figures"].get(key)
            text = "-" if figure is None else f"{figure['value']:.3f}"
            if figure and figure["interval"]:
                text += " [{:.3f}, {:.3f}]".format(*figure["interval"])
            cells.append(text)
        print("{:<38}{:>24}{:>10}{:>10}{:>24}".format(name, *cells))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sides", type=pathlib.Path, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--target", default="survey", help="survey or attribute:NAME")
    parser.add_argument("--out", type=pathlib.Path, help="file for the figures as JSON")
    call = parser.parse_args()
    if call.target != "survey" and not call.target.startswith("attribute:"):
        parser.error(f"--target is {call.target!r}; expected survey or attribute:NAME")
    result = run(call.sides, call.target)
    show(result)
    if call.out:
        call.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
