"""What the layers of pullback::nn give by their definitions, in NumPy (2.x, float64): prints reference.rs.

Every array is filled with amplitude * sin(1.3 * position + 0.7 * index), its index being that among the inputs (amplitude
1) or among the parameters (amplitude 0.5), each in order. `python3 reference.py > reference.rs` writes the numbers anew.
"""

import math
import sys

import numpy as np

N, I, H, O, V = 3, 4, 5, 2, 6
STEPS = 4


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


def gates(p):
    return [(p(I, H), p(H, H), p(H)) for _ in range(4)]


def lstm_cell(gates, x, h, c):
    i, f, g, o = [x @ w + h @ u + b for w, u, b in gates]
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_cell(params, x, h):
    (wr, ur, br), (wz, uz, bz), w, u, b, k = params
    r, z = sigmoid(x @ wr + h @ ur + br), sigmoid(x @ wz + h @ uz + bz)
    n = np.tanh(x @ w + b + r * (h @ u + k))
    return (1 - z) * n + z * h


def states(step, x, *state):
    """The first state after each step, and all of them after the last one, in a row."""
    seen = []
    for part in x:
        state = step(part, *state)
        state = state if isinstance(state, tuple) else (state,)
        seen.append(state[0])
    return np.concatenate([np.ravel(seen), *map(np.ravel, state)])


def conv3x3(p, x, i, o):
    """PyTorch's Conv2d(i, o, 3, padding=1): a cross-correlation."""
    w, b = p(o, i, 3, 3), p(o)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.zeros((x.shape[0], o, *x.shape[2:]))
    for r in range(x.shape[2]):
        for s in range(x.shape[3]):
            y[:, :, r, s] = np.einsum("nikl,oikl->no", padded[:, :, r : r + 3, s : s + 3], w) + b
    return y


def multi_head_attention(p, x, d, a, k):
    """One sequence and one head after another."""
    w = [(p(d, a * k).reshape(d, a, k), p(a, k)) for _ in range(3)]
    out, shift = p(a * k, d), p(d)
    y = []
    for row in x:
        heads = []
        for h in range(a):
            q, key, v = [row @ w[j][0][:, h] + w[j][1][h] for j in range(3)]
            scores = np.exp(q @ key.T / math.sqrt(k))
            heads.append(scores / scores.sum(axis=1, keepdims=True) @ v)
        y.append(np.concatenate(heads, axis=1) @ out + shift)
    return np.array(y)


def gate(p, x, h):
    w, u, b = p(I, H), p(H, H), p(H)
    return x @ w + h @ u + b


def layer_norm(p, x, n):
    scale, shift = p(n), p(n)
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5) * scale + shift


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
    yield "SELF_ATTENTION", self_attention(p, x, I)
    x, h, c = inputs((STEPS, N, I), (N, H), (N, H))
    p = Params()
    w, u, b = p(I, H), p(H, H), p(H)
    yield "RNN", states(lambda x, h: np.tanh(x @ w + h @ u + b), x, h)
    p = Params()
    params = [(p(I, H), p(H, H), p(H)) for _ in range(2)] + [p(I, H), p(H, H), p(H), p(H)]
    yield "GRU", states(lambda x, h: gru_cell(params, x, h), x, h)
    four = gates(Params())
    yield "LSTM", states(lambda x, h, c: lstm_cell(four, x, h, c), x, h, c)
    (x,) = inputs((2, 3, 4, 5))
    yield "CONV_BLOCK", np.maximum(conv3x3(Params(), x, 3, O), 0)
    p = Params()
    yield "RESIDUAL_BLOCK", np.maximum(x + conv3x3(p, np.maximum(conv3x3(p, x, 3, 3), 0), 3, 3), 0)
    yield "POOLED_DENSE", dense(Params(), x.mean(axis=(2, 3)), 3, O)
    (x,) = inputs((2, N, I))
    yield "MULTI_HEAD_ATTENTION", multi_head_attention(Params(), x, I, 2, 3)
    p = Params()
    a = x + multi_head_attention(p, layer_norm(p, x, I), I, 2, 3)
    y = layer_norm(p, a, I)
    yield "TRANSFORMER_BLOCK", a + dense(p, gelu(dense(p, y, I, H)), H, I)


print("//! Written by `reference.py`, which says how.")
print(f"//! NumPy {np.__version__}, Python {sys.version.split()[0]}.")
for name, value in cases():
    numbers = ", ".join(repr(float(v)) for v in value.ravel())
    print(f"\npub const {name}: &[f64] = &[{numbers}];")
