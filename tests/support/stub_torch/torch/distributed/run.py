"""As much of torchrun as `--nproc-per-node=N ... --no-python PROGRAM ARGUMENTS` asks for."""
import os
import subprocess
import sys
import tempfile

count = next(int(word.split("=")[1]) for word in sys.argv if word.startswith("--nproc-per-node="))
program = sys.argv[sys.argv.index("--no-python") + 1:]
with tempfile.TemporaryDirectory() as meeting:
    ranks = [subprocess.Popen(program, env=dict(os.environ, RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count),
                                                ENVFORGE_STUB_MEETING=meeting)) for rank in range(count)]
    codes = [rank.wait() for rank in ranks]
sys.exit(next((1 for code in codes if code), 0))
