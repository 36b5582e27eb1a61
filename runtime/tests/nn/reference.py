"""What PyTorch's layers give, and their gradients (float64, on a CPU): prints reference.csv.

`pip install torch`, then `python3 reference.py > reference.csv`.

A line is a layer, `y` or the index of a parameter, and the numbers of the output or of the gradient in the order of
memory. Every array is filled with amplitude * sin(1.3 * position + 0.7 * index), its index being that among the inputs
(amplitude 1), among the parameters (amplitude 0.5), or among the outputs, from 9 on (amplitude 1), each in order.
Gradients are those of the sum of outputs times the last. Parameters have our shapes (a weight is [I, O]), PyTorch's
modules get views of them, so that gradients come back in our shapes as well.
"""

import math
import sys

import torch
from torch import nn
from torch.func import functional_call

torch.set_default_dtype(torch.float64)

N, I, H, O, V = 3, 4, 5, 2, 6
STEPS = 4
D, A, K = 6, 2, 3


def filled(shape, index, amplitude):
    position = torch.arange(math.prod(shape))
    return (amplitude * torch.sin(1.3 * position + 0.7 * index)).reshape(shape)


class Params:
    """Parameters in order, each made as it is asked for."""

    def __init__(self):
        self.all = []

    def __call__(self, *shape):
        self.all.append(filled(shape, len(self.all), 0.5).requires_grad_())
        return self.all[-1]

    def linear(self, i, o):
        w, b = self(i, o), self(o)
        return {"weight": w.T, "bias": b}

    def conv(self, i, o, size=3):
        return {"weight": self(o, i, size, size), "bias": self(o)}

    def norm(self, size):
        return {"weight": self(size), "bias": self(size)}

    def gates(self, count):
        return [(self(I, H), self(H, H), self(H)) for _ in range(count)]

    def attention(self, d, heads, size):
        """Those of nn.MultiheadAttention, whose three projections are one."""
        three = [(self(d, heads * size), self(heads, size)) for _ in range(3)]
        out = self.linear(heads * size, d)
        return {
            "in_proj_weight": torch.cat([w.T for w, _ in three]),
            "in_proj_bias": torch.cat([b.flatten() for _, b in three]),
            "out_proj.weight": out["weight"],
            "out_proj.bias": out["bias"],
        }


def prefixed(prefix, weights):
    return {f"{prefix}.{name}": value for name, value in weights.items()}


def recurrent(gates, extra=None, suffix=""):
    """The weights of a cell, or with suffix `_l0` of a layer: one bias, the other one of PyTorch's is zero."""
    bias = torch.cat([b for _, _, b in gates])
    hidden = torch.zeros_like(bias) if extra is None else torch.cat([torch.zeros(2 * H), extra])
    return {
        f"weight_ih{suffix}": torch.cat([w.T for w, _, _ in gates]),
        f"weight_hh{suffix}": torch.cat([u.T for _, u, _ in gates]),
        f"bias_ih{suffix}": bias,
        f"bias_hh{suffix}": hidden,
    }


def gru_weights(p, suffix=""):
    gates = p.gates(3)
    return recurrent(gates, p(H), suffix)


def call(module, weights, *args, **options):
    return functional_call(module, weights, args, options)


def dense(p, x, i, o):
    return call(nn.Linear(i, o), p.linear(i, o), x)


def multi_head_attention(p, x, **options):
    module = nn.MultiheadAttention(D, A, batch_first=True)
    return call(module, p.attention(D, A, K), x, x, x, **options)[0]


def causal(steps):
    return nn.Transformer.generate_square_subsequent_mask(steps)


def narrow_attention(p, x, d, heads, size):
    """Heads whose sizes do not add up to that of a position, which nn.MultiheadAttention has not."""
    q, k, v = [
        (x @ p(d, heads * size)).unflatten(-1, (heads, size)).add(p(heads, size)).transpose(1, 2) for _ in range(3)
    ]
    seen = nn.functional.scaled_dot_product_attention(q, k, v)
    return call(nn.Linear(heads * size, d), p.linear(heads * size, d), seen.transpose(1, 2).flatten(2))


def encoder_layer(p, x, mask=None):
    module = nn.TransformerEncoderLayer(D, A, H, 0.0, "gelu", batch_first=True, norm_first=True)
    weights = prefixed("norm1", p.norm(D)) | prefixed("self_attn", p.attention(D, A, K))
    weights |= prefixed("norm2", p.norm(D)) | prefixed("linear1", p.linear(D, H)) | prefixed("linear2", p.linear(H, D))
    return call(module, weights, x, **({} if mask is None else {"src_mask": mask}))


def batch_norm(module, p, x, size):
    """In training, then the statistics that it leaves, then in inference with these."""
    weights = p.norm(size)
    y = call(module, weights, x)
    inferred = call(module.eval(), {name: value.detach() for name, value in weights.items()}, x)
    return y, module.running_mean, module.running_var, inferred


def cases():
    x, h, c = filled((N, I), 0, 1.0), filled((N, H), 1, 1.0), filled((N, H), 2, 1.0)
    images = filled((2, 3, 4, 6), 0, 1.0)
    sequence = filled((STEPS, N, I), 0, 1.0)
    positions = filled((2, N, D), 0, 1.0)
    relu = torch.relu

    yield "dense", lambda p: dense(p, x, I, O)
    yield "mlp", lambda p: dense(p, relu(dense(p, x, I, H)), H, O)
    yield "glu", lambda p: nn.functional.glu(torch.cat([dense(p, x, I, O), dense(p, x, I, O)], dim=1))
    yield "layer_norm", lambda p: call(nn.LayerNorm(I), p.norm(I), x)
    yield "rms_norm", lambda p: call(nn.RMSNorm(I, eps=1e-5), {"weight": p(I)}, x)
    yield "batch_norm", lambda p: batch_norm(nn.BatchNorm1d(I), p, x, I)
    yield "batch_norm_2d", lambda p: batch_norm(nn.BatchNorm2d(3), p, images, 3)

    yield "rnn_cell", lambda p: call(nn.RNNCell(I, H), recurrent(p.gates(1)), x, h)
    yield "gru_cell", lambda p: call(nn.GRUCell(I, H), gru_weights(p), x, h)
    yield "lstm_cell", lambda p: call(nn.LSTMCell(I, H), recurrent(p.gates(4)), x, (h, c))
    yield "rnn", lambda p: call(nn.RNN(I, H), recurrent(p.gates(1), suffix="_l0"), sequence, h[None])
    yield "gru", lambda p: call(nn.GRU(I, H), gru_weights(p, "_l0"), sequence, h[None])
    yield "lstm", lambda p: call(nn.LSTM(I, H), recurrent(p.gates(4), suffix="_l0"), sequence, (h[None], c[None]))

    def conv(p, x, i, o):
        return call(nn.Conv2d(i, o, 3, padding=1), p.conv(i, o), x)

    yield "conv_block", lambda p: relu(conv(p, images, 3, O))
    yield "conv_pool", lambda p: nn.functional.max_pool2d(relu(conv(p, images, 3, O)), 2)
    yield "residual_block", lambda p: relu(images + conv(p, relu(conv(p, images, 3, 3)), 3, 3))
    yield "pooled_dense", lambda p: dense(p, nn.AdaptiveAvgPool2d(1)(images).flatten(1), 3, O)

    yield "embedding", lambda p: call(nn.Embedding(V, I), {"weight": p(V, I)}, torch.tensor([5, 0, 5]))
    yield "self_attention", lambda p: call(nn.MultiheadAttention(I, 1), p.attention(I, 1, I), x, x, x)[0]
    yield "multi_head_attention", lambda p: multi_head_attention(p, positions)
    yield "narrow_attention", lambda p: narrow_attention(p, positions, D, 2, 2)
    yield "transformer_block", lambda p: encoder_layer(p, positions)
    yield "causal_attention", lambda p: multi_head_attention(p, positions, attn_mask=causal(N))
    yield "causal_block", lambda p: encoder_layer(p, positions, causal(N))


def leaves(value):
    return [value] if isinstance(value, torch.Tensor) else [leaf for part in value for leaf in leaves(part)]


def numbers(tensor):
    return ",".join(repr(float(v)) for v in tensor.detach().flatten())


print(f"# PyTorch {torch.__version__}, Python {sys.version.split()[0]}; written by reference.py, which says how")
for name, net in cases():
    p = Params()
    outputs = leaves(net(p))
    sum((y * filled(y.shape, 9 + k, 1.0)).sum() for k, y in enumerate(outputs) if y.requires_grad).backward()
    for y in outputs:
        print(f"{name},y,{numbers(y)}")
    for index, param in enumerate(p.all):
        print(f"{name},{index},{numbers(param.grad)}")
