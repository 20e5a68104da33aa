"""The figures Phonotheque must reach, each beside its peers on the same machine: `make bench`.

A module of figures defines `rows(scale)`, which measures and yields `Row`s; `bench.__main__` lists
the modules. Figures are CPU seconds, ratios, bytes and counts: on a shared machine, seconds by the
clock are none.
"""
