//! The benchmarks lie beside this file: `cargo bench -p rustroutines-benches --bench NAME`.
//! A package needs a library or a program, and this is it.

#![forbid(unsafe_code)]
