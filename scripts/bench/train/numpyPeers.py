"""The work of `bench -- train` by hand in numpy: `python3 numpyPeers.py TASK FOLDER`.

FOLDER has what numpyPeer.ts writes: job.json and raw little-endian arrays. Writes the params after the last step to trained.f32, in
the order and layout of the model, and prints the median of the runs in milliseconds.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np


def softmax_gradient(logits, targets):
    """Of the mean cross-entropy, at the logits."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    shifted /= shifted.sum(axis=1, keepdims=True)
    shifted[np.arange(len(targets)), targets] -= 1
    shifted /= len(targets)
    return shifted


def perceptron(params, batches, rate):
    """Dense layers with ReLU between them; weights [inputs, outputs] and biases by turns."""
    layers = [(params[i], params[i + 1]) for i in range(0, len(params), 2)]
    for (x,), targets in batches:
        x = x.reshape(len(x), -1)
        inputs = []
        for i, (weight, bias) in enumerate(layers):
            inputs.append(x)
            x = x @ weight
            x += bias
            if i + 1 < len(layers):
                np.maximum(x, 0, out=x)
        at = softmax_gradient(x, targets)
        for i in range(len(layers) - 1, -1, -1):
            weight, bias = layers[i]
            below = at @ weight.T if i > 0 else None
            weight -= rate * (inputs[i].T @ at)
            bias -= rate * at.sum(axis=0)
            if i > 0:
                below *= inputs[i] > 0
                at = below
    return params


def unfold(x, side):
    """[batch, height, width, channels], padded to keep its size, as rows of windows [.., side * side * channels]."""
    pad = side // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    batch, height, width, channels = x.shape
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(batch * height * width, side * side * channels)


def fold(columns, shape, side):
    """The inverse of unfold for gradients: what overlaps adds up."""
    batch, height, width, channels = shape
    pad = side // 2
    columns = columns.reshape(batch, height, width, side, side, channels)
    padded = np.zeros((batch, height + 2 * pad, width + 2 * pad, channels), np.float32)
    for i in range(side):
        for j in range(side):
            padded[:, i : i + height, j : j + width] += columns[:, :, :, i, j]
    return padded[:, pad : pad + height, pad : pad + width]


def pool(x):
    """2 x 2 maxima, and where they were (the first of equal ones)."""
    batch, height, width, channels = x.shape
    quads = x.reshape(batch, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 5, 2, 4)
    quads = quads.reshape(batch, height // 2, width // 2, channels, 4)
    at = quads.argmax(axis=4)[..., None]
    return np.take_along_axis(quads, at, 4)[..., 0], at


def unpool(gradient, at):
    batch, height, width, channels = gradient.shape
    quads = np.zeros((batch, height, width, channels, 4), np.float32)
    np.put_along_axis(quads, at, gradient[..., None], 4)
    quads = quads.reshape(batch, height, width, channels, 2, 2).transpose(0, 1, 4, 2, 5, 3)
    return quads.reshape(batch, 2 * height, 2 * width, channels)


def cnn(params, batches, rate):
    """Two convolutions with ReLU and pooling, two dense layers; kernels come as [out, in, side, side]."""
    side = params[0].shape[2]
    kernels = [params[i].transpose(2, 3, 1, 0).reshape(-1, params[i].shape[0]).copy() for i in (0, 2)]
    biases = [params[1], params[3]]
    # the model flattens with its channels first
    channels, place = params[2].shape[0], int((params[4].shape[0] // params[2].shape[0]) ** 0.5)
    dense = params[4].reshape(channels, place, place, -1).transpose(1, 2, 0, 3).reshape(params[4].shape).copy()
    last = params[6]
    for (x,), targets in batches:
        shapes, columns, actives, places = [], [], [], []
        for kernel, bias in zip(kernels, biases):
            shapes.append(x.shape)
            columns.append(unfold(x, side))
            made = columns[-1] @ kernel
            made += bias
            np.maximum(made, 0, out=made)
            actives.append(made)
            x, at = pool(made.reshape(*x.shape[:3], -1))
            places.append(at)
        pooled = x.shape
        flat = x.reshape(len(x), -1)
        hidden = np.maximum(flat @ dense + params[5], 0)
        at = softmax_gradient(hidden @ last + params[7], targets)
        below = (at @ last.T) * (hidden > 0)
        last -= rate * (hidden.T @ at)
        params[7] -= rate * at.sum(axis=0)
        at = (below @ dense.T).reshape(pooled)
        dense -= rate * (flat.T @ below)
        params[5] -= rate * below.sum(axis=0)
        for i in (1, 0):
            spread = unpool(at, places[i]).reshape(actives[i].shape)
            spread *= actives[i] > 0
            if i > 0:
                at = fold(spread @ kernels[i].T, shapes[i], side)
            kernels[i] -= rate * (columns[i].T @ spread)
            biases[i] -= rate * spread.sum(axis=0)
    for i, kernel in zip((0, 2), kernels):
        out, inputs = params[i].shape[:2]
        params[i] = kernel.reshape(side, side, inputs, out).transpose(3, 2, 0, 1)
    params[4] = dense.reshape(place, place, channels, -1).transpose(2, 0, 1, 3).reshape(dense.shape)
    return params


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(params, batches, rate):
    """Embedding, one layer of LSTM, a dense layer by step; gates input, output, forget, cell as in ONNX."""
    table = params[0]
    weight, recurrent, bias = params[1][0].T.copy(), params[2][0].T.copy(), params[3][0]
    dense, dense_bias = params[4], params[5]
    size = recurrent.shape[0]
    for (characters,), targets in batches:
        batch, steps = characters.shape
        characters, targets = characters.T, targets.T.reshape(-1)
        inputs = table[characters]
        projected = inputs.reshape(steps * batch, -1) @ weight
        projected += bias[: 4 * size] + bias[4 * size :]
        gates = projected.reshape(steps, batch, 4 * size)
        hidden = np.zeros((steps + 1, batch, size), np.float32)
        cells = np.zeros((steps + 1, batch, size), np.float32)
        squashed = np.empty((steps, batch, size), np.float32)
        for t in range(steps):
            gate = gates[t]
            gate += hidden[t] @ recurrent
            gate[:, : 3 * size] = sigmoid(gate[:, : 3 * size])
            gate[:, 3 * size :] = np.tanh(gate[:, 3 * size :])
            cells[t + 1] = gate[:, 2 * size : 3 * size] * cells[t] + gate[:, :size] * gate[:, 3 * size :]
            squashed[t] = np.tanh(cells[t + 1])
            hidden[t + 1] = gate[:, size : 2 * size] * squashed[t]
        states = hidden[1:].reshape(steps * batch, size)
        at = softmax_gradient(states @ dense + dense_bias, targets)
        at_states = (at @ dense.T).reshape(steps, batch, size)
        slopes = np.empty_like(gates)
        at_hidden = np.zeros((batch, size), np.float32)
        at_cell = np.zeros((batch, size), np.float32)
        for t in range(steps - 1, -1, -1):
            i, o, f, c = (gates[t][:, k * size : (k + 1) * size] for k in range(4))
            above = at_states[t] + at_hidden
            at_cell += above * o * (1 - squashed[t] ** 2)
            slope = slopes[t]
            slope[:, :size] = at_cell * c * i * (1 - i)
            slope[:, size : 2 * size] = above * squashed[t] * o * (1 - o)
            slope[:, 2 * size : 3 * size] = at_cell * cells[t] * f * (1 - f)
            slope[:, 3 * size :] = at_cell * i * (1 - c**2)
            at_hidden = slope @ recurrent.T
            at_cell *= f
        flat = slopes.reshape(steps * batch, -1)
        at_inputs = flat @ weight.T
        before = hidden[:-1].reshape(steps * batch, size)
        weight -= rate * (inputs.reshape(steps * batch, -1).T @ flat)
        recurrent -= rate * (before.T @ flat)
        total = rate * flat.sum(axis=0)
        bias[: 4 * size] -= total
        bias[4 * size :] -= total
        dense -= rate * (states.T @ at)
        dense_bias -= rate * at.sum(axis=0)
        np.subtract.at(table, characters.reshape(-1), rate * at_inputs)
    params[1], params[2] = weight.T, recurrent.T
    return params


def factorisation(params, batches, rate):
    """Factors of users and of items, then their biases."""
    users, items, user_bias, item_bias = params
    for (pairs,), ratings in batches:
        u, i = pairs[:, 0], pairs[:, 1]
        of_users, of_items = users[u], items[i]
        told = (of_users * of_items).sum(axis=1) + user_bias[u, 0] + item_bias[i, 0]
        at = (2 * rate / len(told)) * (told - ratings)
        np.subtract.at(users, u, at[:, None] * of_items)
        np.subtract.at(items, i, at[:, None] * of_users)
        np.subtract.at(user_bias[:, 0], u, at)
        np.subtract.at(item_bias[:, 0], i, at)
    return params


TASKS = {"perceptron": perceptron, "cnn": cnn, "lstm": lstm, "factorisation": factorisation}


def main(task, folder):
    job = json.loads((folder / "job.json").read_text())

    def read(name, kind, shape):
        return np.fromfile(folder / name, np.float32 if kind == "float32" else np.int32).reshape(shape)

    inputs = [read(f"input{i}", *given) for i, given in enumerate(job["inputs"])]
    targets = read("targets", *job["targets"])
    order = read("order", "int32", -1)
    start = read("params", "float32", -1)
    times = []
    for _ in range(job["warmUpRuns"] + job["runs"]):
        params, at = [], 0
        for shape in job["tensors"]:
            size = int(np.prod(shape))
            params.append(start[at : at + size].reshape(shape).copy())
            at += size
        rows = (order[first:end] for first, end in zip(job["starts"], job["ends"]))
        batches = (([x[chosen] for x in inputs], targets[chosen]) for chosen in rows)
        began = time.perf_counter()
        params = TASKS[task](params, batches, np.float32(job["learningRate"]))
        times.append(time.perf_counter() - began)
    np.concatenate([param.reshape(-1) for param in params]).astype(np.float32).tofile(folder / "trained")
    print(json.dumps({"ms": 1000 * statistics.median(times[job["warmUpRuns"] :]), "version": np.__version__}))


main(sys.argv[1], Path(sys.argv[2]))
