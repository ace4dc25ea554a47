"""The programs built from tests/parity/*_main.cc, which answer one JSON request.

ARCSAT_PROBES names their folder (build/probes otherwise).
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("ARCSAT_PROBES") or SOURCE / "build/probes")


def run(name, request):
    """The finished process; skips the test where the probe was not built."""
    probe = FOLDER / f"arcsat_{name}_probe"
    if not probe.exists():
        pytest.skip(f"no {probe}: build the tests, or name its folder by ARCSAT_PROBES")
    return subprocess.run([probe], input=json.dumps(request), capture_output=True, text=True)


def ask(name, request):
    done = run(name, request)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
