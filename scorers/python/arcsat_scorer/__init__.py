"""Scores support conversations with a bundle that `arcsat export` made.

    scorer = Scorer("bundles/first")
    scores = scorer.score([{"id": "c-1", "turns": [{"speaker": "customer", "text": "Hi?"}]}])
    scores[0]["p_satisfied"]  # 0..1, calibrated

Scores are those of `arcsat score` (docs/formats.md), within 1e-5.
"""

from .bundle import Bundle, BundleError
from .records import RecordError
from .scorer import Scorer
from .stream import Running, StreamScorer

__version__ = "0.1.0"
__all__ = ["Bundle", "BundleError", "RecordError", "Running", "Scorer", "StreamScorer"]
