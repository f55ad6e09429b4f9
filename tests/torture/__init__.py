"""Attacks on the program: what must not break, tried many times. docs/torture.md says what each of them does."""
