"""Starting Django: in any process, twice without harm."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
from allotment.site.starting import start_django
start_django()
start_django()
from django.apps import apps
print(sorted(one.label for one in apps.get_app_configs() if one.name.startswith("allotment.")))
"""


def test_the_features_are_loaded_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"ALLOTMENT_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == str(
        [
            "batches",
            "journal",
            "keys",
            "llms",
            "microapps",
            "people",
            "policies",
            "prompts",
            "records",
            "runs",
            "sheets",
            "web",
        ]
    )
