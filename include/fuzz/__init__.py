"""A coverage-guided fuzzer for everything that parses what councils send. See docs/reliability.md."""
