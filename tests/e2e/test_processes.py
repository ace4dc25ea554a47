"""Several processes train one model: the same losses as one, the same weights after whatever happens
to them. ARCSAT_KILLS says how many processes the campaign at the end kills."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

import pytest
import tiny

#: With the learning rates that a user has. Dropout draws differently where a batch is cut differently.
RUN = "--model.dropout 0 --train.checkpoint_every 5 --quiet".split()


@pytest.fixture(scope="module")
def command(arcsat, sides, encoder):
    """command(out, …): what trains on the simulated conversations, 14 updates an epoch."""

    def call(out, *arguments, epochs=2):
        return [str(part) for part in (
            arcsat, "train", "--encoder", encoder, "--data", sides / "train.jsonl", "--validation",
            sides / "validation.jsonl", "--out", out, *tiny.TRAINING[:-4], *RUN, "--train.epochs", epochs,
            *arguments)]

    return call


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(command, size, **variables):
    """The processes, as a launcher that is not torchrun starts them: of one command, or each of its
    own."""
    commands = command if isinstance(command[0], list) else [command] * size
    port = free_port()
    return [subprocess.Popen(
        commands[rank], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size),
                          "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)} | variables)
            for rank in range(size)]


def finish(processes, code=0):
    """What each said on standard error, once all have ended with that code."""
    messages = [process.communicate(timeout=300)[1] for process in processes]
    for process, message in zip(processes, messages, strict=True):
        assert process.returncode == code, message
    return messages


def figures(out, kind, name):
    return [line[name] for line in tiny.records(out / "metrics.jsonl") if line["kind"] == kind]


def wait_for(out, updates, processes):
    end = time.monotonic() + 120
    while tiny.updates_done(out) < updates and time.monotonic() < end:
        assert all(process.poll() is None for process in processes)
        time.sleep(0.002)
    assert tiny.updates_done(out) >= updates


@pytest.fixture(scope="module")
def runs(command, tmp_path_factory):
    """By number of processes, runs of 210 updates."""
    folder = tmp_path_factory.mktemp("processes")
    for size in (1, 2, 4):
        finish(start(command(folder / str(size), epochs=15), size))
    return folder


@pytest.mark.parametrize("size", [2, 4])
def test_the_losses_are_those_of_one_process(runs, size):
    alone, many = runs / "1", runs / str(size)
    for name in ("loss", "outlook_loss", "state_loss"):
        losses = figures(many, "train", name)
        assert len(losses) == 210
        assert losses == pytest.approx(figures(alone, "train", name), abs=1e-5)
    for name in ("log_loss", "accuracy", "state_error"):
        assert figures(many, "validation", name) == pytest.approx(
            figures(alone, "validation", name), abs=1e-5)


def test_layers_computed_again_change_nothing(command, tmp_path):
    models = []
    for recompute in ("false", "true"):
        out = tmp_path / recompute
        arguments = command(out, "--train.recompute", recompute)
        arguments[arguments.index("--model.dropout") + 1] = "0.1"
        finish(start(arguments, 2))
        models.append((out / "model" / "model.safetensors").read_bytes())
    assert models[0] == models[1]


def test_words_are_learned_by_two_as_by_one(command, tmp_path):
    for size in (1, 2):
        arguments = command(tmp_path / str(size), epochs=3)
        drop = arguments.index("--model.conversation_hidden")
        del arguments[drop:drop + 4]
        finish(start([*arguments, "--task", "mlm"], size))
        assert (tmp_path / str(size) / "encoder" / "model.safetensors").exists()
    alone, many = tmp_path / "1", tmp_path / "2"
    losses = figures(many, "train", "loss")
    assert len(losses) > 30 and losses == pytest.approx(figures(alone, "train", "loss"), abs=1e-5)
    told = figures(many, "validation", "masked_loss")
    assert told == pytest.approx(figures(alone, "validation", "masked_loss"), abs=1e-5)
    assert told[-1] < told[0]


def test_more_processes_than_conversations_in_a_batch(command, tmp_path):
    """The last batch of an epoch has two."""
    arguments = command(tmp_path / "1", epochs=1)
    arguments[arguments.index("--train.batch") + 1] = "110"
    finish(start(arguments, 1))
    arguments[arguments.index("--out") + 1] = str(tmp_path / "6")
    finish(start(arguments, 6))
    assert figures(tmp_path / "6", "train", "loss") == pytest.approx(
        figures(tmp_path / "1", "train", "loss"), abs=1e-5)


@pytest.mark.parametrize("sizes", [(2, 1), (2, 4), (1, 2)])
def test_a_run_goes_on_with_another_number(command, runs, tmp_path, sizes):
    """Stopped by a signal to one process; one alone may stop between the batches of an update."""
    out = tmp_path / "run"
    arguments = command(out, "--train.accumulate", 2, epochs=3)
    processes = start(arguments, sizes[0])
    wait_for(out, 9, processes)
    processes[-1].send_signal(signal.SIGTERM)
    messages = finish(processes, code=1)
    assert "--resume" in messages[0]
    assert not tiny.half_written(out)
    finish(start([*arguments, "--resume"], sizes[1]))
    arguments[arguments.index("--out") + 1] = str(tmp_path / "whole")
    finish(start(arguments, 1))
    assert figures(out, "train", "loss") == pytest.approx(
        figures(tmp_path / "whole", "train", "loss"), abs=1e-5)


def workers_of(out):
    """The processes that write to `out`."""
    found = subprocess.run(["pgrep", "-f", f"^[^ ]*arcsat train .*--out {out}"], capture_output=True,
                           text=True).stdout
    return [int(worker) for worker in found.split()]


def kill_one(out):
    """Kills one of the processes that write to `out`; whether there was one."""
    workers = workers_of(out)
    if workers:
        try:
            os.kill(random.choice(workers), signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(workers)


def test_killed_processes_cost_nothing(command, tmp_path):
    kills = int(os.environ.get("ARCSAT_KILLS", "2"))
    epochs = 3 * kills
    finish(start(command(tmp_path / "whole", epochs=epochs), 2))
    out = tmp_path / "run"
    launched = subprocess.Popen(
        tiny.torchrun(command(out, "--resume", epochs=epochs), 2, f"--max-restarts={kills + 5}"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for kill in range(kills):
        wait_for(out, 3 + kill * 42 + random.randrange(30), [launched])
        assert kill_one(out)
        time.sleep(0.5)
    _, message = launched.communicate(timeout=600)
    assert launched.returncode == 0, message
    tiny.same_end(out, tmp_path / "whole")
    assert not tiny.half_written(out)


def test_a_scheduler_that_tells_everybody_costs_nothing(command, tmp_path):
    """Slurm signals torchrun and its workers, torchrun the workers once more: all is saved."""
    out = tmp_path / "run"
    launched = subprocess.Popen(
        tiny.torchrun(command(out, epochs=60), 2), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"TORCH_ELASTIC_SHUTDOWN_TIMEOUT": "120"})
    wait_for(out, 9, [launched])
    workers = workers_of(out)
    assert len(workers) == 2
    for process in [*workers, launched.pid, *workers]:
        with contextlib.suppress(ProcessLookupError):  # one that has saved and ended
            os.kill(process, signal.SIGTERM)
    launched.communicate(timeout=150)
    assert launched.returncode != 0
    states = [json.loads((checkpoint / "state.json").read_text())
              for checkpoint in (out / "checkpoints").iterdir()]
    assert max(state["updates"] for state in states) == tiny.updates_done(out) < 60 * 14
    assert not tiny.half_written(out)


def test_two_machines_are_as_two_processes_of_one(command, tmp_path):
    """Two of torchrun, each with a process, which meet at an address."""
    finish(start(command(tmp_path / "one"), 2))
    endpoint = f"127.0.0.1:{free_port()}"
    machines = [subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1",
         "--rdzv-backend=c10d", f"--rdzv-endpoint={endpoint}", "--rdzv-id=two", "--monitor-interval=0.1",
         "--local-addr=127.0.0.1", "--no-python", *command(tmp_path / "two")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    finish(machines)
    tiny.same_end(tmp_path / "two", tmp_path / "one")


def test_each_process_reads_its_share_of_shards(run, command, sides, encoder, tmp_path):
    run("shard", "--data", sides / "train.jsonl", "--encoder", encoder, "--out", tmp_path / "shards",
        "--model.max_turn_tokens", 32)
    for data in (sides / "train.jsonl", tmp_path / "shards"):
        arguments = command(tmp_path / f"of-{data.name}")
        arguments[arguments.index("--data") + 1] = str(data)
        finish(start(arguments, 2))
    of_file, of_shards = (tmp_path / name / "model" / "model.safetensors"
                          for name in ("of-train.jsonl", "of-shards"))
    assert of_shards.read_bytes() == of_file.read_bytes()


def test_what_is_left_of_a_run_is_foretold_by_the_first(command, tmp_path):
    out = tmp_path / "run"
    finish(start(command(out, epochs=1), 2))
    first, second = start(command(out, "--resume", "--dry-run", "--json"), 2)
    forecast = json.loads(first.communicate(timeout=300)[0])
    assert forecast["updates_done"] == forecast["updates"] == 14
    assert second.communicate(timeout=300)[0] == ""
    assert first.returncode == second.returncode == 0


def test_torchrun_is_told_when_the_work_fails(command, tmp_path, sides):
    arguments = command(tmp_path / "run")
    arguments[arguments.index("--data") + 1] = str(tmp_path / "missing.jsonl")
    done = subprocess.run(tiny.torchrun(arguments, 2), capture_output=True, text=True)
    assert done.returncode != 0
    assert "missing.jsonl" in done.stderr


def test_a_lost_process_ends_the_others_with_a_message(command, tmp_path):
    out = tmp_path / "run"
    processes = start(command(out, epochs=50), 2)
    wait_for(out, 5, processes)
    processes[1].kill()
    message = processes[0].communicate(timeout=60)[1]
    assert processes[0].returncode == 1
    assert "the other processes" in message and "--resume" in message


def test_a_process_that_does_not_come_is_waited_for_no_longer_than_asked(command, tmp_path):
    processes = start(command(tmp_path / "run", "--train.timeout", 2), 2)
    processes[1].kill()
    began = time.monotonic()
    message = processes[0].communicate(timeout=60)[1]
    assert processes[0].returncode == 1 and "the other processes" in message
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("variables, named", [
    ({"RANK": "two"}, "RANK"), ({"MASTER_PORT": ""}, "MASTER_PORT"), ({"WORLD_SIZE": "-1"}, "WORLD_SIZE"),
])
def test_a_broken_environment_is_a_wrong_call(command, tmp_path, variables, named):
    processes = start(command(tmp_path / "run"), 2, **variables)
    for message in finish(processes, code=2):
        assert named in message and "torchrun" in message


def test_processes_with_other_data_are_refused(command, sides, tmp_path):
    fewer = tiny.write_records(tmp_path / "fewer.jsonl", tiny.records(sides / "train.jsonl")[20:])
    arguments = command(tmp_path / "run")
    other = list(arguments)
    other[other.index("--data") + 1] = str(fewer)
    first, second = start([arguments, other], 2)
    assert "training data" in second.communicate(timeout=60)[1]
    assert second.returncode == 1
    first.communicate(timeout=60)
    assert first.returncode == 1
