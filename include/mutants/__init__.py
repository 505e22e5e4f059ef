"""Mutation tests of the modules that decide what counts: is every decision held by a test?"""
