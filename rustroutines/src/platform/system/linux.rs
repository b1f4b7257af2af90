//! Linux.

pub(crate) mod cached;
pub(crate) mod child;
pub(crate) mod moving;
pub(crate) mod threads;
