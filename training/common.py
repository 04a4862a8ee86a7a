"""What both tasks share: the training loop, distillation's loss, and the export."""

import io
import sys
import time
from pathlib import Path

import onnx
import torch
from torch import nn

from quantise import set_mode, store_as_integers

SEED = 1
OUT = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "variants"


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def distillation(student, teacher, labels, temperature=4.0, weight=0.7):
    """Hinton, Vinyals & Dean (2015): soft targets at a temperature, their gradient rescaled by its square."""
    soft = nn.functional.kl_div(
        (student / temperature).log_softmax(1), (teacher / temperature).softmax(1), reduction="batchmean"
    )
    return weight * temperature**2 * soft + (1 - weight) * nn.functional.cross_entropy(student, labels)


def train(name, model, batches, epochs, rate, decay=5e-4, teacher=None, after_step=None, before_epoch=None):
    """AdamW with a one-cycle rate. `batches()` yields (inputs, labels). Returns the processor seconds that it took: unlike
    those of a clock, they do not hang on what else the machine does."""
    begin = time.process_time()
    steps = sum(1 for _ in batches.sizes())
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, epochs * steps, pct_start=0.2)
    for epoch in range(epochs):
        model.train()
        if before_epoch:
            before_epoch(epoch)
        total = 0.0
        for inputs, labels in batches():
            out = model(*inputs)
            if teacher is None:
                loss = nn.functional.cross_entropy(out, labels)
            else:
                with torch.no_grad():
                    soft = teacher(*inputs)
                loss = distillation(out, soft, labels)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            if after_step:
                after_step()
            total += loss.item()
        log(f"{name}: epoch {epoch + 1}/{epochs}, loss {total / steps:.4f}, {time.process_time() - begin:.0f} s")
    return time.process_time() - begin


class Batches:
    """Shuffled batches of tensors; `change` alters the inputs of a batch."""

    def __init__(self, tensors, labels, size, change=None):
        self.tensors, self.labels, self.size, self.change = tensors, labels, size, change

    def sizes(self):
        return range(0, len(self.labels) - self.size + 1, self.size)

    def __call__(self):
        order = torch.randperm(len(self.labels))
        for start in self.sizes():
            chosen = order[start : start + self.size]
            inputs = tuple(t[chosen] for t in self.tensors)
            yield (self.change(*inputs) if self.change else inputs), self.labels[chosen]


def quantisation_aware(name, model, batches, epochs, rate):
    """Trains on with fake quantisation; ranges are fixed for the last epoch."""
    def mode(epoch):
        set_mode(model, "fixed" if epoch == epochs - 1 and epochs > 1 else "learn")
    return train(name, model, batches, epochs, rate, before_epoch=mode)


def save(name, model, examples, inputs, axes, quantised=False):
    """Writes OUT/name.onnx, opset 13, batch (and length) free."""
    model.eval()
    set_mode(model, "fixed" if quantised else "off")
    buffer = io.BytesIO()
    torch.onnx.export(
        model, examples, buffer, opset_version=13, input_names=inputs, output_names=["logits"], dynamic_axes=axes
    )
    exported = onnx.load_from_string(buffer.getvalue())
    if quantised:
        store_as_integers(exported)
    exported.producer_name = "tierwise training"
    OUT.mkdir(parents=True, exist_ok=True)
    onnx.save(exported, str(OUT / f"{name}.onnx"))
    log(f"{name}: {(OUT / f'{name}.onnx').stat().st_size} bytes")
