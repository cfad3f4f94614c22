"""What compiled rules can be given in the place of a record.

To a rule, ``firm.cash`` is the cash of a firm whatever holds it: a record, or a row of a tile and of a block
(`agents.blocks`), where numbers of the same kind lie side by side. `fixed` is a record that does not
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

from agents.tiles import column_starts

_LONG = ir.IntType(64)
_POINTER = types.CPointer(types.float64)  # type: ignore[attr-defined]  # not in its stubs


class RowType(types.Type):
    """A row of a block, or of a tile of a table and of a block together.

    Parameters
    ----------
    name
        Sets this kind of row apart from others.
    columns
        Where in a block each column starts, counted in numbers of eight bytes.
    layout
        The numbers by name; whole numbers are kept in eight bytes.
    tile
        The layout of the table whose tiles hold the other numbers; whole numbers are made eight bytes long
        when they are read.
    """

    def __init__(
        self,
        name: str,
        columns: Mapping[str, int],
        layout: Mapping[str, np.dtype[Any]],
        tile: np.dtype[Any] | None = None,
    ) -> None:
        super().__init__(f"Row({name})")
        self.columns = columns
        self.in_tile = {} if tile is None else column_starts(tile)
        self.stored = {name: _eight_bytes(kind) for name, kind in layout.items()}
        self.stored |= {name: from_dtype(tile[name]) for name in self.in_tile if tile is not None}
        self.numbers = {name: types.int64 if kind in _NARROW else kind for name, kind in self.stored.items()}
        self.parts = sorted({"block", *map(self.where, self.in_tile)})

    def pointer(self, context: Any, builder: Any, row: Any, name: str) -> Any:
        """Return where a number of the row lies."""
        parts = cgutils.create_struct_proxy(self)(context, builder, row)
        stored = context.get_value_type(self.stored[name]).as_pointer()
        if name in self.in_tile:
            return number_in_tile(builder, parts, self.in_tile[name], stored)
        start = ir.Constant(parts.number.type, self.columns[name])
        at = builder.add(parts.number, start, flags=("nuw", "nsw"))
        return builder.bitcast(builder.gep(parts.memory, [at], inbounds=True), stored)

    def where(self, name: str) -> str:
        """Return the part of memory that a number lies in."""
        if name not in self.in_tile:
            return "block"
        size = self.stored[name].bitwidth // 8
        return name if size == 1 else f"tile of {size}"


_NARROW = (types.int8, types.int16, types.int32)


def _eight_bytes(kind: np.dtype[Any]) -> Any:
    return types.int64 if kind.kind == "i" else from_dtype(kind)


@register_model(RowType)
class _RowModel(models.StructModel):
    def __init__(self, manager: Any, kind: RowType) -> None:
        members = [("tile", types.voidptr), ("memory", _POINTER), ("number", types.intp)]
        super().__init__(manager, kind, members)


@infer_getattr
class _RowAttributes(AttributeTemplate):
    key = RowType

    def generic_resolve(self, kind: RowType, name: str) -> Any:
        return kind.numbers.get(name)


@lower_getattr_generic(RowType)
def _read(context: Any, builder: Any, kind: RowType, row: Any, name: str) -> Any:
    value = builder.load(kind.pointer(context, builder, row, name))
    _tell_apart(builder, value, kind, name)
    return context.cast(builder, value, kind.stored[name], kind.numbers[name])


@lower_setattr_generic(RowType)
def _write(context: Any, builder: Any, signature: Any, arguments: Any, name: str) -> None:
    kind, (row, value) = signature.args[0], arguments
    value = context.cast(builder, value, kind.numbers[name], kind.stored[name])
    stored = builder.store(value, kind.pointer(context, builder, row, name))
    _tell_apart(builder, stored, kind, name)


def _tell_apart(builder: Any, instruction: Any, kind: RowType, name: str) -> None:
    """Let the compiler know that what lies in one part of memory does not lie in another.

    It does several rows at once only where it is sure of that.
    """
    module = builder.module
    domain = module.add_metadata([ir.MetaDataString(module, "rows")])
    scopes = {part: module.add_metadata([ir.MetaDataString(module, part), domain]) for part in kind.parts}
    others = [scope for part, scope in scopes.items() if part != kind.where(name)]
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[kind.where(name)]]))
    instruction.set_metadata("noalias", module.add_metadata(others))


def rows_of(kind: RowType) -> Any:
    """Return the function of rules that gives the row of a block (float64[...]) with some number."""

    @intrinsic
    def row(typing: Any, block: Any, number: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _row(context, builder, kind, signature.args, (None, *arguments))

        return kind(block, types.intp), build

    return row


def rows_with_tiles(kind: RowType) -> Any:
    """Return the function of rules that gives the row of a tile and a block with some number."""

    @intrinsic
    def row(typing: Any, tile: Any, block: Any, number: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _row(context, builder, kind, signature.args[1:], arguments)

        return kind(types.voidptr, block, types.intp), build

    return row


def _row(context: Any, builder: Any, kind: RowType, arguments: Any, values: Any) -> Any:
    tile, block, number = values
    parts = cgutils.create_struct_proxy(kind)(context, builder)
    if tile is not None:
        parts.tile = tile
    parts.memory = context.make_array(arguments[0])(context, builder, block).data
    parts.number = number
    return parts._getvalue()


def number_in_tile(builder: Any, row: Any, start: int, stored: Any) -> Any:
    """Return where a number of a row lies, as a pointer `stored`; its column begins at byte `start`."""
    column = builder.gep(row.tile, [_LONG(start)], inbounds=True)
    return builder.gep(builder.bitcast(column, stored), [row.number], inbounds=True)


def member(context: Any, builder: Any, pointer: Any, record: Any, name: str) -> Any:
    """Return where a number of a record lies."""
    kind = context.get_value_type(record.typeof(name))
    return cgutils.get_record_member(builder, pointer, record.offset(name), kind)


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
    if isinstance(record, FixedType):
        return record(record), lambda context, builder, signature, arguments: arguments[0]
    kind = FixedType(record)

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = cgutils.create_struct_proxy(kind)(context, builder)
        for name in kind.numbers:
            setattr(values, name, builder.load(member(context, builder, arguments[0], record, name)))
        return values._getvalue()

    return kind(record), build
