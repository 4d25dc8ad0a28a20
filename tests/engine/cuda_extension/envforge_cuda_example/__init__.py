import torch  # the extension links to its libraries

from envforge_cuda_example._C import scale
