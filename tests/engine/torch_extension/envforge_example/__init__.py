import torch  # the extension links to its libraries

from envforge_example._C import sum_of_squares
