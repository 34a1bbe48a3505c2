//! A small Runtime API of Lambda, for tests and benches.
