# ruff: noqa: A005 - a part of the package `tests`, in the way of no library
