"""The GPU of the stub: streams are lists of work that waits, a graph is the list of what was done while it captured."""
import contextlib
import pickle

import torch

TOTAL = 1 << 37
refused = []
_block = 512
_allocated = 0
_reserved = 0
_live = {}
_tapes = []
_streams = [None]


class Hold:
    def __init__(self, size):
        global _allocated, _reserved
        self.size, self.rounded = size, -(-size // _block) * _block
        _allocated += self.rounded
        _reserved = max(_reserved, _allocated)
        _live[id(self)] = self.size

    def __del__(self):
        global _allocated
        _allocated -= self.rounded if torch.FAULT != "alloc-leak" else 0
        _live.pop(id(self), None)


def take(size):
    return Hold(size)


def record(again):
    for tape in _tapes:
        tape.append(again)


def queue(work):
    stream = _streams[-1]
    if stream is not None and stream.waiting is not None:
        stream.waiting.append(work)
        return
    work()
    record(work)


def refuse(size):
    refused.append(size)


class Stream:
    all = []

    def __init__(self):
        self.waiting = None
        Stream.all.append(self)

    def flush(self):
        work, self.waiting = self.waiting or [], None
        for one in work:
            one()

    def wait_stream(self, other):
        pass

    def wait_event(self, event):
        if torch.FAULT != "stream-order":
            event.stream.flush()


class Event:
    def record(self):
        self.stream = _streams[-1]


@contextlib.contextmanager
def stream(one):
    _streams.append(one)
    yield
    _streams.pop()


def current_stream():
    return Stream()


def synchronize():
    for one in Stream.all:
        one.flush()


def _sleep(cycles):
    _streams[-1].waiting = []


class CUDAGraph:
    def __init__(self):
        self.tape = []

    def replay(self):
        torch.enter("replay")
        if torch.FAULT == "graph-error":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        for one in self.tape[:0] if torch.FAULT == "graph-drop" and self.replayed else self.tape:
            one()
        self.replayed = True

    replayed = False


@contextlib.contextmanager
def graph(one):
    _tapes.append(one.tape)
    yield
    _tapes.pop()


def get_device_capability(device):
    return 9, 0


def device_count():
    return 1


def set_device(device):
    pass


def mem_get_info():
    return TOTAL, TOTAL


def memory_allocated():
    return _allocated


def memory_reserved():
    return _reserved


def empty_cache():
    global _reserved
    if torch.FAULT != "alloc-keeps":
        _reserved = _allocated


class memory:
    @staticmethod
    def _record_memory_history(**settings):
        pass

    @staticmethod
    def _dump_snapshot(path):
        blocks = [{"size": size, "requested_size": size, "state": "active_allocated"} for size in _live.values()]
        trace = [] if torch.FAULT == "oom-untold" else [{"action": "oom"} for _ in refused]
        with open(path, "wb") as file:
            pickle.dump({"segments": [{"blocks": blocks}], "device_traces": [trace]}, file)
