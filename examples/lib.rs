//! The examples lie beside this file, one program each; `cargo run --release --example NAME` runs one.
//! A package needs a library or a program, and this is it.

#![forbid(unsafe_code)]
