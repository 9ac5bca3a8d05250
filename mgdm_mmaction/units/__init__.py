"""Semantic units of a set of actions (ASU): the file `mgdm-units`, its reader, writer, builder."""

from .format import KINDS, Unit, UnitsFile, packaged_units, read_units, write_units

__all__ = ['KINDS', 'Unit', 'UnitsFile', 'packaged_units', 'read_units', 'write_units']
