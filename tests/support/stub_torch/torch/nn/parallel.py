import torch
import torch.distributed as dist


class DistributedDataParallel:
    def __init__(self, module, device_ids=None):
        self.module = module
        torch.enter("ddp")
        if torch.FAULT != "ddp-weights":
            module.weight.flat[:] = dist.exchange(module.weight.flat)[0]
        if torch.FAULT != "ddp-local":
            module.weight.ready = self.average

    def __call__(self, x):
        return self.module(x)

    def average(self):
        gradient = self.module.weight.grad
        everyone = dist.exchange(gradient.flat)
        gradient.flat[:] = [sum(column) / len(everyone) for column in zip(*everyone)]
