"""Finds a toolkit, and "compiles" to the library that the test built."""
import os

import torch

CUDA_HOME = os.environ.get("CUDA_HOME")


def load(name, sources, build_directory, is_python_module):
    torch.enter("load")
    if torch.FAULT == "extension-build":
        raise RuntimeError("Error building extension '%s': nvcc fatal   : Unsupported gpu architecture 'compute_%s'"
                           % (name, os.environ["TORCH_CUDA_ARCH_LIST"].replace(".", "")))
    assert open(sources[0]).read().count("__global__") == 1 and not is_python_module
    return "stub_extension.so"
