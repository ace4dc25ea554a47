"""A bundle appears only where its parity was shown, and verify tells what was done to it."""

import hashlib
import json
import os
import stat
import sys
import tarfile

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from onnx_models import (ARCSAT, copy_bundle, export, make_model, manifest_of,  # noqa: E402
                         needs_program, run, write_json)

pytestmark = needs_program


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    model = make_model(folder, "bert")
    made = export(model, folder / "bundle")
    assert made.returncode == 0, made.stderr
    return model, folder / "bundle"


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["model.onnx", "golden.jsonl", "vocab.txt", "calibration.json",
                                  "README.md"])
def test_verify_finds_a_changed_bit(bert, tmp_path, name):
    target = copy_bundle(bert[1], tmp_path)
    flip(target / name, (target / name).stat().st_size // 2)
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert name in verified.stderr and "was changed" in verified.stderr


def test_an_archive_holds_the_bundle_and_equal_bundles_give_equal_bytes(bert, tmp_path):
    model, bundle = bert
    archives = [tmp_path / "first.tar.gz", tmp_path / "again.tar.gz"]
    for archive in archives:
        made = export(model, tmp_path / "bundle", "--archive", archive)
        assert made.returncode == 0, made.stderr
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with tarfile.open(archives[0]) as packed:
        members = packed.getmembers()
        assert [m.name for m in members] == sorted(m.name for m in members)
        assert {m.name for m in members} == {f"bundle/{p.name}" for p in bundle.iterdir()}
        assert {(m.mtime, m.uid, m.gid, m.mode, m.type) for m in members} == {
            (0, 0, 0, 0o644, tarfile.REGTYPE)}
        # Debian 12's Python 3.11.2 has no filters yet.
        packed.extractall(tmp_path / "out", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    verified = run(ARCSAT, "verify", tmp_path / "out" / "bundle")
    assert verified.returncode == 0, verified.stderr


def test_an_archive_that_cannot_be_written_publishes_nothing(bert, tmp_path):
    made = export(bert[0], tmp_path / "bundle", "--archive", tmp_path / "none" / "a.tar.gz")
    assert made.returncode == 1
    assert "a.tar.gz" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_verify_finds_missing_and_extra_files(bert, tmp_path):
    target = copy_bundle(bert[1], tmp_path)
    (target / "vocab.txt").unlink()
    (target / "notes.txt").write_text("hello")
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert "vocab.txt is missing" in verified.stderr
    assert "notes.txt is not in the manifest" in verified.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format":"arcsat-bundle","version":99}',
                                  '{"format":"arcsat-bundle","version":1}',
                                  '{"format":"arcsat-bundle","version":1,"files":{"../x":{}}}'])
def test_verify_refuses_a_broken_manifest(bert, tmp_path, text):
    target = copy_bundle(bert[1], tmp_path)
    (target / "manifest.json").write_text(text)
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert "manifest.json" in verified.stderr


def rewrite_sums(bundle, **changes):
    """What a forger would do: the manifest agrees with the changed files."""
    manifest = manifest_of(bundle)
    for name, told in manifest["files"].items():
        data = (bundle / name).read_bytes()
        told.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    manifest.update(changes)
    write_json(bundle / "manifest.json", manifest)


def change_weight(path):
    model = onnx.load(str(path))
    tensor = next(t for t in model.graph.initializer if t.name == "heads/outlook.weight")
    values = np.frombuffer(tensor.raw_data, np.float32).copy()
    values[3] += 0.01
    tensor.raw_data = values.tobytes()
    onnx.save(model, str(path))


def test_verify_finds_a_changed_weight_by_its_scores(bert, tmp_path):
    target = copy_bundle(bert[1], tmp_path)
    change_weight(target / "model.onnx")
    rewrite_sums(target)
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert "golden conversation" in verified.stderr


def test_verify_wants_parity(bert, tmp_path):
    target = copy_bundle(bert[1], tmp_path)
    rewrite_sums(target, parity=None)
    verified = run(ARCSAT, "verify", target)
    assert verified.returncode == 1
    assert "parity" in verified.stderr


def meddling_python(folder, lines):
    """A Python that does something to the unpublished bundle, then runs the checker."""
    script = folder / "python"
    script.write_text("#!/bin/sh\n" + lines + "\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def meddle(folder, code):
    helper = folder / "meddle.py"
    helper.write_text("import sys\nfrom pathlib import Path\nbundle = Path(sys.argv[1])\n" + code)
    return meddling_python(folder, f'"{sys.executable}" "{helper}" "$3" || exit 9\n'
                                   f'exec "{sys.executable}" "$@"')


CHANGE_WEIGHT = """
import numpy, onnx
path = str(bundle / "model.onnx")
model = onnx.load(path)
tensor = next(t for t in model.graph.initializer if t.name == "encoder/speaker")
values = numpy.frombuffer(tensor.raw_data, numpy.float32).copy()
values[:] += 0.05
tensor.raw_data = values.tobytes()
onnx.save(model, path)
"""
CUT_SHORT = """
path = bundle / "model.onnx"
path.write_bytes(path.read_bytes()[:-1000])
"""
HARMLESS = """
path = bundle / "README.md"
path.write_text(path.read_text() + "x")
"""


@pytest.mark.parametrize("code, told", [(CHANGE_WEIGHT, "differs from LibTorch by"),
                                        (CUT_SHORT, "onnx.checker"), (HARMLESS, "README.md")])
def test_export_refuses_what_is_not_the_model(bert, tmp_path, code, told):
    made = export(bert[0], tmp_path / "new", "--python", meddle(tmp_path, code))
    assert made.returncode == 1
    assert told in made.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["meddle.py", "python"]


@pytest.mark.parametrize("lines", ["exit 3", "kill -9 $$", "echo no report", "echo '{}'", ":",
                                   """echo '{"problems":[],"cases":[],"parity":{},"golden":0,"""
                                   """"golden_difference":0,"versions":{}}'"""])
def test_export_refuses_where_nothing_was_shown(bert, tmp_path, lines):
    made = export(bert[0], tmp_path / "new", "--python", meddling_python(tmp_path, lines))
    assert made.returncode == 1
    assert "check of the bundle" in made.stderr or "was not published" in made.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["python"]


def test_export_without_python(bert, tmp_path):
    made = export(bert[0], tmp_path / "new", env={**os.environ, "ARCSAT_PYTHON": "/no/python"})
    assert made.returncode == 1
    assert "/no/python" in made.stderr and "ARCSAT_PYTHON" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_export_where_nothing_can_be_written(bert, tmp_path):
    (tmp_path / "file").write_text("")
    made = export(bert[0], tmp_path / "file" / "new")
    assert made.returncode == 1
    assert "cannot be made: Not a directory" in made.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failed_export_leaves_the_old_bundle(bert, tmp_path):
    target = copy_bundle(bert[1], tmp_path)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    assert export(bert[0], target, "--python", "/no/python").returncode == 1
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_export_replaces_a_bundle_and_nothing_else(bert, tmp_path):
    target = copy_bundle(bert[1], tmp_path)
    (target / "stray").write_text("old")
    assert export(bert[0], target).returncode == 0
    assert not (target / "stray").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("five years")
    made = export(bert[0], other)
    assert made.returncode == 2 and "no bundle" in made.stderr
    assert (other / "thesis.txt").read_text() == "five years"


def test_golden_conversations_from_data(bert, tmp_path):
    calls = [{"id": f"c-{i}", "turns": [{"speaker": "customer", "text": f"help {i}"}] * (i + 1)}
             for i in range(20)]
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls))
    made = export(bert[0], tmp_path / "new", "--data", tmp_path / "calls.jsonl", "--golden", "3")
    assert made.returncode == 0, made.stderr
    ids = [json.loads(line)["score"]["id"] for line in open(tmp_path / "new" / "golden.jsonl")]
    assert ids[-3:] == ["c-0", "c-9", "c-19"]
    assert manifest_of(tmp_path / "new")["golden"]["conversations"] == len(ids)


def test_nodes_are_named_after_where_they_stand(bert):
    model = onnx.load(str(bert[1] / "model.onnx"))
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert any(name.startswith("encoder/layer.3/attention/") for name in names)
    assert {entry.key for entry in model.metadata_props} == {"model", "max_turn_tokens"}
