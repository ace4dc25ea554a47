"""Several processes learn from files: one tokenises them for all, once, into RUN/tokenised."""

import json
import os
import signal
import threading
import time

import pytest
import tiny
from test_processes import finish, start, wait_for

#: Without dropout, as its masks are drawn a process.
RUN = "--model.dropout 0 --train.checkpoint_every 2".split()


@pytest.fixture(scope="module")
def command(arcsat, sides, encoder):
    """command(out, …): what trains on the simulated conversations and says what it does."""

    def call(out, *arguments, data=(sides / "train.jsonl",), epochs=2):
        sources = [part for source in data for part in ("--data", source)]
        return [str(part) for part in (
            arcsat, "train", "--encoder", encoder, *sources, "--validation", sides / "validation.jsonl", "--out", out,
            *tiny.TRAINING, *RUN, "--train.epochs", epochs, *arguments)]

    return call


@pytest.fixture(scope="module")
def whole(command, tmp_path_factory):
    """A run of two processes that nothing happened to, and what they said."""
    out = tmp_path_factory.mktemp("whole") / "run"
    return out, finish(start(command(out), 2))


def fingerprint(out):
    (last,) = sorted((out / "checkpoints").iterdir())[-1:]
    return json.loads((last / "state.json").read_text())["fingerprint"]


def shards_of(out):
    """What tells whether the shards were written again."""
    return {str(path.relative_to(out)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in (out / "tokenised").rglob("*") if path.is_file()}


def kill(processes):
    for process in processes:
        process.kill()
    for process in processes:
        process.communicate()


@pytest.fixture
def killed(command, tmp_path):
    """killed(data=…): a run of two processes that were killed while they learned."""

    def call(**keywords):
        out = tmp_path / "run"
        processes = start(command(out, **keywords), 2)
        wait_for(out, 5, processes)
        kill(processes)
        assert shards_of(out)
        return out

    return call


def test_one_tokenises_for_all(whole):
    out, messages = whole
    assert f"tokenising 1 file for all processes once: {out / 'tokenised'}" in messages[0]
    assert "tokenising" not in messages[1]
    assert not (out / "tokenised").exists() and not tiny.half_written(out)


def test_what_is_learned_is_what_is_learned_from_memory(command, whole, sides, tmp_path):
    """A pipe can be read only once, so each process keeps what comes out of its own."""
    out, text = tmp_path / "run", (sides / "train.jsonl").read_bytes()
    pipes = [tmp_path / f"pipe{rank}" for rank in range(2)]
    for pipe in pipes:
        os.mkfifo(pipe)
        threading.Thread(target=pipe.write_bytes, args=(text,), daemon=True).start()
    messages = finish(start([command(out, data=(pipe,)) for pipe in pipes], 2))
    assert "tokenis" not in messages[0]
    tiny.same_end(out, whole[0])


def test_files_of_several_kinds_are_what_one_process_reads(command, sides, tmp_path):
    """Weights, targets and scores of their own, some in memory: the fingerprint is that of one process."""
    silent = tmp_path / "silent.jsonl"
    silent.write_text("".join(json.dumps({"id": f"s-{i}", "turns": []}) + "\n" for i in range(3)))
    calibration = sides / "calibration.jsonl"
    scores = tiny.write_records(tmp_path / "scores.jsonl", [
        {"id": record["id"], "entry": 0.5, "exit": 0.5, "delta": 0.0, "p_satisfied": 0.25, "interval": [0.2, 0.3],
         "csat": 3.0, "turns": [], "model": "m"} for record in tiny.records(calibration)])
    data = (f"{sides / 'train.jsonl'},weight=0.5", f"{calibration},scores={scores}", silent,
            f"{sides / 'test.jsonl'},target=attribute:truth.satisfied")
    for task in ("csat", "mlm"):
        for size in (1, 2):
            arguments = command(tmp_path / f"{task}{size}", "--task", task, data=data if task == "csat" else data[::2],
                                epochs=1)
            if task == "csat":
                arguments += ["--train.class_weights", "true"]
            else:
                drop = arguments.index("--model.conversation_hidden")
                del arguments[drop:drop + 4]
            finish(start(arguments, size))
        assert fingerprint(tmp_path / f"{task}2") == fingerprint(tmp_path / f"{task}1")


def test_a_restart_does_not_tokenise_again(command, whole, killed):
    out = killed()
    messages = finish(start(command(out, "--resume"), 2))
    assert f"tokenised already: {out / 'tokenised'}" in messages[0] and "tokenising" not in messages[0]
    assert not (out / "tokenised").exists()
    tiny.same_end(out, whole[0])


def test_an_interrupted_run_keeps_them(command, tmp_path):
    out = tmp_path / "run"
    processes = start(command(out, epochs=60), 2)
    wait_for(out, 5, processes)
    processes[1].send_signal(signal.SIGTERM)
    finish(processes, code=1)
    before = shards_of(out)
    assert before
    processes = start(command(out, "--resume", epochs=60), 2)
    wait_for(out, 20, processes)
    assert shards_of(out) == before
    kill(processes)
    finish(start(command(out, "--resume", epochs=3), 1))  # one process has no use for them
    assert not (out / "tokenised").exists()


def test_a_changed_file_is_noticed(command, killed, sides, tmp_path):
    records = tiny.records(sides / "train.jsonl")
    data = tiny.write_records(tmp_path / "data.jsonl", records)
    out = killed(data=(data,))
    tiny.write_records(data, [*records[1:], records[0]])  # of the same size
    arguments = command(out, "--resume", data=(data,))
    messages = finish(start(arguments, 2), code=1)
    assert "tokenising 1 file" in messages[0] and "other training data" in messages[0]
    tiny.write_records(data, records)
    messages = finish(start(arguments, 2))
    assert "tokenising 1 file" in messages[0]
    assert not tiny.half_written(out)


def test_other_options_make_other_shards(command, killed):
    out = killed()
    messages = finish(start(command(out, "--resume", "--survey.satisfied_from", 3), 2), code=1)
    assert "tokenising 1 file" in messages[0] and "other training data" in messages[0]


def test_damaged_shards_are_made_anew(command, whole, killed):
    out = killed()
    tiny.flip(out / "tokenised/0/00000.shard")
    messages = finish(start(command(out, "--resume"), 2))
    assert "tokenising 1 file" in messages[0]
    tiny.same_end(out, whole[0])


def test_a_kill_while_it_tokenises_leaves_nothing_under_the_name(command, calls, tmp_path):
    many, out = tmp_path / "many.jsonl", tmp_path / "run"
    lines = calls.read_text().splitlines()
    with many.open("w") as file:
        for copy in range(60):
            file.writelines(line.replace('"id":"', f'"id":"{copy}-', 1) + "\n" for line in lines)
    arguments = command(out, data=(many,), epochs=1)
    arguments[arguments.index("--train.batch") + 1] = "400"
    processes = start(arguments, 2)
    end = time.monotonic() + 60
    while not (out / "tokenised.part0").exists():
        assert time.monotonic() < end and processes[0].poll() is None
        time.sleep(0.002)
    kill(processes)
    assert [path.name for path in out.iterdir()] == ["tokenised.part0"]
    messages = finish(start(arguments, 2))
    assert "tokenising 1 file" in messages[0]
    assert not tiny.half_written(out) and not (out / "tokenised").exists()


def test_a_machine_that_does_not_see_them_makes_its_own(command, whole, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    messages = finish(start([command(here), command(there)], 2, LOCAL_RANK="0"))
    assert "for all processes once" in messages[0]
    assert f"process 1: tokenising 1 file for the processes of this machine: {there / 'tokenised'}" in messages[1]
    tiny.same_end(here, whole[0])
    assert not (here / "tokenised").exists() and not there.exists()


def test_a_machine_with_other_data_is_refused(command, sides, tmp_path):
    text = (sides / "train.jsonl").read_text()
    other = tmp_path / "other.jsonl"
    at = text.index('"text":"') + len('"text":"')
    other.write_text(text[:at] + ("b" if text[at] != "b" else "c") + text[at + 1:])
    here, there = tmp_path / "here", tmp_path / "there"
    messages = finish(start([command(here), command(there, data=(other,))], 2, LOCAL_RANK="0"), code=1)
    assert "training data: is not what the first process has" in messages[1]
    assert "the other processes" in messages[0]
    assert not there.exists()


def test_a_folder_that_the_others_do_not_see_is_named(command, tmp_path):
    messages = finish(start([command(tmp_path / "here"), command(tmp_path / "there")], 2), code=1)
    assert str(tmp_path / "there/tokenised") in messages[1]


@pytest.mark.parametrize("damage, said", [
    (lambda lines: [*lines[:7], lines[7][:-1], *lines[8:]], "data.jsonl:8"),
    (lambda lines: [*lines, lines[3]], "is there twice; expected every conversation once. To go on"),
    (lambda lines: ["", "  "], "holds no conversation that can be read"),
])
def test_what_is_wrong_with_a_file_is_said_as_ever(command, sides, tmp_path, damage, said):
    data = tmp_path / "data.jsonl"
    data.write_text("\n".join(damage((sides / "train.jsonl").read_text().splitlines())) + "\n")
    alone, several = (finish(start(command(tmp_path / str(size), data=(data,)), size), code=1) for size in (1, 2))
    assert said in alone[0] and said in several[0]
    assert "look at the message of that process" in several[1].lower()
    assert not (tmp_path / "1").exists() and not (tmp_path / "2").exists()


def test_no_labels_are_said_as_ever(command, sides, tmp_path):
    records = tiny.records(sides / "train.jsonl")
    for record in records:
        record.pop("survey", None)
        for turn in record["turns"]:
            turn.pop("satisfaction", None)
    data = tiny.write_records(tmp_path / "data.jsonl", records)
    alone, several = (finish(start(command(tmp_path / str(size), data=(data,)), size), code=1) for size in (1, 2))
    assert "no conversation has a survey answer or a rated turn" in alone[0]
    for message in several:
        assert alone[0].strip().splitlines()[-1] in message


def test_a_dry_run_and_one_that_holds_out_write_no_shards(command, tmp_path):
    finish(start(command(tmp_path / "dry", "--dry-run"), 2))
    assert not (tmp_path / "dry").exists()
    arguments = command(tmp_path / "held", epochs=1)
    at = arguments.index("--validation")
    del arguments[at:at + 2]
    messages = finish(start(arguments, 2))
    assert "tokenis" not in messages[0]
