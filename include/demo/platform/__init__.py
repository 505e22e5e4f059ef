"""A stand-in for the performance platform's data store: the same write and read API, over one PostgreSQL table.

Source of the contract: the write and read API of the platform's open-source data store ("Backdrop", 2018).
"""
