"""Writes what is really installed in this environment as JSON: the build stage "installed == locked".

Standard library only; runs in the image's own Python. Reads the packages' own METADATA, and asks torch for the versions of
the libraries that it carries. It judges nothing: envforge compares the result with the lock.
"""

import json
import os
import platform
import subprocess
import sys
import sysconfig
from importlib import metadata

PROBE = """
import json
import torch

def ask(question):
    try:
        return question()
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}

print(json.dumps({
    "version": torch.__version__,
    "cuda": torch.version.cuda,
    "cudnn": ask(lambda: torch.backends.cudnn.version()),
    "nccl": ask(lambda: list(torch.cuda.nccl.version())),
    "architectures": ask(lambda: torch._C._cuda_getArchFlags()),
    "cxx11_abi": ask(lambda: torch._C._GLIBCXX_USE_CXX11_ABI),
}))
"""


def torch_facts():
    done = subprocess.run([sys.executable, "-I", "-c", PROBE], capture_output=True, text=True)
    if done.returncode != 0:
        return {"error": done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]}
    return json.loads(done.stdout.splitlines()[-1])


def package_bytes(distribution):
    """Bytes on disk, a file with several links counted once."""
    seen = {}
    for file in distribution.files or []:
        try:
            status = os.lstat(distribution.locate_file(file))
        except OSError:
            continue
        seen[(status.st_dev, status.st_ino)] = status.st_size
    return sum(seen.values())


def main():
    packages = []
    for distribution in metadata.distributions():
        packages.append({
            "name": distribution.metadata["Name"],
            "version": distribution.version,
            "bytes": package_bytes(distribution),
        })
    packages.sort(key=lambda package: package["name"].lower())
    report = {
        "schema": "envforge/installed",
        "schema_version": 1,
        # 3.13.5t is the build without a GIL, as wheels and folders name it.
        "python": platform.python_version() + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""),
        "packages": packages,
        "torch": torch_facts(),
    }
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        json.dump(report, out, indent=2, sort_keys=True)
        out.write("\n")


main()
