"""TensorBoard reads back what train/tensorboard.cc wrote: tags, steps, values, times."""

import os
import struct
import subprocess

import pytest

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader  # noqa: E402

PROBES = os.environ.get("ARCSAT_PROBES", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not PROBES:
        pytest.skip("ARCSAT_PROBES names the folder of the helpers that ctest builds")
    path = tmp_path_factory.mktemp("events")
    subprocess.run([os.path.join(PROBES, "arcsat_tensorboard_probe"), str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def events(folder):
    accumulator = event_accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return accumulator


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def test_two_writers_make_two_files(folder):
    assert len(list(folder.glob("events.out.tfevents.*"))) == 2


def test_scalars_come_back(events):
    losses = events.Scalars("train/loss")
    assert [loss.step for loss in losses] == list(range(2001))
    assert [loss.value for loss in losses[:-1]] == [single(1 / (1 + i)) for i in range(2000)]
    assert losses[-1].value == -0.25
    assert losses[7].wall_time == 1007.0


def test_large_steps_come_back(events):
    (auc,) = events.Scalars("valid/auc")
    assert (auc.step, auc.value, auc.wall_time) == (5_000_000_000, 0.75, 3000.25)


def test_text_is_shown_by_the_text_plugin(events):
    assert events.PluginTagToContent("text") == {"config": b""}
    (text,) = events.Tensors("config")
    assert text.tensor_proto.string_val[0].decode() == "epochs = 3\nname = Zoë"


def test_the_loader_accepts_every_record(folder):
    """The loader checks both checksums of each record and ends at the first that is wrong."""
    counts = sorted(len(list(EventFileLoader(str(path)).Load())) for path in folder.glob("events*"))
    assert counts == [3, 2002]  # with each file's version event
