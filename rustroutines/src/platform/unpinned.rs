//! Machines of which we do not know how their processors lie, nor how to stay on one.

use std::io;

/// Has the calling thread run on these processors only: not here.
pub(crate) fn stay_on(cpus: &[usize]) -> io::Result<()> {
    if cpus.is_empty() { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

/// The processors that this process may use.
pub(crate) fn allowed_cpus() -> Option<Vec<usize>> {
    None
}

/// A file of the description of the machine's memory.
pub(crate) fn node_file(_: &str) -> Option<String> {
    None
}
