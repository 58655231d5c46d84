"""The contracts import-linter and the linters keep are whole: no exemption, no package outside the order."""

import tomllib
from typing import Any

from tests.architecture.source import ROOT, SOURCE


def _configuration() -> dict[str, Any]:
    tools: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    return tools


CONTRACTS: list[dict[str, Any]] = _configuration()["importlinter"]["contracts"]


def test_no_contract_has_an_exemption() -> None:
    exempted = [c["id"] for c in CONTRACTS if c.get("ignore_imports") or c.get("exhaustive_ignores")]
    assert exempted == []


def test_every_package_has_its_place_in_the_order_of_tiers() -> None:
    (tiers,) = (contract for contract in CONTRACTS if contract["type"] == "layers")
    named = {layer.strip("()") for layer in tiers["layers"]}
    there = {path.name for path in SOURCE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    there |= {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert tiers["exhaustive"] is True
    assert there - named == set()


def test_the_linters_stay_strict() -> None:
    tools = _configuration()
    assert tools["ruff"]["lint"]["select"] == ["ALL"]
    assert tools["mypy"]["strict"] is True
    assert tools["pytest"]["ini_options"]["filterwarnings"] == ["error"]
