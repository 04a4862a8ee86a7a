"""Quantisation-aware training: fake quantisation with a straight-through gradient (Jacob et al., CVPR 2018), and the
QDQ model that comes of it."""

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

# Weights use the seven-bit range: products of an unsigned and a signed byte, added in pairs to 16 bits as AVX2 does,
# then cannot overflow.
WEIGHT_MAX = 64


class Activation(nn.Module):
    """Quantises a tensor to uint8. Passes it on as it is until `mode` is "learn" (ranges follow a moving average) or
    "fixed"."""

    def __init__(self):
        super().__init__()
        self.mode = "off"
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))

    def forward(self, x):
        if self.mode == "off":
            return x
        if self.mode == "learn":
            low, high = x.detach().min().clamp(max=0), x.detach().max().clamp(min=1e-6)
            fresh = bool(self.high == 0)
            self.low.copy_(low if fresh else 0.95 * self.low + 0.05 * low)
            self.high.copy_(high if fresh else 0.95 * self.high + 0.05 * high)
        scale = float((self.high - self.low) / 255)
        zero = int(round(float(-self.low) / scale))
        return torch.fake_quantize_per_tensor_affine(x, scale, min(255, max(0, zero)), 0, 255)


def weight_of(module):
    """The module's weight as its int8 form stands for it: one scale per output channel, zero point 0."""
    weight = module.weight
    if not module.quantised:
        return weight
    # By way of numpy, so that the exporter sees numbers and not how they came about.
    largest = weight.detach().numpy().reshape(weight.shape[0], -1)
    scale = torch.from_numpy(np.maximum(np.abs(largest).max(1), 1e-8) / WEIGHT_MAX)
    zeros = torch.zeros(scale.shape, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scale, zeros, 0, -128, 127)


class Conv2d(nn.Conv2d):
    quantised = False

    def forward(self, x):
        return self._conv_forward(x, weight_of(self), self.bias)


class Linear(nn.Linear):
    quantised = False

    def forward(self, x):
        return nn.functional.linear(x, weight_of(self), self.bias)


class Projection(Linear):
    """A Linear whose product is quantised before the bias is added. Otherwise the runtime fuses the two into a float
    Gemm where it knows the shapes, and widens the weights on every run."""

    def __init__(self, inner, outer):
        super().__init__(inner, outer)
        self.product = Activation()

    def forward(self, x):
        if not self.quantised:
            return super().forward(x)
        return self.product(nn.functional.linear(x, weight_of(self))) + self.bias


def set_mode(model, mode):
    for module in model.modules():
        if isinstance(module, Activation):
            module.mode = mode
        if isinstance(module, (Conv2d, Linear)):
            module.quantised = mode != "off"


def store_as_integers(model):
    """Replaces QuantizeLinear of a weight by the int8 weight itself, and biases by int32 ones."""
    graph = model.graph
    weights = {t.name: t for t in graph.initializer}
    constants = {n.output[0]: numpy_helper.to_array(n.attribute[0].t) for n in graph.node if n.op_type == "Constant"}
    constants.update({name: numpy_helper.to_array(t) for name, t in weights.items()})
    makers = {n.output[0]: n for n in graph.node}
    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    dropped, added = [], {}

    def initializer(name, values):
        added[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    for node in graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] not in weights:
            continue
        name = node.input[0]
        (dequantise,) = users[node.output[0]]
        values, scale = constants[name], constants[node.input[1]]
        integers = np.clip(np.rint(values / scale.reshape((-1,) + (1,) * (values.ndim - 1))), -128, 127).astype(np.int8)
        axis = 0
        (user,) = users[dequantise.output[0]]
        if user.op_type == "Transpose":
            # A weight that is transposed on every run would keep the runtime from using its integer kernel.
            integers, axis = integers.T, 1
            for reader in users[user.output[0]]:
                reader.input[1] = dequantise.output[0]
            dropped.append(user)
            (user,) = users[user.output[0]]
        label = user.name.strip("/").replace("/", ".")
        zeros = initializer(f"{label}.zero_point", np.zeros(len(scale), np.int8))
        scales = initializer(f"{label}.scale", scale.astype(np.float32))
        dequantise.input[:] = [initializer(f"{label}.weight", integers), scales, zeros]
        del dequantise.attribute[:]
        dequantise.attribute.append(helper.make_attribute("axis", axis))
        dropped.append(node)
        source = makers.get(user.input[0])
        if user.op_type in ("Conv", "Gemm") and source is not None and source.op_type == "DequantizeLinear":
            bias_scale = (constants[source.input[1]] * scale).astype(np.float32)
            bias = np.rint(constants[user.input[2]] / bias_scale).astype(np.int32)
            inputs = [
                initializer(f"{label}.bias", bias),
                initializer(f"{label}.bias_scale", bias_scale),
                initializer(f"{label}.bias_zero_point", np.zeros(len(bias), np.int32)),
            ]
            extra = helper.make_node("DequantizeLinear", inputs, [f"{label}.bias_dq"], f"{user.name}_bias", axis=0)
            user.input[2] = f"{label}.bias_dq"
            graph.node.insert(list(graph.node).index(user), extra)
    for node in dropped:
        graph.node.remove(node)
    graph.initializer.extend(added.values())
    used = {name for node in graph.node for name in node.input}
    for tensor in [t for t in graph.initializer if t.name not in used]:
        graph.initializer.remove(tensor)
    for node in [n for n in graph.node if n.op_type == "Constant" and n.output[0] not in used]:
        graph.node.remove(node)
    onnx.checker.check_model(model)
    return model
