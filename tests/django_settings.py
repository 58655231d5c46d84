"""The installation's own settings, in a home that goes with the tests."""

import atexit
import os
import shutil
import tempfile

if "ALLOTMENT_HOME" not in os.environ:
    os.environ["ALLOTMENT_HOME"] = tempfile.mkdtemp(prefix="allotment-tests-")
    atexit.register(shutil.rmtree, os.environ["ALLOTMENT_HOME"], ignore_errors=True)

from allotment.site.django_settings import *  # noqa: F403 - everything, from the home named above
