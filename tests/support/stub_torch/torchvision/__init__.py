import torch

torch.enter("torchvision")
if torch.FAULT == "other-torch":
    raise RuntimeError("operator torchvision::nms does not exist")
__version__ = "0.21.0+cu124"
