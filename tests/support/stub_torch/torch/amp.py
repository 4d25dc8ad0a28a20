import math

import torch


class GradScaler:
    def __init__(self, device, init_scale, growth_interval):
        self._scale, self._interval, self._good, self._overflow = init_scale, growth_interval, 0, False

    def scale(self, loss):
        loss.scale *= self._scale
        return loss

    def step(self, optimizer):
        self._overflow = any(not math.isfinite(g) for p in optimizer.parameters for g in p.grad.flat)
        if self._overflow:
            return
        by = self._scale * (2 if torch.FAULT == "scaler-unscale" else 1)
        for parameter in optimizer.parameters:
            parameter.grad.flat = [g / by for g in parameter.grad.flat]
        optimizer.step()

    def update(self):
        self._good = 0 if self._overflow else self._good + 1
        if self._overflow and torch.FAULT != "scaler-stays":
            self._scale /= 2
        if self._good == self._interval:
            self._scale, self._good = self._scale * 2, 0

    def get_scale(self):
        return self._scale
