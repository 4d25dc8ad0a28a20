"""A torch that computes rightly on lists, as much of it as the scripts of the group python call. ENVFORGE_STUB_FAULT
names the one thing that it does wrongly, or the call in which it dies or never returns ("crash-nms", "hang-compile")."""
import contextlib
import math
import os
import signal
import time

from .version import __version__

FAULT = os.environ.get("ENVFORGE_STUB_FAULT", "")
float32, float16, int64, uint8 = "float32", "float16", "int64", "uint8"


def enter(call):
    if FAULT == "crash-" + call:
        os.kill(os.getpid(), signal.SIGSEGV)
    if FAULT == "hang-" + call:
        time.sleep(600)


class Constant:
    """Many times the same number."""

    def __init__(self, value, count):
        self.value, self.count = value, count

    def __len__(self):
        return self.count


class Tensor:
    """`flat` may be shared between views; operations on it are recorded while a graph captures them."""

    ready = None  # called when a gradient was computed

    def __init__(self, flat, shape, device="cpu"):
        self.flat, self.shape, self.device = flat, tuple(shape), device
        self.hold = cuda.take(len(flat)) if device == "cuda" else None

    def made(self, compute, shape=None):
        out = Tensor(compute(), self.shape if shape is None else shape, self.device)

        def again():
            out.flat[:] = compute()

        cuda.record(again)
        return out

    def changed(self, change):
        def now():
            self.flat[:] = change()

        cuda.queue(now)
        return self

    def zipped(self, other, compute):
        if isinstance(self.flat, Constant):
            return Tensor(Constant(compute(self.flat.value, other), self.flat.count), self.shape, self.device)
        values = lambda: other.flat if isinstance(other, Tensor) else [other] * len(self.flat)
        return self.made(lambda: [compute(a, b) for a, b in zip(self.flat, values())])

    def __add__(self, other):
        return self.zipped(other, lambda a, b: a + b)

    def __mul__(self, other):
        return self.zipped(other, lambda a, b: a * b)

    def __neg__(self):
        return self * -1

    def __eq__(self, other):
        return self.zipped(other, lambda a, b: a == b)

    def __ne__(self, other):
        return self.zipped(other, lambda a, b: a != b)

    __hash__ = object.__hash__

    def __matmul__(self, other):
        rows, inner, columns = self.shape[0], self.shape[1], other.shape[1]
        return self.made(
            lambda: [sum(self.flat[i * inner + k] * other.flat[k * columns + j] for k in range(inner))
                     for i in range(rows) for j in range(columns)], (rows, columns))

    def relu(self):
        return self.made(lambda: [max(a, 0) for a in self.flat])

    def sum(self):
        if isinstance(self.flat, Constant):
            return Tensor([self.flat.value * self.flat.count], ())
        return self.made(lambda: [math.fsum(self.flat)], ())

    def mean(self):
        return Tensor([float(self.sum()) / len(self.flat)], ())

    def double(self):
        return self

    float = detach = double

    def reshape(self, *shape):
        shape = tuple(shape[0]) if len(shape) == 1 else shape
        known = math.prod(n for n in shape if n >= 0)
        return Tensor(self.flat, [len(self.flat) // known if n < 0 else n for n in shape])

    def flatten(self):
        return self.reshape((-1,))

    def clone(self):
        return self.made(lambda: list(self.flat))

    def copy_(self, other):
        return self.changed(lambda: list(other.flat))

    def fill_(self, value):
        return self.changed(lambda: [value] * len(self.flat))

    def tolist(self):
        if len(self.shape) < 2:
            return list(self.flat)
        wide = len(self.flat) // self.shape[0]
        return [Tensor(self.flat[i * wide:(i + 1) * wide], self.shape[1:]).tolist() for i in range(self.shape[0])]

    def __int__(self):
        return int(self.flat[0])

    def __float__(self):
        return float(self.flat[0])

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Tensor(self.flat[index], (len(self.flat[index]),))
        wide = len(self.flat) // self.shape[0]
        return Tensor(self.flat[index * wide:(index + 1) * wide], self.shape[1:])

    def __setitem__(self, index, row):
        wide = len(self.flat) // self.shape[0]
        self.flat[index * wide:(index + 1) * wide] = row.flat


def tensor(values, dtype=None, device="cpu"):
    shape, flat = [], values
    while isinstance(flat, list):
        shape.append(len(flat))
        if not flat or not isinstance(flat[0], list):
            break
        flat = [one for row in flat for one in row]
    return Tensor(list(flat), shape if len(shape) < 2 else [len(values), len(values[0])], device)


def full(shape, value, dtype=None, device="cpu"):
    many = shape[0] > 1 << 17
    return Tensor(Constant(value, shape[0]) if many else [value] * shape[0], shape, device)


def zeros(count, device="cpu"):
    return full((count,), 0.0, device=device)


def zeros_like(other):
    return full(other.shape, 0.0, device=other.device)


def empty_like(other):
    return Tensor(list(other.flat), other.shape)


seed = 0


def manual_seed(number):
    global seed
    seed = number


def device(kind, index=0):
    return kind


@contextlib.contextmanager
def no_grad():
    yield


class autocast:
    active = False

    def __init__(self, kind, dtype):
        pass

    def __enter__(self):
        autocast.active = True

    def __exit__(self, *failure):
        autocast.active = False


def empty(count, dtype=None, device="cpu"):
    if device == "cuda" and count > cuda.TOTAL:
        if FAULT == "oom-silent":
            return zeros(1, device)
        cuda.refuse(count)
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate %d bytes." % count)
    return full((count,), 0, device=device)


def arange(end, dtype=None, device="cpu"):
    off = 2 if FAULT == "oom-broken" and cuda.refused else 0
    return Tensor([i + off for i in range(end)], (end,), device)


def sin(x):
    return x.made(lambda: [math.sin(a) for a in x.flat])


def exp(x):
    return x.made(lambda: [math.exp(a) for a in x.flat])


def compile(function, fullgraph=False):
    from . import _dynamo

    def compiled(x):
        enter("compile")
        y = function(x)
        if FAULT != "compile-eager":
            _dynamo.utils.counters["stats"]["unique_graphs"] = 1
        if FAULT == "compile-element":
            y.flat[7] += 1e-3
        return y

    return compiled


class OutOfMemoryError(RuntimeError):
    pass


from . import amp, cuda, nn, optim  # noqa: E402  they need the names above
