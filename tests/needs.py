"""Make sure the programs that tests drive are there: Chromium and PostgreSQL, from Debian's packages.

Installs what is missing when it may (root on a machine with apt-get); otherwise says what to install.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDS = {
    "chromium": lambda: shutil.which("chromium") or shutil.which("chromium-browser"),
    "postgresql": lambda: shutil.which("pg_ctl") or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")),
}


def main() -> int:
    """Return 0 when everything is there, installing it if need be."""
    missing = [package for package, is_there in NEEDS.items() if not is_there()]
    if not missing:
        return 0
    words = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"The tests need {words}. On Debian or Ubuntu: sudo apt-get install {words}", file=sys.stderr)
        return 1
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=environment, stdout=subprocess.DEVNULL)
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
