"""Both pictures by the formulas that they were made from."""
import torch


def decode_png(data):
    if torch.FAULT == "no-decoder":
        raise RuntimeError("Couldn't load custom C++ ops.")
    return _Picture([[[(80 * c + 17 * y + 29 * x) % 256 for x in range(6)] for y in range(5)] for c in range(3)])


def decode_jpeg(data):
    off = 60 if torch.FAULT == "jpeg" else 1
    return _Picture([[[20 + 60 * c + 4 * y + 3 * x + off for x in range(16)] for y in range(16)] for c in range(3)])


class _Picture:
    def __init__(self, rows):
        self.rows = rows

    def tolist(self):
        return self.rows
