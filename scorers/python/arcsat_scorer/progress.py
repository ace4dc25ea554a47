"""How far the work has come, on standard error: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time


class Progress:
    """`share` of the input that is done is None where its size is not known; then there is no
    percent and no time left. `start`: conversations of an earlier run, which the rate leaves out."""

    def __init__(self, quiet: bool, start: int = 0) -> None:
        self._quiet, self._terminal = quiet, sys.stderr.isatty()
        self._begin = self._shown = time.monotonic()
        self._start = start

    def update(self, done: int, share: float | None, last: bool = False) -> None:
        now = time.monotonic()
        if self._quiet or (not last and now - self._shown < (0.1 if self._terminal else 5)):
            return
        self._shown = now
        seconds = max(now - self._begin, 1e-9)
        text = f"scoring: {done:,} conversations  {(done - self._start) / seconds:.1f}/s"
        if share is not None and not last:
            text += f"  {share:.0%}"
            if share > 0:
                text += f"  {_clock(seconds * (1 - share) / share)} left"
        elif last:
            text += f"  {_clock(seconds)}"
        end = "\n" if last or not self._terminal else ""
        try:
            print(("\r\033[K" if self._terminal else "") + text, end=end, file=sys.stderr, flush=True)
        except OSError:
            pass  # work must not end because nobody watches


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
