//! What the macros say when they are misused: one file for each diagnostic under `routine/`, `go/` and
//! `select/`, with the expected text beside it. `ui.rs` runs them.
