"""What compiled rules can be given in the place of a record.

To a rule, ``firm.cash`` is the cash of a firm whatever holds it: a record of the population, or a row of a
block (`agents.blocks`), where numbers of the same kind lie side by side. `fixed` is a record that does not
change while a loop runs. Both let the compiler work on several firms at once. This file speaks to numba about
types; what the columns are stands in `agents.blocks`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_getattr_generic, lower_setattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, models, register_model
from numba.np.numpy_support import from_dtype

_LONG = ir.IntType(64)
_POINTER = types.CPointer(types.float64)  # type: ignore[attr-defined]  # not in its stubs
_CACHE_LINE = 64
_TO_WRITE, _KEEP, _DATA = 1, 3, 1
"""What `llvm.prefetch` is asked for."""


class RowType(types.Type):
    """A row of a block: memory, and the number of the row.

    Parameters
    ----------
    name
        Sets this kind of row apart from others.
    columns
        Where each column starts, counted in numbers of eight bytes.
    layout
        The numbers by name; whole numbers are kept in eight bytes too.
    """

    def __init__(self, name: str, columns: Mapping[str, int], layout: Mapping[str, np.dtype[Any]]) -> None:
        super().__init__(f"Row({name})")
        self.columns = columns
        self.numbers = {
            name: types.int64 if kind.kind == "i" else from_dtype(kind) for name, kind in layout.items()
        }

    def pointer(self, context: Any, builder: Any, row: Any, name: str) -> Any:
        """Return where a number of the row lies."""
        parts = cgutils.create_struct_proxy(self)(context, builder, row)
        start = ir.Constant(parts.number.type, self.columns[name])
        at = builder.add(parts.number, start, flags=("nuw", "nsw"))
        place = builder.gep(parts.memory, [at], inbounds=True)
        return builder.bitcast(place, context.get_value_type(self.numbers[name]).as_pointer())


@register_model(RowType)
class _RowModel(models.StructModel):
    def __init__(self, manager: Any, kind: RowType) -> None:
        members = [("memory", _POINTER), ("number", types.intp)]
        super().__init__(manager, kind, members)


@infer_getattr
class _RowAttributes(AttributeTemplate):
    key = RowType

    def generic_resolve(self, kind: RowType, name: str) -> Any:
        return kind.numbers.get(name)


@lower_getattr_generic(RowType)
def _read(context: Any, builder: Any, kind: RowType, row: Any, name: str) -> Any:
    return builder.load(kind.pointer(context, builder, row, name))


@lower_setattr_generic(RowType)
def _write(context: Any, builder: Any, signature: Any, arguments: Any, name: str) -> None:
    row, value = arguments
    builder.store(value, signature.args[0].pointer(context, builder, row, name))


def rows_of(kind: RowType) -> Any:
    """Return the function of rules that gives the row of a block (float64[...]) with some number."""

    @intrinsic
    def row(typing: Any, block: Any, number: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            parts = cgutils.create_struct_proxy(kind)(context, builder)
            parts.memory = context.make_array(block)(context, builder, arguments[0]).data
            parts.number = context.cast(builder, arguments[1], number, types.intp)
            return parts._getvalue()

        return kind(block, number), build

    return row


def taking(*names: str) -> Any:
    """Return the function of rules that copies some numbers of a record to a row."""
    return _copying(names, from_record=True)


def putting_back(*names: str) -> Any:
    """Return the function of rules that copies some numbers of a row to a record."""
    return _copying(names, from_record=False)


def _copying(names: tuple[str, ...], from_record: bool) -> Any:
    @intrinsic
    def copy(typing: Any, row: Any, record: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            for name in names:
                here, there = row.numbers[name], record.typeof(name)
                column = row.pointer(context, builder, arguments[0], name)
                member = _member(context, builder, arguments[1], record, name)
                if from_record:
                    builder.store(context.cast(builder, builder.load(member), there, here), column)
                else:
                    builder.store(context.cast(builder, builder.load(column), here, there), member)
            return context.get_dummy_value()

        return types.void(row, record), build

    return copy


def _member(context: Any, builder: Any, pointer: Any, record: Any, name: str) -> Any:
    kind = context.get_value_type(record.typeof(name))
    return cgutils.get_record_member(builder, pointer, record.offset(name), kind)


@intrinsic
def fetch(typing: Any, records: Any, number: Any) -> Any:
    """Ask for a record that is needed soon, so that memory delivers it while rules are at work on others."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        memory = context.make_array(records)(context, builder, arguments[0]).data
        size = records.dtype.size
        first = builder.mul(context.cast(builder, arguments[1], number, types.intp), _LONG(size))
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for line in range(0, size, _CACHE_LINE):
            place = builder.gep(builder.bitcast(memory, byte), [builder.add(first, _LONG(line))])
            builder.call(prefetch, [place, flag(_TO_WRITE), flag(_KEEP), flag(_DATA)])
        return context.get_dummy_value()

    return types.void(records, number), build


class FixedType(types.Type):
    """The numbers of a record, read once."""

    def __init__(self, record: Any) -> None:
        super().__init__(f"Fixed({record})")
        self.record = record
        self.numbers = {
            name: field.type for name, field in record.fields.items() if isinstance(field.type, types.Number)
        }


@register_model(FixedType)
class _FixedModel(models.StructModel):
    def __init__(self, manager: Any, kind: FixedType) -> None:
        super().__init__(manager, kind, list(kind.numbers.items()))


@infer_getattr
class _FixedAttributes(AttributeTemplate):
    key = FixedType

    def generic_resolve(self, kind: FixedType, name: str) -> Any:
        return kind.numbers.get(name)


@lower_getattr_generic(FixedType)
def _read_fixed(context: Any, builder: Any, kind: FixedType, value: Any, name: str) -> Any:
    return getattr(cgutils.create_struct_proxy(kind)(context, builder, value), name)


@intrinsic
def fixed(typing: Any, record: Any) -> Any:
    """Return the numbers of a record as they are now, for a loop in which nothing changes them.

    What is written to memory inside the loop could otherwise, for all the compiler knows, be the record.
    """
    kind = FixedType(record)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = cgutils.create_struct_proxy(kind)(context, builder)
        for name in kind.numbers:
            setattr(values, name, builder.load(_member(context, builder, arguments[0], record, name)))
        return values._getvalue()

    return kind(record), build
