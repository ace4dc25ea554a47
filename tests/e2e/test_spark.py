"""The Spark job on a real, local Spark. `make test-spark` installs it and runs the large test too."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import scorer_runs
import tiny

PYSPARK = importlib.util.find_spec("pyspark")
# Marks, no importorskip: where a whole file is passed over, pytest calls that a failure.
pytestmark = [
    pytest.mark.skipif(PYSPARK is None, reason="make test-spark has it"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17 or later"),
]

SPARK = scorer_runs.SOURCE / "scorers" / "spark"
#: Simulated conversations of the large test; it runs where this is set.
LARGE = int(os.environ.get("ARCSAT_SPARK_CONVERSATIONS", "0"))

#: A job that ends a process once, in the middle of its work, after results were made of it.
SABOTAGE = """
import os, pathlib, signal, sys
import arcsat_spark
from pyspark.sql import SparkSession

model, data, out, flag, whom, partitions, master = sys.argv[1:]

def executor():
    "The JVM that this Python worker belongs to."
    process = os.getppid()
    while "java" not in pathlib.Path(f"/proc/{process}/comm").read_text():
        stat = pathlib.Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rsplit(")", 1)[1].split()[1])
    return process

def sabotage(frames):
    for n, frame in enumerate(frames):
        if n == 1:
            try:
                os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                os.kill(os.getpid() if whom == "worker" else executor(), signal.SIGKILL)
        yield frame

spark = SparkSession.builder.master(master).config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
lines = arcsat_spark.read_lines(spark, data, int(partitions))
scored = arcsat_spark.score_lines(lines, model)
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "10")
scored.mapInPandas(sabotage, arcsat_spark.SCHEMA).write.partitionBy("kind").text(out)
spark.stop()
"""


def environment():
    path = os.pathsep.join([str(scorer_runs.PYTHON), str(SPARK)])
    return os.environ | {"PYTHONPATH": path, "PYSPARK_PYTHON": sys.executable,
                         "SPARK_LOCAL_IP": "127.0.0.1", "OMP_NUM_THREADS": "1"}


def spark(words, tmp_path):
    done = subprocess.run([sys.executable, *map(str, words)], env=environment(), cwd=tmp_path,
                          capture_output=True, text=True, check=False, timeout=1400)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def results(out, kind):
    """The lines of a kind, by id; every id must be there once."""
    assert (out / "_SUCCESS").exists()
    found = [record for path in sorted((out / f"kind={kind}").glob("part-*"))
             for record in tiny.records(path)]
    if kind == "reject":
        return found
    by_id = {record["id"]: record for record in found}
    assert len(by_id) == len(found)
    return by_id


def packed(bundle, tmp_path):
    """A .tar.gz of the bundle, as workers without a shared disk get it."""
    with tarfile.open(tmp_path / "bundle.tar.gz", "w:gz") as archive:
        archive.add(bundle, arcname="bundle")
    return tmp_path / "bundle.tar.gz"


@pytest.fixture(scope="session")
def scores(run, trained, calls, tmp_path_factory):
    out = tmp_path_factory.mktemp("scores") / "scores.jsonl"
    run("score", "--model", trained, "--data", calls, "--out", out, "--quiet")
    return {score["id"]: score for score in tiny.records(out)}


def test_a_killed_worker_costs_no_result(bundle, calls, scores, tmp_path):
    data = tmp_path / "calls.jsonl"
    data.write_bytes(calls.read_bytes() + b'\n  \n{"id":"bad"}\nnot JSON\n')
    (tmp_path / "job.py").write_text(SABOTAGE)
    spark([tmp_path / "job.py", packed(bundle, tmp_path), data, tmp_path / "out", tmp_path / "flag",
           "worker", 2, "local[2,4]"], tmp_path)
    assert (tmp_path / "flag").exists()  # it was killed
    ours = results(tmp_path / "out", "score")
    assert ours.keys() == scores.keys()
    assert scorer_runs.difference([ours[name] for name in scores], list(scores.values())) < 1e-5
    rejects = results(tmp_path / "out", "reject")
    assert sorted(reject["line"] for reject in rejects) == ["not JSON", '{"id":"bad"}']
    assert all("; expected" in reject["reason"] for reject in rejects)


@pytest.mark.skipif(LARGE == 0, reason="ARCSAT_SPARK_CONVERSATIONS says how many; make test-spark")
def test_the_job_as_it_is_submitted_from_parquet(bundle, calls, scores, tmp_path):
    import pandas

    records = [{key: record.get(key) for key in ("id", "channel", "turns")}
               for record in tiny.records(calls)]
    pandas.DataFrame(records).to_parquet(tmp_path / "calls.parquet")
    with zipfile.ZipFile(tmp_path / "arcsat_scorer.zip", "w") as code:
        for path in (scorer_runs.PYTHON / "arcsat_scorer").glob("*.py"):
            code.write(path, f"arcsat_scorer/{path.name}")
    submit = pathlib.Path(PYSPARK.origin).parent / "bin" / "spark-submit"
    done = subprocess.run(
        [str(submit), "--master", "local[2]", "--py-files", str(tmp_path / "arcsat_scorer.zip"),
         str(SPARK / "arcsat_spark.py"), "--model", str(bundle), "--data",
         str(tmp_path / "calls.parquet"), "--out", str(tmp_path / "out")],
        env=environment() | {"PYTHONPATH": ""}, cwd=tmp_path, capture_output=True, text=True,
        check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    ours = results(tmp_path / "out", "score")
    assert scorer_runs.difference([ours[name] for name in scores], list(scores.values())) < 1e-5


@pytest.mark.skipif(LARGE == 0, reason="ARCSAT_SPARK_CONVERSATIONS says how many; make test-spark")
def test_a_killed_executor_costs_no_result(run, bundle, tmp_path):
    """Two executors, each a process of its own; one is killed while it works."""
    data = tmp_path / "calls.jsonl"
    run("simulate", "--simulate.conversations", LARGE, "--out", data)
    one = tmp_path / "one.jsonl"
    scorer_runs.score("python", "--model", bundle, "--data", data, "--out", one, "--threads", 1,
                      "--quiet")
    (tmp_path / "job.py").write_text(SABOTAGE)
    spark([tmp_path / "job.py", packed(bundle, tmp_path), data, tmp_path / "out", tmp_path / "flag",
           "executor", 16, "local-cluster[2,1,1024]"], tmp_path)
    assert (tmp_path / "flag").exists()
    ours = results(tmp_path / "out", "score")
    wanted = tiny.records(one)
    assert len(wanted) == LARGE and ours.keys() == {score["id"] for score in wanted}
    assert max(scorer_runs.difference(ours[score["id"]], score) for score in wanted) < 1e-5
