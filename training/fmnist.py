"""Fashion-MNIST: a residual teacher and what three operators make of it. About ten minutes on one core.

    python3 training/fmnist.py

The test images are not read here.
"""

import copy
import gzip

import numpy as np
import torch
from torch import nn

from common import Batches, SEED, log, quantisation_aware, save, train
from prune import Pruning
from quantise import Activation, Conv2d, Linear

DATA = "/usr/share/datasets/fashion-mnist"


def read(name, header):
    with gzip.open(f"{DATA}/{name}.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


class Unit(nn.Module):
    """Convolution and batch normalisation."""

    def __init__(self, inner, outer, stride=1, kernel=3):
        super().__init__()
        self.conv = Conv2d(inner, outer, kernel, stride, kernel // 2, bias=True)
        self.norm = nn.BatchNorm2d(outer)

    def forward(self, x):
        return self.norm(self.conv(x))


class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.one, self.two = Unit(inner, outer, stride), Unit(outer, outer)
        self.shortcut = Unit(inner, outer, stride, 1) if stride > 1 or inner != outer else nn.Identity()
        self.middle, self.left, self.out = Activation(), Activation(), Activation()
        self.right = Activation() if stride > 1 or inner != outer else nn.Identity()

    def forward(self, x):
        y = self.middle(torch.relu(self.one(x)))
        return self.out(torch.relu(self.left(self.two(y)) + self.right(self.shortcut(x))))


class Net(nn.Module):
    """He et al. (2016) in small: a stem, one block at 14x14, two at 7x7."""

    def __init__(self, stem, wide):
        super().__init__()
        self.image, self.first, self.pooled = Activation(), Activation(), Activation()
        self.stem = Unit(1, stem)
        self.blocks = nn.Sequential(Block(stem, wide, 1), Block(wide, 2 * wide, 2), Block(2 * wide, 2 * wide, 1))
        self.classifier = Linear(2 * wide, 10)

    def forward(self, image):
        x = self.first(torch.relu(self.stem(self.image(image))))
        x = self.blocks(nn.functional.max_pool2d(x, 2))
        return self.classifier(self.pooled(x.mean((2, 3))))


def fold(model):
    """The same network with each batch normalisation folded into its convolution (Jacob et al., 2018, eq. 14)."""
    model = copy.deepcopy(model).eval()
    for unit in [m for m in model.modules() if isinstance(m, Unit)]:
        scale = unit.norm.weight / torch.sqrt(unit.norm.running_var + unit.norm.eps)
        unit.conv.weight.data.mul_(scale.view(-1, 1, 1, 1).detach())
        unit.conv.bias.data = ((unit.conv.bias - unit.norm.running_mean) * scale + unit.norm.bias).detach()
        unit.norm = nn.Identity()
    return model


def shifted(images):
    """Mirrored at random and shifted by up to two pixels."""
    if torch.rand(()) < 0.5:
        images = images.flip(3)
    x, y = torch.randint(-2, 3, (2,)).tolist()
    return (torch.roll(images, (y, x), (2, 3)),)


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    images = torch.from_numpy(read("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28).astype(np.float32) / 255)
    labels = torch.from_numpy(read("train-labels-idx1-ubyte", 8).astype(np.int64))
    batches = Batches((images,), labels, 128, shifted)

    def write(name, model, **options):
        save(name, model, (images[:2],), ["image"], {"image": {0: "N"}, "logits": {0: "N"}}, **options)

    teacher = Net(16, 32)
    seconds = train("fmnist_identity", teacher, batches, epochs=6, rate=4e-3)
    write("fmnist_identity", fold(teacher))
    log(f"fmnist_identity: {seconds:.0f} s of processor time")

    student = Net(8, 16)
    seconds = train("fmnist_distilled", student, batches, epochs=6, rate=6e-3, teacher=teacher.eval())
    write("fmnist_distilled", fold(student))
    log(f"fmnist_distilled: {seconds:.0f} s of processor time")

    pruned = copy.deepcopy(teacher)
    pruning = Pruning(pruned, 0.7, lambda name: name.startswith("blocks"))
    seconds = train("fmnist_pruned", pruned, batches, epochs=2, rate=1e-3, after_step=pruning.apply)
    pruning.apply()
    write("fmnist_pruned", fold(pruned))
    log(f"fmnist_pruned: {seconds:.0f} s of processor time, {pruning.sparsity():.3f} of the blocks' weights are zero")

    quantised = fold(teacher)
    seconds = quantisation_aware("fmnist_qat", quantised, batches, epochs=2, rate=3e-4)
    write("fmnist_qat", quantised, quantised=True)
    log(f"fmnist_qat: {seconds:.0f} s of processor time")


main()
