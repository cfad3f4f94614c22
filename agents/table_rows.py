"""What compiled rules can do with a table: ask for a row, or for a tile.

To a rule, ``firms[i].cash`` is the cash of firm i, whether `firms` is a table or a structured array. This
file speaks to numba about types, as `agents.rows` does; how a table is laid out stands in `agents.tiles`.
"""

import operator
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin, lower_getattr, lower_getattr_generic, lower_setattr_generic
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import NativeValue, intrinsic, models, register_model, unbox
from numba.np.numpy_support import from_dtype

from agents.fetching import BYTES, ask, fetch_row
from agents.rows import member, number_in_tile
from agents.tiles import CACHE_LINE, TILE, column_starts, tile_bytes

_LONG = ir.IntType(64)


class TableType(types.Type):
    """A table of some layout."""

    def __init__(self, layout: np.dtype[Any]) -> None:
        super().__init__(f"Table({np.dtype(layout).descr})")
        self.bytes = tile_bytes(layout)
        self.columns = {
            name: (start, from_dtype(layout[name])) for name, start in column_starts(layout).items()
        }


class TableRowType(types.Type):
    """A row of a table: its tile, and the number of the row there."""

    def __init__(self, table: TableType) -> None:
        super().__init__(f"Row({table})")
        self.table = table

    def pointer(self, context: Any, builder: Any, row: Any, name: str) -> Any:
        """Return where a number of the row lies."""
        parts = cgutils.create_struct_proxy(self)(context, builder, row)
        start, kind = self.table.columns[name]
        return number_in_tile(builder, parts, start, context.get_value_type(kind).as_pointer())


@register_model(TableType)
class _TableModel(models.StructModel):
    def __init__(self, manager: Any, kind: TableType) -> None:
        super().__init__(manager, kind, [("memory", types.voidptr), ("size", types.intp)])


@register_model(TableRowType)
class _TableRowModel(models.StructModel):
    def __init__(self, manager: Any, kind: TableRowType) -> None:
        super().__init__(manager, kind, [("tile", types.voidptr), ("number", types.intp)])


@cache
def table_type(layout: np.dtype[Any]) -> TableType:
    """Return the type of tables of a layout."""
    return TableType(layout)


@unbox(TableType)
def _unbox_table(kind: TableType, table: Any, c: Any) -> NativeValue:
    """Read what Python holds; it keeps the table alive while compiled code works on it."""

    def number(name: str) -> Any:
        attribute = c.pyapi.object_getattr_string(table, name)
        value = c.pyapi.long_as_longlong(attribute)
        c.pyapi.decref(attribute)
        return value

    parts = cgutils.create_struct_proxy(kind)(c.context, c.builder)
    parts.memory = c.builder.inttoptr(number("address"), BYTES)
    parts.size = number("size")
    return NativeValue(parts._getvalue(), is_error=cgutils.is_not_null(c.builder, c.pyapi.err_occurred()))


@infer_getattr
class _TableAttributes(AttributeTemplate):
    key = TableType

    def resolve_size(self, kind: TableType) -> Any:
        return types.intp


@lower_getattr(TableType, "size")
def _size(context: Any, builder: Any, kind: TableType, table: Any) -> Any:
    return cgutils.create_struct_proxy(kind)(context, builder, table).size


@infer_global(operator.getitem)
class _RowOfTable(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        table, number = args
        if isinstance(table, TableType) and isinstance(number, types.Integer):
            return signature(TableRowType(table), table, types.intp)
        return None


@lower_builtin(operator.getitem, TableType, types.Integer)
def _row_of_table(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return _row(context, builder, signature.args[0], *arguments)


def _row(context: Any, builder: Any, kind: TableType, table: Any, number: Any) -> Any:
    parts = cgutils.create_struct_proxy(TableRowType(kind))(context, builder)
    parts.tile = _tile(context, builder, kind, table, builder.udiv(number, _LONG(TILE)))
    parts.number = builder.urem(number, _LONG(TILE))
    return parts._getvalue()


def _tile(context: Any, builder: Any, kind: TableType, table: Any, number: Any) -> Any:
    memory = cgutils.create_struct_proxy(kind)(context, builder, table).memory
    return builder.gep(memory, [builder.mul(number, _LONG(kind.bytes))], inbounds=True)


@intrinsic
def tile_of(typing: Any, table: Any, number: Any) -> Any:
    """Return where the tile of a table with some number begins."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _tile(context, builder, table, *arguments)

    return types.voidptr(table, types.intp), build


@intrinsic
def fetch_ahead(typing: Any, table: Any, number: Any, part: Any) -> Any:
    """Ask for the part of a tile that lies behind a row of it, as far as columns go.

    Memory delivers it while rules are at work on another tile. Asked for at once, a whole tile would keep
    them waiting; a loop over rows that asks for one part with each row does not.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile = _tile(context, builder, table, arguments[0], arguments[1])
        first = builder.gep(tile, [builder.mul(arguments[2], _LONG(CACHE_LINE))])
        for line in range(0, table.bytes, CACHE_LINE * TILE):
            ask(builder, builder.gep(first, [_LONG(line)]))
        return context.get_dummy_value()

    return types.void(table, types.intp, types.intp), build


@intrinsic(prefer_literal=True)
def fetch_number(typing: Any, table: Any, number: Any, name: Any) -> Any:
    """Ask memory for a number of a row that will be needed soon; of an array, for the row."""
    if not isinstance(table, TableType):
        return types.void(table, types.intp, name), fetch_row

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row = _row(context, builder, table, *arguments[:2])
        ask(builder, TableRowType(table).pointer(context, builder, row, name.literal_value))
        return context.get_dummy_value()

    return types.void(table, types.intp, name), build


@infer_getattr
class _RowAttributes(AttributeTemplate):
    key = TableRowType

    def generic_resolve(self, kind: TableRowType, name: str) -> Any:
        return kind.table.columns[name][1] if name in kind.table.columns else None


@lower_getattr_generic(TableRowType)
def _read(context: Any, builder: Any, kind: TableRowType, row: Any, name: str) -> Any:
    return builder.load(kind.pointer(context, builder, row, name))


@lower_setattr_generic(TableRowType)
def _write(context: Any, builder: Any, signature: Any, arguments: Any, name: str) -> None:
    row, value = arguments
    builder.store(value, signature.args[0].pointer(context, builder, row, name))


@intrinsic
def copy_row(typing: Any, target: Any, source: Any) -> Any:
    """Copy all numbers of one row, or record, to another."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        names = (target if isinstance(target, TableRowType) else source).table.columns
        for name in names:
            value = builder.load(_number(context, builder, source, arguments[1], name))
            builder.store(value, _number(context, builder, target, arguments[0], name))
        return context.get_dummy_value()

    return types.void(target, source), build


def _number(context: Any, builder: Any, kind: Any, row: Any, name: str) -> Any:
    if isinstance(kind, TableRowType):
        return kind.pointer(context, builder, row, name)
    return member(context, builder, row, kind, name)
