# A small package that is compiled against torch. Its build looks at what it may do, for the test to read afterwards.
import os
import socket

from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CppExtension


def reaches_network():
    try:
        socket.create_connection(("1.1.1.1", 53), timeout=3).close()
        return True
    except OSError:
        return False


def writes(path):
    try:
        with open(path, "w"):
            return True
    except OSError:
        return False


with open("envforge_example/seen.py", "w") as file:
    file.write(f"uid = {os.getuid()}\nnetwork = {reaches_network()}\n")
    file.write(f"writes_venv = {writes('/opt/venv/lib/planted.py')}\n")
    file.write(f"wish = {os.environ.get('EXAMPLE_WISH')!r}\n")
    file.write(f"secrets = {sorted(os.listdir('/run/secrets')) if os.path.isdir('/run/secrets') else []}\n")

setup(
    name="envforge-example",
    version="1.0",
    packages=["envforge_example"],
    install_requires=["torch"],
    ext_modules=[CppExtension("envforge_example._C", ["envforge_example/sum.cpp"])],
    cmdclass={"build_ext": BuildExtension},
)
