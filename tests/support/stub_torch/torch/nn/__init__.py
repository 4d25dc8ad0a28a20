"""One layer, and the gradient of the one loss that the scripts ask for: sum(T * (X W^T)), whose gradient to W is T^T X."""
import torch

HALF_OVERFLOW = 65520  # what rounds to infinity in fp16


class Linear:
    def __init__(self, wide, out, bias=False):
        self.weight = torch.Tensor([float((torch.seed * 3 + i) % 7) for i in range(out * wide)], (out, wide))
        self.weight.grad = None

    def parameters(self):
        return [self.weight]

    def to(self, device):
        return self

    def __call__(self, x):
        out, wide = self.weight.shape
        rows = x.shape[0]
        y = [sum(x.flat[r * wide + w] * self.weight.flat[o * wide + w] for w in range(wide))
             for r in range(rows) for o in range(out)]
        return Output(y, (rows, out), self.weight, x, torch.autocast.active)


class Output(torch.Tensor):
    def __init__(self, flat, shape, weight, x, half):
        super().__init__(flat, shape)
        self.weight, self.x, self.half = weight, x, half

    def __mul__(self, t):
        return Weighed(self, t)


class Weighed:
    def __init__(self, y, t):
        self.y, self.t = y, t

    def sum(self):
        return Loss(self.y, self.t, 1.0)


class Loss:
    def __init__(self, y, t, scale):
        self.y, self.t, self.scale = y, t, scale

    def backward(self):
        y, t = self.y, self.t
        out, wide = y.weight.shape
        gradient = [self.scale * sum(t.flat[r * out + o] * y.x.flat[r * wide + w] for r in range(y.shape[0]))
                    for o in range(out) for w in range(wide)]
        largest = max(abs(g) for g in gradient + [self.scale * one for one in t.flat])
        if y.half and largest >= HALF_OVERFLOW:
            gradient = [float("inf")] * len(gradient)
        y.weight.grad = torch.Tensor(gradient, y.weight.shape)
        if y.weight.ready:
            y.weight.ready()


from . import parallel  # noqa: E402  it needs the names above
