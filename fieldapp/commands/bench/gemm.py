"""What this machine's processor can multiply: 8-bit integer and 32-bit float matrix products on one thread, by ONNX Runtime.

The two-operand graph is written by hand in protobuf, because the runtime is installed and the package that writes graphs is not.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6}
SHAPES = ((512, 768, 3072), (1024, 1024, 4096), (256, 768, 768))


def rate(kind: str, seconds: float = 0.6) -> float:
    """The best rate over some shapes, in 10^9 operations a second; `kind` is int8 or float32."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    operator, left, right, out = ("MatMulInteger", "uint8", "int8", "int32") if kind == "int8" else ("MatMul", "float32", "float32", "float32")
    best = 0.0
    for m, k, n in SHAPES:
        weights = np.random.default_rng(0).integers(-100, 100, (k, n)).astype(right)
        session = onnxruntime.InferenceSession(_graph(operator, left, weights, out, (m, k, n)), options, providers=["CPUExecutionProvider"])
        best = max(best, 2 * m * k * n / _quickest(session, np.ones((m, k), left), seconds / len(SHAPES)) / 1e9)
    return best


def _quickest(session: Any, rows: Any, seconds: float) -> float:
    session.run(None, {"a": rows})
    times, end = list[float](), time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        began = time.process_time()
        session.run(None, {"a": rows})
        times.append(time.process_time() - began)
    return min(times)


def _graph(operator: str, left: str, weights: Any, out: str, shape: tuple[int, int, int]) -> bytes:
    """An ONNX model of one operator; the right side is constant, so that the runtime packs it once, as an engine does."""
    m, k, n = shape
    node = _text(1, "a") + _text(1, "b") + _text(2, "y") + _text(4, operator)
    constant = _number(1, k) + _number(1, n) + _number(2, TYPES[str(weights.dtype)]) + _text(8, "b") + _bytes(9, weights.tobytes())
    graph = _bytes(1, node) + _text(2, "g") + _bytes(5, constant) + _bytes(11, _value("a", left, (m, k))) + _bytes(12, _value("y", out, (m, n)))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _number(2, 13))


def _value(name: str, kind: str, shape: tuple[int, int]) -> bytes:
    dimensions = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, TYPES[kind]) + _bytes(2, dimensions)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
