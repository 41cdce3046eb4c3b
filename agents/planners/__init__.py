"""Planners: linear programs over many days, solved with HiGHS."""
