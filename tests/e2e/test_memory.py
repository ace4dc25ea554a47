"""A batch that does not fit into memory is split, and the run goes on. Memory runs out here as on a full
machine: the system refuses the program a piece of it (fail_memory.c)."""

import os
import re
import subprocess

import pytest
import tiny

#: An update is all conversations, so that the first already is as large as any. Nothing is validated:
#: what a Scorer keeps of turns (model/known_turns.h) comes in larger pieces than these parts ask for.
RUN = "--model.dropout 0 --train.epochs 3 --train.validation_share 0 --quiet".split()
SAID = re.compile(r"memory ran out at (\d+) tokens: .*\(--train\.part_tokens (\d+)\)")


@pytest.fixture(scope="module")
def learn(arcsat, sides, encoder):
    """learn(out, …): the command of a run on the simulated conversations."""

    def call(out, *arguments):
        training = list(tiny.TRAINING)
        training[training.index("--train.batch") + 1] = "200"
        return [str(part) for part in (
            arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl", "--out", out,
            *training, *RUN, *arguments)]

    return call


@pytest.fixture(scope="module")
def short():
    """short(command, folder, most=None, rank=None): the finished command, which was granted no piece of
    memory beyond `most` bytes; the largest that it asked for, and how many it was refused. Of several
    processes the one of that rank."""
    library = os.path.join(os.environ.get("ARCSAT_PROBES", ""), "libarcsat_fail_memory.so")
    if not os.path.exists(library):
        pytest.skip("ARCSAT_PROBES names the folder of libarcsat_fail_memory.so")

    def call(command, folder, most=None, rank=None):
        variables = {"LD_PRELOAD": library, "MEMORY_LARGEST": str(folder / "largest"),
                     "MEMORY_REFUSED": str(folder / "refused")}
        if most is not None:
            variables["MEMORY_MOST"] = str(most)
        if rank is not None:
            variables["MEMORY_RANK"] = str(rank)
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | variables)
        assert done.returncode == 0, done.stderr
        return done, *(int((folder / name).read_text()) for name in ("largest", "refused"))

    return call


def losses(out):
    return [line["loss"] for line in tiny.records(out / "metrics.jsonl") if line["kind"] == "train"]


def test_a_batch_that_does_not_fit_is_split(learn, short, tmp_path):
    """The weights are those of a run that was asked to pass so little at once, bit for bit, and within
    rounding those of one that had the memory."""
    _, largest, refused = short(learn(tmp_path / "whole"), tmp_path)
    assert refused == 0
    most = largest * 6 // 10
    loud = [part for part in learn(tmp_path / "tight") if part != "--quiet"]
    done, _, refused = short(loud, tmp_path, most)
    assert refused > 0
    said = SAID.findall(done.stderr)
    assert said, done.stderr
    tokens, parts = (int(number) for number in said[-1])
    assert parts == tokens // 2
    assert SAID.search((tmp_path / "tight" / "log.txt").read_text())
    subprocess.run(learn(tmp_path / "asked", "--train.part_tokens", parts), check=True)
    tiny.same_end(tmp_path / "tight", tmp_path / "asked")
    assert len(losses(tmp_path / "tight")) == 3
    assert losses(tmp_path / "tight") == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)


def test_a_dry_run_splits_too(learn, short, tmp_path):
    command = learn(tmp_path / "run", "--dry-run")
    _, largest, _ = short(command, tmp_path)
    done, _, refused = short(command, tmp_path, largest * 6 // 10)
    assert refused > 0 and "memory" in done.stdout
    assert not (tmp_path / "run").exists()


def test_of_two_processes_the_one_concerned_remembers_and_both_begin_anew(learn, short, tmp_path):
    """Within an update the other may wait for its gradients, so torchrun has to begin both anew. The end
    is that of processes of which one was told from the beginning."""
    _, largest, refused = short(tiny.torchrun(learn(tmp_path / "whole"), 2), tmp_path, rank=1)
    assert refused == 0
    out = tmp_path / "tight"
    done, _, _ = short(tiny.torchrun(learn(out), 2, "--max-restarts=2"), tmp_path, largest * 6 // 10, rank=1)
    assert "tokens at once do not fit" in done.stderr and "--resume" in done.stderr
    assert sorted(path.name for path in out.glob("part_tokens-*")) == ["part_tokens-1"]
    parts = (out / "part_tokens-1").read_text()
    told = tmp_path / "told"
    told.mkdir()
    (told / "part_tokens-1").write_text(parts)
    subprocess.run(tiny.torchrun(learn(told), 2), check=True, capture_output=True)
    tiny.same_end(out, told)
    assert len(losses(out)) == 3
    assert losses(out) == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)
