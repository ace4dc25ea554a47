"""One Markdown table out of the JSON files that run.sh leaves: table.py FOLDER

Reads star-baselines-TARGET.json (baselines.py), uss-baselines-CORPUS.json (turn_baselines.py),
star-TARGET.json, uss-CORPUS.json and their like with -lower-three and -six (`arcsat evaluate --out`).
What has not been measured yet is left out and named on standard error.
"""

import json
import pathlib
import sys

TARGETS = {"task_done": "task done", "survey": "satisfied"}
SURVEY_FIGURES = ["accuracy", "balanced_accuracy", "macro_f1", "roc_auc"]
TURN_FIGURES = ["accuracy", "uar", "kappa", "spearman", "sign_accuracy"]
HEADS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced",
    "macro_f1": "macro-F1",
    "roc_auc": "AUC",
    "uar": "UAR",
    "kappa": "kappa",
    "spearman": "Spearman",
    "sign_accuracy": "sign",
}
#: What arcsat's models of STAR's targets are called, after the target in files, and in the table.
STAR_MODELS = {
    "": "**arcsat**, 6 of 6 layers across turns",
    "-lower-three": "**arcsat**, the lower 3 layers, none across turns",
}
#: What arcsat's models of USS are called, in files and in the table.
USS_MODELS = {
    "uss": "**arcsat**, 6 of 6 layers across turns, 2 epochs",
    "uss-lower-three": "**arcsat**, the lower 3 layers, none across turns, 6 epochs",
    "uss-six": "**arcsat**, all 6 layers, none across turns, 6 epochs",
}


def load(path):
    if not path.is_file():
        print(f"{path}: not measured yet", file=sys.stderr)
        return None
    return json.loads(path.read_text())


def cell(figure):
    if figure is None or figure["value"] is None:
        return "-"
    text = f"{figure['value']:.3f}"
    if figure["interval"]:
        text += " [{:.3f}, {:.3f}]".format(*figure["interval"])
    return text


def row(first, figures, keys):
    return "| " + " | ".join(first + [cell(figures.get(key)) for key in keys]) + " |"


def head(first, keys):
    names = first + [HEADS[key] for key in keys]
    return ["| " + " | ".join(names) + " |", "| " + " | ".join(["---"] * len(names)) + " |"]


def everything(evaluation, kind, path):
    """The slice over all items of an evaluation."""
    if kind not in evaluation:
        sys.exit(f"{path}: holds no figures of {kind}; was it measured on data with such labels?")
    return evaluation[kind][0]


def star(folder):
    lines = head(["target", "method"], SURVEY_FIGURES)
    for name, shown in TARGETS.items():
        baselines = load(folder / f"star-baselines-{name}.json")
        for method, found in (baselines or {"methods": {}})["methods"].items():
            lines.append(row([shown, method], found["figures"], SURVEY_FIGURES))
        for suffix, model in STAR_MODELS.items():
            path = folder / f"star-{name}{suffix}.json"
            evaluation = load(path)
            if evaluation is None:
                continue
            whole = everything(evaluation, "survey", path)
            if baselines and whole["n"] != baselines["test"]["n"]:
                sys.exit(
                    f"{path}: measured on {whole['n']} answers, the baselines on "
                    f"{baselines['test']['n']}; run both on the same test.jsonl"
                )
            lines.append(row([shown, model], whole["figures"], SURVEY_FIGURES))
    return lines


def uss(folder):
    """A table for each corpus: baselines (turn_baselines.py) and arcsat on the same turns."""
    lines = []
    for corpus in ("mwoz", "sgd"):
        baselines = load(folder / f"uss-baselines-{corpus}.json")
        found = {}
        for name, shown in USS_MODELS.items():
            path = folder / f"{name}-{corpus}.json"
            evaluation = load(path)
            if baselines is None or evaluation is None:
                continue
            found[shown] = whole = everything(evaluation, "turns", path)
            if whole["n"] != baselines["test"]["n"]:
                sys.exit(
                    f"{path}: measured on {whole['n']} turns, the baselines on "
                    f"{baselines['test']['n']}; run both on the same test.jsonl"
                )
        if not found:
            continue
        whole = next(iter(found.values()))
        lines += [
            "",
            f"USS, {corpus.upper()}: {whole['n']} rated turns of {whole['conversations']} "
            "conversations.",
            "",
            *head(["method"], TURN_FIGURES),
        ]
        for method, measured in baselines["methods"].items():
            lines.append(row([method], measured["figures"], TURN_FIGURES))
        for shown, whole in found.items():
            lines.append(row([shown], whole["figures"], TURN_FIGURES))
    return lines


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: table.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    print("\n".join(star(folder) + uss(folder)))


if __name__ == "__main__":
    main()
