"""Where tests find the practice model's weights: named, fetched by `make model` before, or fetched now."""

import os
from pathlib import Path

from allotment.adapters.providers.practice.weights import fetch
from tests.weights_place import MODEL_FILE, NAMED_BY

_REPOSITORY = Path(__file__).parents[1]


def practice_weights() -> Path:
    """Return checked weights; fetches them (98 MB) when no earlier `make model` left any."""
    named = os.environ.get(NAMED_BY)
    if named and Path(named).is_file():
        return Path(named)
    path = _REPOSITORY / ".pytest_cache" / "practice" / MODEL_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    fetch(path)
    return path
