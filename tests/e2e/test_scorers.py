"""The scorers of a bundle, in Python and Node.js, against the program."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import scorer_cases
import scorer_runs
import tiny

sys.path.insert(0, str(scorer_runs.PYTHON))

SCORERS = ["python", "node"]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=[*SCORERS, "program"])
def resumable(request, trained, bundle):
    """A scorer that can go on, and the model that it takes."""
    scorer_runs.command(request.param)
    return request.param, trained if request.param == "program" else bundle


@pytest.fixture(scope="session")
def scores(run, trained, calls, tmp_path_factory):
    """The program's scores of the simulated conversations."""
    out = tmp_path_factory.mktemp("scores") / "scores.jsonl"
    run("score", "--model", trained, "--data", calls, "--out", out, "--quiet")
    return tiny.records(out)


def test_scores_are_the_programs(scorer, bundle, calls, scores, tmp_path):
    out = tmp_path / "scores.jsonl"
    scorer_runs.score(scorer, "--model", bundle, "--data", calls, "--out", out)
    ours = tiny.records(out)
    assert len({score["p_satisfied"] for score in ours}) > 100
    assert scorer_runs.difference(ours, scores) < 1e-5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.jsonl"]
    assert all("set" in score for score in ours)


def test_weights_beside_the_graph(scorer, run, trained, calls, scores, tmp_path):
    out = tmp_path / "bundle"
    run("export", "--model", trained, "--out", out, "--external-data", "--stream", "--archive",
        tmp_path / "bundle.tar.gz", "--quiet")
    names = {path.name for path in out.iterdir()}
    assert {"model.onnx.data", "turn_encoder.onnx.data", "conversation_step.onnx.data"} <= names
    assert (out / "model.onnx").stat().st_size < (out / "model.onnx.data").stat().st_size
    run("verify", out)
    scorer_runs.score(scorer, "--model", out, "--data", calls, "--out", tmp_path / "scores.jsonl")
    assert scorer_runs.difference(tiny.records(tmp_path / "scores.jsonl"), scores) < 1e-5
    tiny.flip(out / "model.onnx.data")
    for done in (run("verify", out, code=1),
                 scorer_runs.score(scorer, "--model", out, "--data", calls, code=1)):
        assert "model.onnx.data" in (done.stderr if isinstance(done.stderr, str) else done.stderr.decode())


def test_standard_input_and_compressed_files(scorer, bundle, calls, scores, tmp_path):
    lines = calls.read_bytes().splitlines(keepends=True)[:9]
    piped = scorer_runs.score(scorer, "--model", bundle, "--quiet", input=b"".join(lines)).stdout
    assert scorer_runs.difference([json.loads(line) for line in piped.splitlines()], scores[:9]) < 1e-5
    packed = tmp_path / "calls.gz"  # two members, and no line's end at the file's
    packed.write_bytes(gzip.compress(lines[0]) + gzip.compress(b"".join(lines[1:]).rstrip(b"\n")))
    unpacked = scorer_runs.score(scorer, "--model", bundle, "--data", packed, "--quiet").stdout
    assert unpacked == piped
    tiny.truncate(packed, 0.8)
    cut = scorer_runs.score(scorer, "--model", bundle, "--data", packed, "--out", tmp_path / "out",
                            code=1)
    assert b"cut off or damaged" in cut.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.gz"]


def test_records_are_good_where_the_program_says_so(scorer, run, trained, bundle, tmp_path):
    fixture = (scorer_runs.SOURCE / "tests/fixtures/broken_conversations.jsonl").read_bytes()
    lines = scorer_cases.odd_lines()
    data = tmp_path / "odd.jsonl"
    data.write_bytes(b"".join(line + b"\n" for line in lines) + fixture)
    good = run("score", "--model", trained, "--data", data, "--skip-bad", "--quiet").stdout
    good = [json.loads(line)["id"] for line in good.splitlines()]
    assert 40 < len(good) < len(lines) - 60
    out = tmp_path / "scores.jsonl"
    told = scorer_runs.score(scorer, "--model", bundle, "--data", data, "--out", out, "--skip-bad")
    assert [score["id"] for score in tiny.records(out)] == good
    rejects = tiny.records(tmp_path / "scores.jsonl.rejects.jsonl")
    every = range(1, len(lines) + len(fixture.splitlines()) + 1)
    assert [reject["line"] for reject in rejects] == [n for n in every if str(n) not in good]
    assert all("; expected" in reject["reason"] for reject in rejects)
    assert f"left out: {len(rejects)}".encode() in told.stderr


def test_a_bad_line_ends_the_work_by_its_name(scorer, bundle, tmp_path):
    data = tmp_path / "calls.jsonl"
    data.write_text('{"id":"a","turns":[]}\n\n{"id":"b","turns":[{"speaker":"cat","text":""}]}\n')
    done = scorer_runs.score(scorer, "--model", bundle, "--data", data, "--out", tmp_path / "out",
                             "--json", code=1)
    assert b'calls.jsonl:3: turns[0].speaker: found "cat"; expected "customer"' in done.stderr
    assert "calls.jsonl:3" in json.loads(done.stderr.splitlines()[-1])["error"]["message"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["calls.jsonl"]


def test_a_device_is_written_to_and_a_link_kept(scorer, bundle, calls, tmp_path):
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    data = calls.read_bytes().splitlines(keepends=True)[0] + b"bad\n"
    words = ["--model", bundle, "--skip-bad", "--out"]
    scorer_runs.score(scorer, *words, pipe, input=data)
    assert b'"p_satisfied"' in reader.communicate()[0]
    scorer_runs.score(scorer, *words, pipe, "--resume", input=data, code=1)
    (tmp_path / "scores").touch()
    link.symlink_to(tmp_path / "scores")
    scorer_runs.score(scorer, *words, link, input=data)
    scorer_runs.score(scorer, *words, link, input=data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe", "scores",
                                                                "scores.rejects.jsonl"]
    assert link.is_symlink() and len(tiny.records(tmp_path / "scores")) == 1


def test_a_gap_beyond_single_precision_is_no_nan(scorer, bundle):
    turns = [{"speaker": "customer", "text": "hi", "at": at} for at in (0, 1e308, 5)]
    done = scorer_runs.score(scorer, "--model", bundle, "--quiet",
                             input=json.dumps({"id": "a", "turns": turns}).encode())
    assert 0 < json.loads(done.stdout)["p_satisfied"] < 1 and done.stderr == b""


@pytest.mark.parametrize("arguments, code, told", [
    (["--model", "BUNDLE", "--dada", "x"], 2, "--dada"), ([], 2, "--model"),
    (["--model", "BUNDLE", "--threads", "-1"], 2, "threads"),
    (["--model", "BUNDLE", "--resume"], 2, "--resume needs --out"),
    (["--model", "BUNDLE", "--data", "/none.jsonl"], 1, "/none.jsonl"),
    (["--model", "BUNDLE", "--data", "/"], 1, "/"),
    (["--model", "BUNDLE", "--data", os.devnull], 1, "holds no conversation"),
    (["--model", "BUNDLE", "--variant", "int3"], 1, "expected one of fp32"),
    (["--help"], 0, "")])
def test_exit_codes(scorer, bundle, arguments, code, told):
    words = [str(bundle) if word == "BUNDLE" else word for word in arguments]
    assert told in scorer_runs.score(scorer, *words, code=code).stderr.decode()


def damaged(bundle, tmp_path, name):
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    damage, told = scorer_cases.BROKEN_BUNDLES[name]
    damage(copy)
    return copy, told


@pytest.mark.parametrize("name", scorer_cases.BROKEN_BUNDLES)
def test_python_refuses_a_bundle(bundle, tmp_path, name):
    from arcsat_scorer import BundleError, Scorer

    copy, told = damaged(bundle, tmp_path, name)
    with pytest.raises(BundleError) as refused:
        Scorer(copy)
    assert all(word in str(refused.value) for word in told), str(refused.value)


@pytest.mark.parametrize("name", scorer_cases.BROKEN_BUNDLES)
def test_node_refuses_a_bundle(bundle, tmp_path, name):
    copy, told = damaged(bundle, tmp_path, name)
    done = scorer_runs.score("node", "--model", copy, "--data", os.devnull, code=1)
    assert all(word in done.stderr.decode() for word in told), done.stderr.decode()


@pytest.mark.parametrize("name", scorer_cases.BROKEN_BUNDLES)
def test_verify_refuses_a_bundle(run, bundle, tmp_path, name):
    copy, told = damaged(bundle, tmp_path, name)
    error = run("verify", copy, code=1).stderr
    assert all(word in error for word in told), error


def test_a_bundle_may_lie_behind_a_link_and_keep_weights_beside_it(bundle, scores, calls, tmp_path):
    from arcsat_scorer import Scorer

    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    scorer_cases.keep_weights_in("weights.bin")(copy)
    manifest = scorer_cases.manifest_of(copy)
    manifest["files"]["weights.bin"] = {}
    scorer_cases.write_manifest(copy, manifest)
    scorer_cases.sum_again(copy)
    (tmp_path / "current").symlink_to(copy)
    ours = Scorer(tmp_path / "current", threads=1).score(tiny.records(calls)[:5])
    assert scorer_runs.difference(ours, scores[:5]) < 1e-5


def test_a_variant_is_chosen_by_its_name(scorer, bundle, calls, tmp_path):
    import onnx

    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    model = onnx.load(str(copy / "model.onnx"))
    tensor = next(t for t in model.graph.initializer if t.name == "heads/outlook.weight")
    tensor.raw_data = bytes(len(tensor.raw_data))
    onnx.save(model, str(copy / "model.flat.onnx"))
    manifest = scorer_cases.manifest_of(copy)
    manifest["variants"] = {"flat": {"file": "model.flat.onnx"}}
    manifest["files"]["model.flat.onnx"] = {}
    scorer_cases.write_manifest(copy, manifest)
    scorer_cases.sum_again(copy)
    few = b"".join(calls.read_bytes().splitlines(keepends=True)[:20])
    outlooks = {}
    for variant in ("fp32", "flat"):
        done = scorer_runs.score(scorer, "--model", copy, "--variant", variant, "--quiet", input=few)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        outlooks[variant] = {turn["outlook"] for record in records for turn in record["turns"]}
    assert len(outlooks["flat"]) == 1 and len(outlooks["fp32"]) > 20


def test_python_reports_what_it_cannot_score(bundle, calls, scores):
    from arcsat_scorer import RecordError, Scorer

    good = tiny.records(calls)[:3]
    mixed = [good[0], {"id": "x"}, good[1], 7, good[2]]
    scorer = Scorer(bundle, threads=1)
    rejects = []
    ours = scorer.score(mixed, reject=lambda i, reason: rejects.append((i, reason)))
    assert [score and score["id"] for score in ours] == [scores[0]["id"], None, scores[1]["id"],
                                                         None, scores[2]["id"]]
    assert [i for i, _ in rejects] == [1, 3] and "turns" in rejects[0][1]
    with pytest.raises(RecordError, match="conversation 1: turns: found no such field"):
        scorer.score(mixed)
    assert scorer.score([]) == []


def kill_within(scorer, many, out, *words):
    """Starts scoring a stream that stays open, and kills it after a window."""
    process = scorer_runs.start(scorer, *words, "--out", out, "--resume", "--skip-bad", "--quiet",
                                stdin=subprocess.PIPE)
    lines = many.read_bytes().splitlines(keepends=True)
    process.stdin.write(b"".join(lines[:1500]))
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not os.path.exists(f"{out}.partial.json"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert not out.exists()


@pytest.fixture(scope="session")
def many(calls, tmp_path_factory):
    """4,200 conversations, every tenth of them bad: several windows."""
    path = tmp_path_factory.mktemp("many") / "many.jsonl"
    records = tiny.records(calls)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(4200):
            record = records[i % len(records)]
            turns = 7 if i % 10 == 9 else record["turns"][:4]
            out.write(json.dumps(record | {"id": f"m-{i}", "turns": turns}) + "\n")
    return path


# One takes up what another left: the files are the same.
@pytest.mark.parametrize("first, then", [("python", "python"), ("node", "python"),
                                         ("python", "node"), ("program", "program"),
                                         ("program", "node"), ("node", "program")])
def test_a_killed_run_goes_on(first, then, trained, bundle, many, tmp_path):
    scorer_runs.command(first), scorer_runs.command(then)
    models = {"program": trained}
    out, state = tmp_path / "scores.jsonl", tmp_path / "scores.jsonl.partial.json"
    kill_within(first, many, out, "--model", models.get(first, bundle))
    # What a window left behind that was not finished.
    for end in ("partial", "partial.rejects"):
        with open(f"{out}.{end}", "ab") as rest:
            rest.write(b'{"id":"half')
    done_before = json.loads(state.read_text())["scored"]
    done = json.loads(scorer_runs.score(then, "--model", models.get(then, bundle), "--data", many,
                                        "--out", out, "--resume", "--skip-bad", "--json").stdout)
    assert done["resumed"] == done_before > 0
    assert done["scored"] == 3780 and done["rejected"] == 420
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scores.jsonl",
                                                                "scores.jsonl.rejects.jsonl"]
    assert [score["id"] for score in tiny.records(out)] == [f"m-{i}" for i in range(4200) if i % 10 < 9]
    assert [reject["line"] for reject in tiny.records(f"{out}.rejects.jsonl")] == list(range(10, 4201, 10))


def test_other_data_or_another_model_is_not_gone_on_with(resumable, many, tmp_path):
    scorer, bundle = resumable
    out, state = tmp_path / "scores.jsonl", tmp_path / "scores.jsonl.partial.json"
    kill_within(scorer, many, out, "--model", bundle)
    words = ["--model", bundle, "--out", out, "--resume", "--skip-bad", "--quiet", "--data"]
    lines = many.read_bytes().splitlines(keepends=True)
    other, short = tmp_path / "other.jsonl", tmp_path / "short.jsonl"
    other.write_bytes(lines[0].replace(b"m-0", b"z-0") + b"".join(lines[1:]))
    short.write_bytes(b"".join(lines[:5]))
    for data in (other, short):
        assert b"scores of other data" in scorer_runs.score(scorer, *words, data, code=1).stderr
    told = json.loads(state.read_text())
    state.write_text(json.dumps(told | {"model": "another"}))
    assert b"scores of the model another" in scorer_runs.score(scorer, *words, many, code=1).stderr
    state.write_text(json.dumps(told | {"bytes": 1 << 40}))
    assert b"shorter than it says" in scorer_runs.score(scorer, *words, many, code=1).stderr
    state.write_text("{")
    assert b"begin again" in scorer_runs.score(scorer, *words, many, code=1).stderr
    state.write_text(json.dumps(told))
    scorer_runs.score(scorer, *words, many)
    assert len(tiny.records(out)) == 3780


def test_a_stopped_run_leaves_nothing(scorer, bundle, many, tmp_path):
    process = scorer_runs.start(scorer, "--model", bundle, "--out", tmp_path / "scores.jsonl",
                                "--skip-bad", "--quiet", stdin=subprocess.PIPE)
    process.stdin.write(many.read_bytes()[:1 << 16])
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_nodes_unicode_tables_are_the_programs():
    sys.path.insert(0, str(scorer_runs.SOURCE / "tools"))
    import make_scorer_unicode

    kept = json.loads((scorer_runs.NODE / "src" / "unicode_tables.json").read_text())
    assert kept == make_scorer_unicode.tables() and len(kept["PropertyRanges"]) > 1000


def test_no_registry_stands_in_the_lock_file():
    lock = (scorer_runs.NODE / "package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    assert "resolved" not in lock and len(packages) > 2
    assert all("integrity" in package for name, package in packages.items() if name)
