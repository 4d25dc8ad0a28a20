import sys

import torch


class Dataset:
    pass


def DataLoader(dataset, batch_size, num_workers, timeout):
    torch.enter("loader")
    if torch.FAULT == "loader-shm":
        sys.exit("RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that "
                 "dataloader's workers are out of shared memory. Please try to raise your shared memory limit.")
    order = list(range(len(dataset)))
    if torch.FAULT == "loader-order":
        order[3], order[40] = order[40], order[3]
    for start in range(0, len(order), batch_size):
        yield [dataset[i] for i in order[start:start + batch_size]]
