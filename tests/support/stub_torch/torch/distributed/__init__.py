"""Ranks of one machine that hand each other numbers through files of a folder that torchrun's stub made."""
import json
import os
import time

_turn = 0


def init_process_group(backend):
    pass


def destroy_process_group():
    pass


def get_world_size():
    return int(os.environ["WORLD_SIZE"])


def exchange(numbers):
    """What every rank gave, in the order of the ranks."""
    global _turn
    _turn += 1
    name = os.environ["ENVFORGE_STUB_MEETING"] + "/%d." % _turn
    with open(name + "part" + os.environ["RANK"], "w") as file:
        json.dump(numbers, file)
    os.rename(name + "part" + os.environ["RANK"], name + os.environ["RANK"])
    out = []
    for rank in range(get_world_size()):
        while not os.path.exists(name + str(rank)):
            time.sleep(0.001)
        with open(name + str(rank)) as file:
            out.append(json.load(file))
    return out


def all_gather(everyone, own):
    for tensor, numbers in zip(everyone, exchange(own.flat)):
        tensor.flat = numbers


def barrier():
    exchange([])
