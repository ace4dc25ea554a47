"""Two Markdown tables out of what run.sh leaves: table.py FOLDER"""

import json
import pathlib
import sys

TESTS = {"test": "as written", "test-0": "0", "test-0.1": "0.1", "test-0.2": "0.2", "test-0.3": "0.3",
         "test-0.4": "0.4"}


def figure(slice_, name):
    value, interval = slice_["figures"][name]["value"], slice_["figures"][name]["interval"]
    if value is None:
        return "-"
    return f"{value:.3f}" + (" [{:.3f}, {:.3f}]".format(*interval) if interval else "")


def read(folder, name):
    return json.loads((folder / "figures" / f"{name}.json").read_text())


def slice_of(result, by, value):
    return next(s for s in result["survey"] if s["by"] == by and s["value"] == value)


def rates(folder):
    yield "| word errors | written only: accuracy | AUC | with roughening: accuracy | AUC | difference of accuracy |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for test, title in TESTS.items():
        all_ = read(folder, test)["slices"][0]
        cells = [title]
        for version in all_["versions"]:
            cells += [figure(version, "accuracy"), figure(version, "roc_auc")]
        cells.append(difference(all_))
        yield "| " + " | ".join(cells) + " |"


def difference(slice_):
    found = slice_["differences"][0]["figures"]["accuracy"]
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(found["value"], *found["interval"])


def scales(folder):
    yield "| trained on | calibrated on | channel | log loss | ECE | debiased |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, trained in (("written", "chats"), ("heard", "chats, half of them roughened")):
        for calibrated, on in (("calibration", "chats"), ("calibration-both", "chats and calls")):
            result = read(folder, f"{name}-{calibrated}-on-both")
            for channel in ("chat", "voice"):
                at = slice_of(result, "channel", channel)
                cells = [trained, on, channel, figure(at, "log_loss"), figure(at, "ece"),
                         figure(at, "calibration_error_debiased")]
                yield "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    where = pathlib.Path(sys.argv[1])
    print("\n".join([*rates(where), "", *scales(where)]))
