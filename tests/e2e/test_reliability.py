"""Campaigns: a run is killed, its disk fails, its files are damaged, over and over, and nothing is lost.

Each is a short run here and a long one with `make reliability` (CAMPAIGN=kills, say, for one of
them), which is what docs/reliability.md reports. ARCSAT_CAMPAIGN is the share of the long run: 1 for
all of it.
"""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import pytest
import tiny

SHARE = float(os.environ.get("ARCSAT_CAMPAIGN", "0"))
EVERY = 2  # updates between checkpoints
RUN = (f"--train.checkpoint_every {EVERY} --train.epochs 3 --train.accumulate 2 --train.ema 0.9 "
       "--train.log_samples true --quiet").split()


def times(short, full):
    return max(short, round(SHARE * full))


@pytest.fixture
def report(record_property, capsys):
    """report(text): a figure of the campaign, shown also where the test passes."""

    def call(text):
        record_property("figure", text)
        if SHARE:
            with capsys.disabled():
                print(f"\n  {text}")

    return call


@pytest.fixture(scope="module")
def command(arcsat, sides, encoder):
    """command(out, …): the training that everything is done to, 7 updates an epoch."""

    def call(out, *arguments):
        return [str(part) for part in (
            arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation",
            sides / "validation.jsonl", "--out", out, *tiny.TRAINING, *RUN, *arguments)]

    return call


@pytest.fixture(scope="module")
def whole(command, tmp_path_factory):
    """The run that nothing happened to."""
    out = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run(command(out), check=True, capture_output=True)
    return out


def run(command, **keywords):
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **keywords)


def is_whole(checkpoint):
    manifest = json.loads((checkpoint / "MANIFEST.json").read_text())
    for name, file in manifest["files"].items():
        data = (checkpoint / name).read_bytes()
        if len(data) != file["bytes"] or hashlib.sha256(data).hexdigest() != file["sha256"]:
            return False
    return True


def checkpoints(out):
    """Those under their final names, oldest first."""
    folder = out / "checkpoints"
    return sorted((p for p in folder.iterdir() if ".part" not in p.name), key=lambda p: (
        p.name.split("+")[0], len(p.name), p.name)) if folder.is_dir() else []


def newest(out):
    """(updates, batches) of the newest whole checkpoint; (0, 0) where there is none."""
    states = [json.loads((c / "state.json").read_text()) for c in checkpoints(out)]
    return max(((s["updates"], s["batches"]) for s in states), default=(0, 0))


def half_written(out):
    """Names of checkpoints that are being written, or were when the process was killed."""
    folder = out / "checkpoints"
    return {name for name in os.listdir(folder) if ".part" in name} if folder.is_dir() else set()


def kill(process, out, while_writing, left):
    """Kills at a random moment, or while a checkpoint is written besides those that were `left` half-written.
    Whether it came to that."""
    moment = time.monotonic() + random.uniform(0.02, 0.8)
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        if half_written(out) - left if while_writing else time.monotonic() >= moment:
            if while_writing:
                time.sleep(random.uniform(0, 0.004))
            process.send_signal(signal.SIGKILL)
            break
        if not while_writing:
            time.sleep(0.001)
    process.wait()
    return process.returncode == -signal.SIGKILL


def resume(command, out):
    return command(out, *(["--resume"] if (out / "config.cfg").exists() else []))


def test_kills(command, whole, tmp_path, report):
    wanted = times(6, 1000)
    random.seed(5)
    killed = writing = repeated = runs = 0
    while killed < wanted:
        out = tmp_path / f"run{runs}"
        runs += 1
        done = None
        while done is None or done.returncode != 0:
            before, left = newest(out), half_written(out)
            process = subprocess.Popen(resume(command, out), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            while_writing = killed % 3 == 0
            if kill(process, out, while_writing, left):
                killed += 1
                writing += bool(half_written(out) - left)
            after = newest(out)
            assert after >= before, "a finished checkpoint was lost"
            assert all(is_whole(c) for c in checkpoints(out))
            logged = max((line["update"] for line in tiny.records_so_far(out / "metrics.jsonl")),
                         default=0)
            repeated = max(repeated, logged - after[0])
            done = process
            if killed >= wanted and done.returncode != 0:
                done = run(resume(command, out))
                assert done.returncode == 0, done.stderr
        tiny.same_end(out, whole)
        assert not tiny.half_written(out)
        shutil.rmtree(out)
    assert repeated <= EVERY
    report(f"killed {killed} times in {runs} runs, {writing} while a checkpoint was written: every "
           f"checkpoint whole, none lost, at most {repeated} updates done again, the end bit for bit")


def test_what_a_kill_left_of_a_finished_run_is_removed(command, whole, tmp_path):
    """No checkpoint is written any more, with which the rest of an old one would go."""
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    old = checkpoints(out)[0]
    shutil.copytree(old, old.with_name(f"{old.name}.part123"))
    assert run(resume(command, out)).returncode == 0
    tiny.same_end(out, whole)
    assert not tiny.half_written(out)


def test_resumes(command, whole, tmp_path, report):
    """Stopped by a signal at random steps, also in the middle of an accumulation."""
    random.seed(6)
    wanted = times(3, 50)
    stopped = accumulated = 0
    while stopped < wanted:
        out = tmp_path / f"run{stopped}"
        process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(random.uniform(0.3, 1.2))
        process.send_signal(signal.SIGTERM)
        message = process.communicate(timeout=60)[1]
        if process.returncode == -signal.SIGTERM:  # before there was anything to save
            shutil.rmtree(out, ignore_errors=True)
            continue
        if process.returncode == 0:
            tiny.same_end(out, whole)
            shutil.rmtree(out)
            continue
        assert process.returncode == 1, message
        stopped += 1
        accumulated += "+" in checkpoints(out)[-1].name
        assert run(command(out, "--resume")).returncode == 0
        tiny.same_end(out, whole)
        shutil.rmtree(out)
    report(f"stopped and resumed {stopped} times, {accumulated} in the middle of an accumulation: "
           "weights, optimiser, state, log and samples bit for bit")


def flipped(data):
    """With one bit of it turned over."""
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1:]


def header_cuts(path):
    """Every length that ends within a safetensors header, or within a file of JSON."""
    if path.suffix == ".json":
        return range(len(path.read_text().rstrip()))
    size = int.from_bytes(path.read_bytes()[:8], "little") + 8
    return range(size + 1)


def refused(program, checkpoint, folder, damages):
    """Each of (file, what it holds instead) is found in a copy of the checkpoint and named; some hundred
    copies at a time, as a program takes longer to start than to look at one."""
    for first in range(0, len(damages), 200):
        named = []
        for number, (file, data) in enumerate(damages[first:first + 200]):
            copy = folder / str(number)
            copy.mkdir(parents=True)
            for path in checkpoint.iterdir():
                if path.name == file:
                    (copy / file).write_bytes(data)
                else:
                    os.link(path, copy / path.name)
            # A manifest that tells of another file is wrong about that one.
            named.append(f"{copy}/" if file == "MANIFEST.json" else f"{copy}/{file}")
        done = run([program, "inspect", *folder.iterdir()])
        assert done.returncode == 1 and "whole" not in done.stdout
        said = [line for line in done.stderr.splitlines() if line.startswith("arcsat inspect: ")]
        for name in named:
            assert sum(name in line for line in said) == 1, (name, done.stderr)
        shutil.rmtree(folder)


def test_damage(command, whole, tmp_path, report):
    """A damaged checkpoint is refused with its name, and the one before it taken."""
    random.seed(7)
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    last, before = checkpoints(out)[-1], checkpoints(out)[-2]
    program = command(out)[0]
    files = {path.name: path.read_bytes() for path in last.iterdir()}
    flips = [(name, flipped(files[name])) for name in random.choices(sorted(files), k=times(12, 1000))]
    refused(program, last, tmp_path / "flips", flips)
    cuts = 0
    for name in sorted(files):
        lengths = list(header_cuts(last / name))
        lengths = random.sample(lengths, times(6, len(lengths)))
        refused(program, last, tmp_path / "cuts", [(name, files[name][:length]) for length in lengths])
        cuts += len(lengths)
    assert run([program, "inspect", str(last)]).returncode == 0
    tiny.truncate(last / "model.safetensors")
    done = run([part for part in command(out, "--resume") if part != "--quiet"])
    assert done.returncode == 0, done.stderr
    assert last.name in done.stderr and before.name not in done.stderr
    tiny.same_end(out, whole)
    report(f"{len(flips)} bits flipped and {cuts} cuts within headers: all refused by name; --resume went on "
           "from the checkpoint before, said so, and ended bit for bit")


@pytest.fixture(scope="module")
def failing():
    """failing(command, out, call, at, …): the command on a disk whose `at`th call fails."""
    library = os.path.join(os.environ.get("ARCSAT_PROBES", ""), "libarcsat_fail_io.so")
    if not os.path.exists(library):
        pytest.skip("ARCSAT_PROBES names the folder of libarcsat_fail_io.so")

    def call(command, out, kind, at, error="ENOSPC", short=False, count=None):
        return run(command, env=os.environ | {
            "LD_PRELOAD": library, "FAIL_UNDER": str(out), "FAIL_CALL": kind, "FAIL_AT": str(at),
            "FAIL_ERROR": error, "FAIL_SHORT": str(int(short)), "FAIL_COUNT": str(count or ""),
            "FAIL_NAME": str(out.parent / f"failed-{out.name}")})

    return call


@pytest.mark.parametrize("kind, error, short", [
    ("write", "ENOSPC", False), ("write", "ENOSPC", True), ("write", "EIO", False),
    ("fsync", "EIO", False), ("rename", "EIO", False)])
def test_disk_failures(command, whole, failing, tmp_path, report, kind, error, short):
    """Each call in turn: the run ends with code 1 and the file's name, nothing half-written has a
    final name, and --resume ends as if nothing had been."""
    random.seed(8)
    counted = failing(command(tmp_path / "counted"), tmp_path / "counted", kind, 0,
                      count=tmp_path / "count")
    assert counted.returncode == 0, counted.stderr
    calls = int((tmp_path / "count").read_text())
    assert calls > 10
    places = range(1, calls + 1)
    places = sorted(random.sample(places, times(4, calls)))
    for at in places:
        out = tmp_path / f"run{at}"
        done = failing(command(out), out, kind, at, error, short)
        assert done.returncode == 1, f"call {at} of {calls}: {done.stderr}"
        failed = pathlib.Path((tmp_path / f"failed-run{at}").read_text())
        temporary = failed.name.startswith(".arcsat-")  # of a file beside it, which is named
        # A folder that is put away has a suffix while it goes.
        named = f"{failed.parent}/" if temporary else re.sub(r"\.(part|old)\d*$", "", str(failed))
        assert named in done.stderr, f"call {at} of {calls}, {failed}: {done.stderr}"
        assert all(is_whole(c) for c in checkpoints(out)), at
        again = run(resume(command, out))
        assert again.returncode == 0, f"call {at} of {calls}: {again.stderr}"
        tiny.same_end(out, whole)
        shutil.rmtree(out)
    report(f"{kind} failed with {error}{' after a short write' if short else ''} at "
           f"{len(places)} of {calls} places: code 1 and the file's name each time, the checkpoints "
           "whole, the end after --resume bit for bit")
