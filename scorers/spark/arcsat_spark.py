"""Scores conversations on Apache Spark with a bundle that `arcsat export` made.

    spark-submit --py-files arcsat_scorer.zip scorers/spark/arcsat_spark.py \\
        --model bundle.tar.gz --data hdfs:///calls --out hdfs:///scores

OUT/kind=score holds scores, a JSON line each, and OUT/kind=reject what cannot be scored, with the
reason. Both come from one pass, and appear (with _SUCCESS) when it has ended: what a lost executor
had in hand is done again by another, and its output is never committed twice. One ONNX Runtime
session of one thread a Python worker, so one a core.
"""

from __future__ import annotations

import argparse
import json
from typing import Any, Iterable, Iterator

import pandas as pd
from arcsat_scorer import RecordError, Scorer
from arcsat_scorer.records import parse
from pyspark import SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

SCHEMA = "kind string, value string"
_ARCHIVE = "arcsat-bundle"
_WINDOW = "1024"  # conversations scored together
_scorers: dict[tuple[str, str], Scorer] = {}


def score_lines(lines: DataFrame, bundle: str, variant: str = "fp32") -> DataFrame:
    """`lines` has one column of text, a conversation a row as `arcsat score` takes it. Gives a row
    each: kind "score" and the score's JSON line, or "reject" and {"reason", "line"}; empty lines
    give none. `bundle` is a folder that every worker can read, or a .tar.gz of one, which is sent to
    them."""
    spark = lines.sparkSession
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", _WINDOW)
    packed = bundle.endswith((".tar.gz", ".tgz"))
    if packed:
        spark.sparkContext.addArchive(f"{bundle}#{_ARCHIVE}")

    def run(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        scorer = _scorer(_unpacked() if packed else bundle, variant)
        for frame in frames:
            rows = _score(scorer, frame.iloc[:, 0])
            yield pd.DataFrame(rows, columns=["kind", "value"], dtype="object")

    return lines.mapInPandas(run, SCHEMA)


def read_lines(spark: SparkSession, path: str, partitions: int = 0) -> DataFrame:
    """Conversations of JSON lines (.gz and others that Spark reads), or of Parquet with the record's
    fields as columns. `partitions` above 0 spreads them evenly: a .gz file cannot be split."""
    if path.rstrip("/").endswith(".parquet"):
        lines = spark.read.parquet(path).select(F.to_json(F.struct("*")).alias("value"))
    else:
        lines = spark.read.text(path)
    return lines.repartition(partitions) if partitions > 0 else lines


def _unpacked() -> str:
    """The archive's folder on this worker; the bundle lies in it, or in one folder inside."""
    from pathlib import Path

    folder = Path(SparkFiles.get(_ARCHIVE))
    inside = [path for path in folder.iterdir() if path.is_dir()]
    return str(folder if (folder / "manifest.json").exists() or len(inside) != 1 else inside[0])


def _scorer(bundle: str, variant: str) -> Scorer:
    """Loaded once a worker process, which serves task after task."""
    key = (bundle, variant)
    if key not in _scorers:
        _scorers[key] = Scorer(bundle, variant=variant, threads=1)
    return _scorers[key]


def _score(scorer: Scorer, lines: Iterable[str]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    good: list[dict[str, Any]] = []
    for line in lines:
        if not line or not line.strip(" \t\r"):
            continue
        try:
            good.append(parse(line.encode("utf-8", "surrogatepass")))
        except RecordError as error:
            rows.append(("reject", _json({"reason": str(error), "line": line})))
    rows += [("score", _json(score)) for score in scorer.score_checked(good)]
    return rows


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Scores conversations on Apache Spark.")
    parser.add_argument("--model", metavar="BUNDLE", required=True,
                        help="a folder that every worker can read, or a .tar.gz that is sent to them")
    parser.add_argument("--data", metavar="PATH", required=True,
                        help="JSON lines, or PATH.parquet with the record's fields as columns")
    parser.add_argument("--out", metavar="PATH", required=True, help="folder that is not there yet")
    parser.add_argument("--variant", metavar="NAME", default="fp32", help="graph of the bundle")
    parser.add_argument("--partitions", metavar="NUMBER", type=int, default=0,
                        help="spread the data over so many; 0: as Spark reads it")
    options = parser.parse_args(arguments)
    spark = SparkSession.builder.appName("arcsat score").getOrCreate()
    lines = read_lines(spark, options.data, options.partitions)
    scored = score_lines(lines, options.model, options.variant)
    scored.write.partitionBy("kind").text(options.out)
    spark.stop()


if __name__ == "__main__":
    main()
