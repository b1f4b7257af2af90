//! What unsafe code would give: twins of the library's hot paths as one would write them by hand, to be measured
//! beside it (`cargo bench -p rustroutines-benches --bench unsafe_floor`).
//!
//! The library forbids unsafe code. Where a figure is behind, this says how much of that the rule costs: these twins
//! do less than the library does (no select, no deadlines, no reports, no permits), so that what is
//! measured is a floor, and not what a library would reach. They are sound all the same.
//!
//! - [`channel`]: a queue under a lock that spins, and pointers to the operations that wait.
//! - [`task`]: a task in one allocation, with as few atomic steps as there can be.

pub mod channel;
pub mod task;
