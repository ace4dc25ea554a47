"""`arcsat experiments` as a user runs it: a ledger that begins, grows, is asked and drawn."""

import json
import pathlib
import resource
import subprocess
import xml.etree.ElementTree as xml

import jsonschema
import pytest

import tiny


SUM = "ab12" * 16


def on(sha256=SUM, file="test.jsonl"):
    return [{"side": "test", "file": file, "sha256": sha256}]


def entry(name, value=0.8, n=100, **more):
    figure = {"value": value, "interval": [round(value - 0.1, 3), round(value + 0.05, 3)], "n": n}
    return {"name": name, "status": "kept", "target": "survey", "learned": "something",
            "data": on(), "figures": {"test": {"accuracy": figure}}} | more


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def add(run, ledger, tmp_path):
    """add(entry): its id, after it went through a file and the program."""

    def call(record, *arguments, code=0):
        path = tmp_path / "entry.json"
        path.write_text(json.dumps(record))
        done = run("experiments", "add", "--entry", path, "--ledger", ledger, "--json", *arguments,
                   code=code)
        return json.loads(done.stdout)["id"] if code == 0 else done

    return call


@pytest.fixture
def three(add):
    return [add(entry("first", 0.7, date="2026-01-01T00:00:00Z")),
            add(entry("second", 0.85, date="2026-02-01T00:00:00Z")),
            add(entry("third, task done", 0.6, target="attribute:task_done", status="rejected",
                      date="2026-03-01T00:00:00Z"))]


def test_the_list_shows_what_was_added(run, ledger, three):
    text = run("experiments", "list", "--ledger", ledger).stdout
    lines = text.splitlines()
    assert len(lines) == 2 + 3
    assert lines[2].split()[:3] == ["first", three[0], "2026-01-01"]
    assert "0.700 [0.600, 0.750]" in lines[2] and lines[2].endswith("kept")
    assert run("experiments", "--ledger", ledger).stdout == text  # list is what it does unasked
    narrow = run("experiments", "list", "--ledger", ledger, "--target", "attribute:task_done").stdout
    assert "third" in narrow and "second" not in narrow
    named = json.loads(run("experiments", "list", "--ledger", ledger, "--name", "SEC",
                           "--json").stdout)
    assert [one["id"] for one in named["entries"]] == [three[1]]


def test_every_line_fits_the_schema_and_comes_back(run_json, ledger, three, schema):
    validator = jsonschema.Draft202012Validator(schema("ledger"))
    lines = tiny.records(ledger)
    for line in lines:
        validator.validate(line)
    assert run_json("experiments", "list", "--ledger", ledger)["entries"] == lines


def test_show_takes_the_beginning_of_an_id(run, run_json, ledger, three):
    assert run_json("experiments", "show", three[1][:6], "--ledger", ledger)["name"] == "second"
    text = run("experiments", "show", three[1], "--ledger", ledger).stdout
    assert text.startswith("second\n") and "Learned\n  something" in text
    assert "no entries" in run("experiments", "show", "zzz", "--ledger", ledger, code=1).stderr
    assert "show ID" in run("experiments", "show", "--ledger", ledger, code=2).stderr


def test_the_best_stands_between_baseline_and_goal(run, run_json, ledger, three):
    best = run_json("experiments", "best", "--ledger", ledger)
    assert best["entry"]["id"] == three[1]
    standing = best["standing"]
    assert (standing["baseline"], standing["goal"]) == (0.6, 0.9)
    assert standing["over_baseline"] == pytest.approx(0.25)
    assert (standing["beats_baseline"], standing["reaches_goal"]) == (True, False)
    text = run("experiments", "best", "--ledger", ledger, "--goal", "0.8").stdout
    assert "reached, but not by the whole interval" in text
    assert "flatters" in text
    missing = run("experiments", "best", "--ledger", ledger, "--figure", "roc_auc", code=1).stderr
    assert "none of 3 entries has roc_auc (test)" in missing


def test_the_chart_as_text_and_as_a_picture(run, run_json, ledger, three, add, tmp_path):
    add(entry("fourth", 0.6, status="rejected", date="2026-04-01T00:00:00Z"))
    text = run("experiments", "plot", "--ledger", ledger).stdout
    rows = [line for line in text.splitlines() if "[" in line]
    assert [row.split("  ")[0] for row in rows] == ["first", "second", "fourth"]
    assert "├" in rows[0] and "●" in rows[0] and "○" in rows[2]
    assert max(map(len, text.splitlines())) <= 100
    out = tmp_path / "chart.svg"
    assert str(out) in run("experiments", "plot", "--ledger", ledger, "--out", out).stdout
    tree = xml.parse(out)
    assert tree.getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert len(tree.findall(".//{*}circle")) == 3
    points = run_json("experiments", "plot", "--ledger", ledger)["points"]
    assert [point["best_so_far"] for point in points] == [True, True, False]


def test_only_results_on_the_same_data_are_held_against_each_other(run, run_json, ledger, add,
                                                                   tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text("other conversations\n")
    sha256 = tiny.sha256(other)
    for one in (entry("a", 0.7), entry("b", 0.8), entry("turns", 0.95, n=1963),
                entry("easy", 0.99, data=on(sha256, other.name)), entry("unnamed", 0.97, data=[]),
                entry("another answer", 0.98, target="attribute:done")):
        add(one)
    best = run_json("experiments", "best", "--ledger", ledger)
    assert best["entry"]["name"] == "b"
    assert best["measured_on"] == {"target": "survey", "sha256": SUM, "n": 100}
    assert best["left_out"] == 4
    for action in ("best", "plot"):
        said = run("experiments", action, "--ledger", ledger).stderr
        assert "on 5 sets" in said and "the 2 on test.jsonl (ab12ab12), survey, n 100" in said
        assert "--data" in said
    for data in (other, sha256, sha256[:6]):
        call = ["experiments", "best", "--ledger", ledger, "--data", data]
        assert "easy" in run(*call).stdout and run(*call).stderr == ""
        assert run_json(*call)["left_out"] == 0
    plot = ["experiments", "plot", "--ledger", ledger, "--data", SUM[:6]]
    assert [point["name"] for point in run_json(*plot)["points"]] == ["a", "b"]
    assert "on 3 sets" in run(*plot).stderr
    listed = run_json("experiments", "list", "--ledger", ledger, "--data", sha256)["entries"]
    assert [one["name"] for one in listed] == ["easy"]
    everything = run("experiments", "list", "--ledger", ledger)
    assert sha256[:8] in everything.stdout and everything.stderr == ""
    done = run("experiments", "best", "--ledger", ledger, "--data", "0" * 64, code=1)
    assert "none of 0 entries on these data has accuracy (test)" in done.stderr


def test_results_on_data_that_are_not_named_come_with_a_note(run, ledger, add):
    add(entry("a", data=[]))
    assert run("experiments", "best", "--ledger", ledger).stderr == ""
    add(entry("b", data=on(None)))
    said = run("experiments", "best", "--ledger", ledger).stderr
    assert "nothing says that these were measured on the same data" in said


def test_hostile_texts_neither_steer_the_terminal_nor_the_picture(run, ledger, add, tmp_path):
    add(entry("</title><script>alert(1)</script>\x1b[2J\x9b\nfake  row", learned="\x1b]0;owned\x07"))
    for action in (["list"], ["plot"], ["best"], ["show", tiny.records(ledger)[0]["id"]]):
        shown = run("experiments", *action, "--ledger", ledger).stdout
        assert not set(shown) & {"\x1b", "\x07", "\x9b"}
    assert len(run("experiments", "list", "--ledger", ledger).stdout.splitlines()) == 3
    out = tmp_path / "chart.svg"
    run("experiments", "plot", "--ledger", ledger, "--out", out)
    assert xml.parse(out).findall(".//{*}script") == []


def test_the_same_result_told_twice_is_refused(run, ledger, three, add):
    before = ledger.read_bytes()
    done = add(entry("first", 0.7, date="2026-05-01T00:00:00Z"), code=1)
    assert three[0] in done.stderr
    assert ledger.read_bytes() == before


def test_a_broken_line_is_named(run, ledger, three, add):
    lines = ledger.read_text().splitlines()
    ledger.write_text("\n".join([lines[0], lines[1][:40], lines[2]]) + "\n")
    before = ledger.read_bytes()
    for action in (["list"], ["best"], ["plot"], ["show", three[0]]):
        done = run("experiments", *action, "--ledger", ledger, "--json", code=1)
        error = json.loads(done.stderr.splitlines()[-1])["error"]
        assert error["place"] == f"{ledger}:2" and error["remedy"]
    assert f"{ledger}:2" in add(entry("fourth"), code=1).stderr
    assert ledger.read_bytes() == before
    done = run("experiments", "list", "--ledger", ledger, "--skip-bad")
    assert "left out: 1" in done.stderr and "second" not in done.stdout


def test_writers_at_the_same_time_lose_nothing(arcsat, ledger, tmp_path):
    writers = []
    for i in range(16):
        path = tmp_path / f"{i}.json"
        path.write_text(json.dumps(entry(f"experiment {i}")))
        writers.append(subprocess.Popen([arcsat, "experiments", "add", "--entry", path, "--ledger",
                                         ledger], stdout=subprocess.DEVNULL))
    assert [writer.wait(120) for writer in writers] == [0] * 16
    names = {line["name"] for line in tiny.records(ledger)}
    assert names == {f"experiment {i}" for i in range(16)}
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_full_disk_leaves_the_ledger_whole(arcsat, ledger, three, tmp_path):
    before = ledger.read_bytes()
    path = tmp_path / "large.json"
    path.write_text(json.dumps(entry("large", question="x" * 3000)))

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, len(before) + 100))

    for target in (ledger, tmp_path / "new.jsonl"):
        done = subprocess.run([arcsat, "experiments", "add", "--entry", path, "--ledger", target],
                              capture_output=True, text=True, preexec_fn=limit)
        assert done.returncode == 1
        assert str(target) in done.stderr
    assert ledger.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["entry.json", "large.json", "ledger.jsonl"]


def test_a_folder_that_cannot_be_written(run, add, ledger, tmp_path):
    done = run("experiments", "list", "--ledger", tmp_path / "none.jsonl", code=1)
    assert "experiments add" in done.stderr
    path = tmp_path / "entry.json"
    path.write_text(json.dumps(entry("a")))
    for place in (tmp_path / "none" / "ledger.jsonl", pathlib.Path("/proc/ledger.jsonl")):
        done = run("experiments", "add", "--entry", path, "--ledger", place, code=1)
        assert str(place) in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["dance"], "list, show, best, plot or add"),
        (["list", "more"], "options only"),
        (["list", "--learned", "x"], "expected it with add"),
        (["best", "--out", "x.svg"], "expected it with plot"),
        (["show", "a", "--data", "ab12"], "expected it with list, best or plot"),
        (["best", "--data", "no/such.jsonl"], "how its SHA-256 begins"),
        (["list", "--side", "train"], "validation or test"),
        (["add", "--name", "a", "--learned", "b"], "--evaluation"),
        (["add", "--evaluation", "x.json", "--learned", "b"], "--name is missing"),
        (["add", "--evaluation", "x.json", "--name", "b"], "--learned is missing"),
        (["add", "--entry", "x.json", "--run", "y"], "leave one of them out"),
        (["add", "--entry", "x.json", "--ledger", "-"], "a file to add to"),
    ],
)
def test_wrong_calls(run, arguments, expected):
    assert expected in run("experiments", *arguments, code=2).stderr


def evaluation(tmp_path, name="evaluation.json", **more):
    record = {
        "format": "arcsat-evaluation", "version": 1, "target": "survey", "model": "0123456789ab",
        "options": {"threshold": 0.5, "bins": 15, "rating_rule": "middle", "state_low": 0.375,
                    "state_high": 0.625, "state_sign": 0.5, "resamples": 100, "level": 0.95, "seed": 1},
        "survey": [{"by": "all", "value": "all", "n": 100, "conversations": 100,
                    "figures": {"accuracy": {"value": 0.8, "interval": [0.7, 0.9]}}}],
        "data": {"path": "sides/test.jsonl", "sha256": "0" * 64, "read": 900, "skipped": 0},
    } | more
    path = tmp_path / name
    path.write_text(json.dumps(record))
    return path


def run_folder(tmp_path, calls):
    """A run as train leaves one, but for the weights."""
    folder = tmp_path / "run"
    (folder / "model").mkdir(parents=True)
    (folder / "config.cfg").write_text(
        f"data = {calls}\nencoder = .deps/minilm\nout = {folder}\n\n[model]\n"
        "cross_turn_layers = 6\n\n[train]\nepochs = 4\nbatch = 8\nschedule = linear\n")
    (folder / "log.txt").write_text("2026-01-05T09:30:00Z begins by arcsat abc123\n")
    (folder / "model" / "config.json").write_text(json.dumps({"arcsat": {"sha256": "0123456789abcdef"}}))
    (folder / "metrics.jsonl").write_text(
        '{"kind":"train","update":40,"seconds":12.5,"conversations_per_second":25.6}\n'
        '{"kind":"validation","update":40,"surveyed":50,"rated":0,"accuracy":0.9,"best":true}\n')
    return folder


def test_an_entry_from_an_evaluation_and_a_run(run, run_json, calls, ledger, tmp_path):
    folder = run_folder(tmp_path, calls)
    added = run_json("experiments", "add", "--evaluation", evaluation(tmp_path), "--run", folder,
                     "--name", "six layers", "--question", "do they help?", "--learned", "they do",
                     "--split", "seed 1", "--ledger", ledger)
    (line,) = tiny.records(ledger)
    assert line["id"] == added["id"]
    assert line["code"] == "abc123"
    assert line["model"] == "0123456789ab"
    assert line["figures"]["test"]["accuracy"] == {"value": 0.8, "interval": [0.7, 0.9], "n": 100}
    assert line["figures"]["validation"]["accuracy"]["n"] == 50
    assert line["cost"] == {"seconds": 12.5, "updates": 40, "conversations_per_second": 25.6}
    assert line["config"]["train.epochs"] == "4"
    assert line["config"]["encoder"] == "minilm"
    assert line["changed"]["model.cross_turn_layers"] == "6"
    assert "train.schedule" not in line["changed"], "linear is the default"
    train, test = line["data"]
    answered = sum(r["survey"]["score"] is not None for r in tiny.records(calls))
    assert train == {"side": "train", "file": calls.name, "sha256": tiny.sha256(calls),
                     "labelled": train["labelled"]}
    assert train["labelled"] >= answered
    assert test == {"side": "test", "file": "test.jsonl", "sha256": "0" * 64, "labelled": 100}
    assert str(tmp_path) not in ledger.read_text(), "no path of this machine"


def test_what_does_not_belong_together_is_refused(run, calls, ledger, tmp_path):
    folder = run_folder(tmp_path, calls)
    call = ["experiments", "add", "--name", "a", "--learned", "b", "--ledger", ledger, "--run", folder]
    other = evaluation(tmp_path, model="ffffffffffff")
    assert "0123456789ab" in run(*call, "--evaluation", other, code=1).stderr
    none = tmp_path / "none.json"
    none.write_text("{}")
    assert "arcsat-evaluation" in run(*call, "--evaluation", none, code=1).stderr
    assert not ledger.exists()


def test_an_experiment_that_failed_needs_no_figure(run, calls, ledger, tmp_path):
    folder = run_folder(tmp_path, calls)
    (folder / "metrics.jsonl").unlink()
    call = ["experiments", "add", "--run", folder, "--name", "a", "--learned", "it diverged",
            "--ledger", ledger]
    assert "no figure" in run(*call, code=2).stderr
    run(*call, "--status", "failed")
    (line,) = tiny.records(ledger)
    assert (line["status"], line["figures"]) == ("failed", {})
    assert "failed" in run("experiments", "list", "--ledger", ledger).stdout


def test_a_real_run_is_recorded(run, run_json, trained, sides, ledger, tmp_path, schema):
    out = tmp_path / "evaluation.json"
    run("evaluate", "--model", trained, "--data", sides / "test.jsonl", "--out", out,
        "--evaluate.resamples", 100)
    run("experiments", "add", "--evaluation", out, "--run", trained, "--name", "tiny", "--learned",
        "it runs", "--ledger", ledger)
    (line,) = tiny.records(ledger)
    jsonschema.Draft202012Validator(schema("ledger")).validate(line)
    written = json.loads(out.read_text())
    shown = written["survey"][0]["figures"]["accuracy"]
    assert line["figures"]["test"]["accuracy"]["value"] == shown["value"]
    assert line["model"] == written["model"]
    assert f"begins by arcsat {line['code']}\n" in (trained / "log.txt").read_text()
    assert line["cost"]["updates"] >= 10 and line["cost"]["seconds"] > 0
    assert {one["side"] for one in line["data"]} == {"train", "validation", "test"}
    assert all(one["sha256"] == tiny.sha256(sides / one["file"]) for one in line["data"])


def test_the_report_draws_the_experiments_on_its_data(run, trained, sides, ledger, add, tmp_path):
    out, page = tmp_path / "evaluation.json", tmp_path / "report.html"
    evaluate = ["evaluate", "--model", trained, "--data", sides / "test.jsonl",
                "--evaluate.resamples", 100]
    run(*evaluate, "--out", out)
    measured = json.loads(out.read_text())
    n, here = measured["survey"][0]["n"], on(measured["data"]["sha256"])
    run("experiments", "add", "--evaluation", out, "--name", "this", "--learned", "it runs",
        "--ledger", ledger)
    for one in (entry("beside", n=n, data=here), entry("other data", n=n),
                entry("turns", n=n + 1, data=here), entry("unnamed", n=n, data=on(None)),
                entry("another answer", n=n, data=here, target="attribute:done")):
        add(one)
    run(*evaluate, "--ledger", ledger, "--report", page)
    text = page.read_text("utf-8").split('<script type="application/json" id="data">')[1]
    drawn = json.loads(text.split("</script>")[0])["experiments"]
    assert {(one["name"], one["current"]) for one in drawn} == {("this", True), ("beside", False)}


def test_a_run_is_in_mlflow_too(train, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    store, out = tmp_path / "mlruns", tmp_path / "run"
    train(out, "--train.mlflow", store)
    client = mlflow.MlflowClient(tracking_uri=store.as_uri())
    experiment = client.get_experiment_by_name("arcsat")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")
    assert run.data.params["train.batch"] == "8"
    losses = [line for line in tiny.records(out / "metrics.jsonl") if "loss" in line]
    shown = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(m.step, m.value) for m in shown] == [(r["update"], r["loss"]) for r in losses]
