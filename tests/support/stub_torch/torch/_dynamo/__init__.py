from . import utils


def reset():
    pass
