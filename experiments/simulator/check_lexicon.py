"""How much of the simulator's labels cheap methods find: python check_lexicon.py FILE.jsonl

Reads what `arcsat simulate` wrote and predicts attributes.truth.satisfied, known for everybody,
from a lexicon (vaderSentiment: arc of the customer's turns), a bag of words (TF-IDF with logistic
regression), the words of the last customer turns alone, and the true exit state (an oracle: what
the events say, before the noise of the answer). First two thirds train, the rest tests.
"""
import json
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def customer_turns(record):
    return [turn["text"] for turn in record["turns"] if turn["speaker"] == "customer"]


def vader_arc(records):
    """First, last, mean, least, greatest compound of the customer's turns, and last minus first."""
    analyser = SentimentIntensityAnalyzer()
    arcs = []
    for record in records:
        tone = [analyser.polarity_scores(text)["compound"] for text in customer_turns(record)]
        arcs.append([tone[0], tone[-1], np.mean(tone), min(tone), max(tone), tone[-1] - tone[0]])
    return np.array(arcs)


def report(name, model, x, y, cut):
    """Fits on the first `cut` rows, prints figures on the rest. Accuracy at 0.5; balanced accuracy
    at the threshold that balances the classes in training."""
    model.fit(x[:cut], y[:cut])
    chance = model.predict_proba(x[cut:])[:, 1]
    threshold = 1 - np.quantile(1 - model.predict_proba(x[:cut])[:, 1], np.mean(y[:cut]))
    print(f"{name:28s} accuracy {accuracy_score(y[cut:], chance > 0.5):.3f}  balanced "
          f"{balanced_accuracy_score(y[cut:], chance > threshold):.3f}  "
          f"AUC {roc_auc_score(y[cut:], chance):.3f}")


def population(records, truth):
    answered = [r["survey"]["score"] is not None for r in records]
    satisfied = np.array([t["satisfied"] for t in truth])
    turns = [len(r["turns"]) for r in records]
    print(f"conversations {len(records)}, answered {np.mean(answered):.3f} "
          f"(expected {np.mean([t['propensity'] for t in truth]):.3f})")
    print(f"satisfied: all {satisfied.mean():.3f}, responders {satisfied[answered].mean():.3f}, "
          f"resolved {np.mean([t['resolved'] for t in truth]):.3f}")
    print(f"voice {np.mean([r['channel'] == 'voice' for r in records]):.3f}, escalated "
          f"{np.mean([r['escalated'] for r in records]):.3f}, turns {min(turns)} to {max(turns)}, "
          f"mean {np.mean(turns):.1f}")
    print("scores 1..5:", np.bincount([t["score"] for t in truth], minlength=6)[1:] / len(truth))


def main(path):
    records = read(path)
    truth = [r["attributes"]["truth"] for r in records]
    population(records, truth)
    y = np.array([t["satisfied"] for t in truth])
    cut = len(records) * 2 // 3
    print(f"majority class               accuracy {max(y[cut:].mean(), 1 - y[cut:].mean()):.3f}")
    logistic = lambda: LogisticRegression(C=1.0, max_iter=2000)
    report("VADER arc of the customer", make_pipeline(StandardScaler(), logistic()),
           vader_arc(records), y, cut)
    balanced = make_pipeline(StandardScaler(),
                             LogisticRegression(class_weight="balanced", max_iter=2000))
    report("VADER arc, balanced weights", balanced, vader_arc(records), y, cut)
    bag = lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
                                LogisticRegression(C=10.0, max_iter=2000))
    report("TF-IDF, all turns", bag(), np.array([" ".join(t["text"] for t in r["turns"])
                                                 for r in records], dtype=object), y, cut)
    report("TF-IDF, last 3 of customer", bag(), np.array(
        [" ".join(customer_turns(r)[-3:]) for r in records], dtype=object), y, cut)
    report("oracle: true exit state", logistic(), np.array([[t["exit"]] for t in truth]) * 20, y,
           cut)


if __name__ == "__main__":
    main(sys.argv[1])
