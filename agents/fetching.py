"""Asking memory for what will be needed soon.

A loop that goes from row to row in no order waits for memory at each, unless it asks some rows ahead. This
file speaks to numba about types, as `agents.rows` does.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_TO_READ, _SECOND_CACHE, _DATA = 0, 2, 1
"""What `llvm.prefetch` is asked for."""
BYTES = ir.IntType(8).as_pointer()


def ask(builder: Any, where: Any) -> None:
    """Let compiled code ask for the line of the cache at a pointer."""
    flag = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [BYTES, flag, flag, flag])
    prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    kinds = flag(_TO_READ), flag(_SECOND_CACHE), flag(_DATA)
    builder.call(prefetch, [builder.bitcast(where, BYTES), *kinds])


def fetch_row(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Let compiled code ask for the row of an array, the first two of the `arguments`."""
    parts = context.make_array(signature.args[0])(context, builder, arguments[0])
    stride = builder.extract_value(parts.strides, 0)
    start = builder.bitcast(parts.data, BYTES)
    ask(builder, builder.gep(start, [builder.mul(arguments[1], stride)]))
    return context.get_dummy_value()


@intrinsic
def fetch(typing: Any, array: Any, number: Any) -> Any:
    """Ask memory for the row of an array that will be needed soon; no row need be there."""
    return types.void(array, types.intp), fetch_row
