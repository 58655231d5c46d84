"""The installation's own settings, in a fresh home that goes with the tests: nobody's installation is touched."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests.weights_place import MODEL_FILE, NAMED_BY

_outside = Path(os.environ.get("ALLOTMENT_HOME") or Path(__file__).parents[1] / ".allotment")
os.environ.setdefault(NAMED_BY, str(_outside / "models" / MODEL_FILE))
os.environ["ALLOTMENT_HOME"] = tempfile.mkdtemp(prefix="allotment-tests-")
atexit.register(shutil.rmtree, os.environ["ALLOTMENT_HOME"], ignore_errors=True)

from allotment.site.django_settings import *  # noqa: E402, F403 - everything, from the home named above
