"""Magnitude pruning in blocks of two output channels by one input weight (2x1), with fine-tuning under a fixed mask
(Han et al., NIPS 2015). Files keep zeros as numbers: their kernels are dense."""

import torch

from quantise import Conv2d, Linear


def blocks_mask(weight, sparsity):
    """1 where a weight stays. weight: [out, …]; blocks pair outputs 2i and 2i+1 and are ranked by their L1 norm."""
    rows = weight.detach().flatten(1).abs()
    if len(rows) % 2:
        return torch.ones_like(weight)
    norms = rows[0::2] + rows[1::2]
    threshold = norms.flatten().kthvalue(max(1, int(sparsity * norms.numel()))).values
    return (norms > threshold).float().repeat_interleave(2, 0).view_as(weight)


class Pruning:
    """Masks of the layers `chosen(name)` says yes to; `apply` after each optimiser step keeps the zeros."""

    def __init__(self, model, sparsity, chosen):
        layers = [(n, m) for n, m in model.named_modules() if isinstance(m, (Conv2d, Linear)) and chosen(n)]
        self.masks = [(m, blocks_mask(m.weight, sparsity)) for _, m in layers]
        self.apply()

    def apply(self):
        with torch.no_grad():
            for module, mask in self.masks:
                module.weight.mul_(mask)

    def sparsity(self):
        return 1 - sum(float(m.sum()) for _, m in self.masks) / sum(m.numel() for _, m in self.masks)
