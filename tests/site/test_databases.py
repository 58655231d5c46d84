"""Where rows live: SQLite in the home folder, or the PostgreSQL that a URL names."""

from dataclasses import replace
from pathlib import Path

import pytest

from allotment.kernel.errors import Misconfigured
from allotment.kernel.settings import Settings, load
from allotment.site.databases import databases


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of a first start."""
    return load({"ALLOTMENT_HOME": str(tmp_path)})


def test_without_a_url_rows_live_in_a_file_of_the_home(settings: Settings) -> None:
    found = databases(settings)["default"]
    assert found["ENGINE"] == "django.db.backends.sqlite3"
    assert found["NAME"] == settings.home / "allotment.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout"):
        assert pragma in found["OPTIONS"]["init_command"]


def test_a_url_names_a_postgresql(settings: Settings) -> None:
    url = "postgresql://all%40ot:p%2Fw%3A@db.example.org:5433/plots"
    found = databases(replace(settings, database_url=url))["default"]
    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"]) == ("all@ot", "p/w:")
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example.org", "5433", "plots")


def test_the_port_of_postgresql_may_be_left_out(settings: Settings) -> None:
    assert databases(replace(settings, database_url="postgres://a@db/plots"))["default"]["PORT"] == "5432"


@pytest.mark.parametrize("url", ["mysql://a@db/plots", "plots", "sqlite:///plots"])
def test_another_database_is_refused_with_the_remedy(settings: Settings, url: str) -> None:
    with pytest.raises(Misconfigured, match="not supported") as refused:
        databases(replace(settings, database_url=url))
    assert "postgresql://" in refused.value.hint
