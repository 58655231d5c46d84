"""What the figures were measured on: the machine, and how its Python was built."""

import os
import platform
import sysconfig
from pathlib import Path


def machine() -> str:
    """Return cores, memory and system."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {_memory_gigabytes():.0f} GB memory, {system}"


def python() -> str:
    """Return the version, and whether profile-guided optimisation made it faster than a plain build is."""
    return f"{platform.python_implementation()} {platform.python_version()}, {_built()}"


def _built() -> str:
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    if not arguments:
        return "it is not known how it was built"
    with_it = "--enable-optimizations" in arguments
    return f"built {'with' if with_it else 'without'} profile-guided optimisation"


def _memory_gigabytes() -> float:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024 / 1e9
    return 0.0
