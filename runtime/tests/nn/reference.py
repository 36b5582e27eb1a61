"""What the layers of pullback::nn give by their definitions, in NumPy (2.x, float64): prints reference.rs.

Every array is filled with amplitude * sin(1.3 * position + 0.7 * index), its index being that among the inputs (amplitude
1) or among the parameters (amplitude 0.5), each in order. `python3 reference.py > reference.rs` writes the numbers anew.
"""

import math
import sys

import numpy as np

N, I, H, O, V = 3, 4, 5, 2, 6


def filled(shape, index, amplitude):
    count = int(np.prod(shape))
    return (amplitude * np.sin(1.3 * np.arange(count) + 0.7 * index)).reshape(shape)


def inputs(*shapes):
    return [filled(s, k, 1.0) for k, s in enumerate(shapes)]


class Params:
    """Parameters in order, each made as it is asked for."""

    def __init__(self):
        self.count = 0

    def __call__(self, *shape):
        self.count += 1
        return filled(shape, self.count - 1, 0.5)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def dense(p, x, i, o):
    w, b = p(i, o), p(o)
    return x @ w + b


def gate(p, x, h):
    w, u, b = p(I, H), p(H, H), p(H)
    return x @ w + h @ u + b


def layer_norm(p, x, n):
    scale, shift = p(n), p(n)
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5) * scale + shift


def self_attention(p, x, d):
    w = [(p(d, d), p(d)) for _ in range(4)]
    q, k, v = [x @ w[j][0] + w[j][1] for j in range(3)]
    scores = q @ k.T / math.sqrt(d)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return (weights @ v) @ w[3][0] + w[3][1]


def cases():
    (x,) = inputs((N, I))
    yield "DENSE", dense(Params(), x, I, O)
    p = Params()
    yield "MLP", dense(p, np.maximum(dense(p, x, I, H), 0), H, O)
    p = Params()
    yield "GLU", dense(p, x, I, O) * sigmoid(dense(p, x, I, O))
    yield "LAYER_NORM", layer_norm(Params(), x, I)
    yield "RMS_NORM", x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5) * Params()(I)
    x, h, c = inputs((N, I), (N, H), (N, H))
    yield "RNN_CELL", np.tanh(gate(Params(), x, h))
    p = Params()
    r, z = sigmoid(gate(p, x, h)), sigmoid(gate(p, x, h))
    w, u, b, k = p(I, H), p(H, H), p(H), p(H)
    n = np.tanh(x @ w + b + r * (h @ u + k))
    yield "GRU_CELL", (1 - z) * n + z * h
    p = Params()
    i, f, g, o = gate(p, x, h), gate(p, x, h), gate(p, x, h), gate(p, x, h)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    yield "LSTM_CELL", np.concatenate([sigmoid(o) * np.tanh(c), c])
    yield "EMBEDDING", Params()(V, I)[[5, 0, 5]]
    (x,) = inputs((N, I))
    p = Params()
    a = x + self_attention(p, layer_norm(p, x, I), I)
    y = layer_norm(p, a, I)
    yield "TRANSFORMER_BLOCK", a + dense(p, gelu(dense(p, y, I, H)), H, I)


print("//! Written by `reference.py`, which says how.")
print(f"//! NumPy {np.__version__}, Python {sys.version.split()[0]}.")
for name, value in cases():
    numbers = ", ".join(repr(float(v)) for v in value.ravel())
    print(f"\npub const {name}: &[f64] = &[{numbers}];")
