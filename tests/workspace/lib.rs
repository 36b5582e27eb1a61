//! Nothing: the root package exists for `examples/` and `tests/`.
