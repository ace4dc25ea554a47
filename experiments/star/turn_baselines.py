"""Three baselines for the rating of every user turn, on the sides that `arcsat split` wrote.

    turn_baselines.py SIDES_DIR [--prefix mwoz-] [--out FILE.json]

- majority: the commonest class of train.jsonl.
- vader: the compound score of the user's turn, cut at the two places that are best on train.jsonl.
- tfidf: word 1- and 2-grams of the user's turn, of the turn before it, and of all that was said
  earlier, each word marked with which of the three and who said it; logistic regression.

Classes are the annotators' mean below, at and above 3. Learnt on train.jsonl alone, the penalty by
5-fold cross-validation in which a conversation stays whole; test.jsonl is looked at once. Intervals
are a percentile bootstrap's over conversations. `--prefix` keeps conversations whose id begins so.
"""

import argparse
import json
import pathlib
import re
import sys

import numpy as np
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, recall_score
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SEED = 1
RESAMPLES = 1000
PENALTIES = [0.03, 0.1, 0.3, 1, 3, 10]
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


def rating_class(rating):
    """`middle` of arcsat's RatingClass."""
    return NEUTRAL if abs(rating - 3) < 1e-9 else NEGATIVE if rating < 3 else POSITIVE


def words(turn, where):
    found = re.findall(r"\w[\w']*", turn["text"].lower())
    return [f"{where}_{turn['speaker']}_{word}" for word in found]


def marked_text(turns, index):
    """Words up to a turn: `now_` its own, `before_` the last turn's, `earlier_` the rest's."""
    text = words(turns[index], "now")
    if index > 0:
        text += words(turns[index - 1], "before")
    for turn in turns[: max(0, index - 1)]:
        text += words(turn, "earlier")
    return " ".join(text)


def read_side(path, prefix):
    """Rated user turns: marked text, own text, mean rating, number of the conversation."""
    if not path.is_file():
        sys.exit(f"{path}: not found; make the sides with `arcsat split --out-dir {path.parent}`")
    marked, own, ratings, groups = [], [], [], []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            conversation = json.loads(line)
            if not conversation["id"].startswith(prefix):
                continue
            turns = conversation["turns"]
            for index, turn in enumerate(turns):
                if turn["speaker"] != "customer" or not turn.get("satisfaction"):
                    continue
                marked.append(marked_text(turns, index))
                own.append(turn["text"])
                ratings.append(np.mean(turn["satisfaction"]))
                groups.append(number)
    if not ratings:
        sys.exit(f"{path}: no rated user turn of a conversation whose id begins with {prefix!r}")
    ratings = np.array(ratings)
    return marked, own, ratings, np.array([rating_class(r) for r in ratings]), np.array(groups)


def measure(ratings, y, guess, score, sign):
    """`score` orders turns; `sign` is the guess among turns that are not neutral (0 or 2)."""
    decided = y != NEUTRAL
    varied = score is not None and len(set(score)) > 1
    return {
        "accuracy": np.mean(guess == y),
        "uar": recall_score(y, guess, average="macro", zero_division=0),
        "kappa": cohen_kappa_score(y, guess),
        "spearman": spearmanr(score, ratings)[0] if varied else np.nan,
        "sign_accuracy": np.mean(sign[decided] == y[decided]) if decided.any() else np.nan,
    }


def figures(side, guess, score, sign, **more):
    _, _, ratings, y, groups = side
    rows_of = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    rng, draws = np.random.default_rng(SEED), []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(rows_of), len(rows_of))
        rows = np.concatenate([rows_of[i] for i in drawn])
        own_score = None if score is None else score[rows]
        draws.append(measure(ratings[rows], y[rows], guess[rows], own_score, sign[rows]))
    found = {}
    for name, value in measure(ratings, y, guess, score, sign).items():
        if np.isnan(value):
            found[name] = {"value": None, "interval": None}
            continue
        interval = np.nanquantile([draw[name] for draw in draws], [0.025, 0.975])
        found[name] = {"value": float(value), "interval": list(interval)}
    return {"figures": found, **more}


def best_cuts(score, y):
    """The two cuts with the most turns in their class, and the best one for the sign."""
    places = np.quantile(score, np.linspace(0, 1, 101))
    pairs = [(a, b) for a in places for b in places if a <= b]
    hits = [np.mean(np.where(score < a, 0, np.where(score < b, 1, 2)) == y) for a, b in pairs]
    low, high = pairs[int(np.argmax(hits))]
    decided = y != NEUTRAL
    signs = [np.mean(np.where(score < a, 0, 2)[decided] == y[decided]) for a in places]
    return low, high, places[int(np.argmax(signs))]


def compound(analyzer, texts):
    return np.array([analyzer.polarity_scores(text)["compound"] for text in texts])


def shares(side):
    return [float(np.mean(side[3] == k)) for k in (NEGATIVE, NEUTRAL, POSITIVE)]


def commonest(values):
    return int(np.bincount(values).argmax())


def run(sides, prefix):
    train = read_side(sides / "train.jsonl", prefix)
    test = read_side(sides / "test.jsonl", prefix)
    x, own, _, y, groups = train
    n = len(test[3])
    majority = np.full(n, commonest(y))
    methods = {
        "majority": figures(test, majority, None, np.full(n, commonest(y[y != NEUTRAL])))
    }

    analyzer = SentimentIntensityAnalyzer()
    low, high, cut = best_cuts(compound(analyzer, own), y)
    score = compound(analyzer, test[1])
    guess = np.where(score < low, NEGATIVE, np.where(score < high, NEUTRAL, POSITIVE))
    methods["vader"] = figures(test, guess, score, np.where(score < cut, NEGATIVE, POSITIVE))

    pipeline = make_pipeline(
        TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        LogisticRegression(max_iter=3000),
    )
    grid = {"logisticregression__C": PENALTIES}
    found = GridSearchCV(pipeline, grid, scoring="accuracy", cv=GroupKFold(5), n_jobs=1)
    found.fit(x, y, groups=groups)
    chances = found.predict_proba(test[0])
    methods["tfidf 1-2-grams"] = figures(
        test,
        found.classes_[chances.argmax(axis=1)],
        chances[:, POSITIVE] - chances[:, NEGATIVE],
        np.where(chances[:, POSITIVE] > chances[:, NEGATIVE], POSITIVE, NEGATIVE),
        chosen={name: str(value) for name, value in found.best_params_.items()},
        train_accuracy=found.best_score_,
    )
    return {
        "format": "arcsat-turn-baselines",
        "prefix": prefix,
        "train": {"n": len(y), "shares": shares(train)},
        "test": {"n": n, "conversations": len(set(test[4])), "shares": shares(test)},
        "methods": methods,
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sides", type=pathlib.Path, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--prefix", default="", help="of the ids to keep; empty: all")
    parser.add_argument("--out", type=pathlib.Path, help="file for the figures as JSON")
    call = parser.parse_args()
    result = run(call.sides, call.prefix)
    for side in ("train", "test"):
        found = ", ".join(f"{share:.3f}" for share in result[side]["shares"])
        print(f"{side}: {result[side]['n']} turns; negative, neutral, positive {found}")
    for name, method in result["methods"].items():
        cells = []
        for key, figure in method["figures"].items():
            if figure["value"] is None:
                cells.append(f"{key} -")
            else:
                low, high = figure["interval"]
                cells.append(f"{key} {figure['value']:.3f} [{low:.3f}, {high:.3f}]")
        print(f"{name:<18}" + "  ".join(cells), method.get("chosen", ""))
    if call.out:
        call.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
