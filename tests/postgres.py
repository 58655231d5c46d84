"""Run a command with a PostgreSQL of its own: `python -m tests.postgres pytest tests/people`.

Makes a throw-away cluster on a free loopback port, names it in ALLOTMENT_DATABASE_URL, and removes it at the end.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.serving import free_port

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str:
    for folder in _PROGRAMS:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        sys.exit(f"PostgreSQL's {name} is missing. On Debian or Ubuntu: sudo apt-get install postgresql")
    return found


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root; its Debian package brings a user for it."""
    if os.geteuid() != 0:
        return []
    pwd.getpwnam("postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def main(command: list[str]) -> int:
    """Return the command's exit status."""
    folder = Path(tempfile.mkdtemp(prefix="allotment-postgres-"))
    cluster, port = folder / "cluster", free_port()
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder}
    run_as = _as_postgres()
    subprocess.run(
        [*run_as, _program("initdb"), "-D", cluster, "-A", "trust", "-U", "allotment"], check=True, **quiet
    )
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    control = [*run_as, _program("pg_ctl"), "-D", str(cluster), "-w", "-l", str(folder / "log")]
    subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
    try:
        subprocess.run(
            [_program("createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "allotment", "allotment"],
            check=True,
            **quiet,
        )
        url = f"postgresql://allotment@127.0.0.1:{port}/allotment"
        return subprocess.run(
            command, check=False, env={**os.environ, "ALLOTMENT_DATABASE_URL": url}
        ).returncode
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
