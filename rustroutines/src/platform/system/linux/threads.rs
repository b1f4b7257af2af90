//! Where threads run, and how many there are.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;
use std::io;
use std::path::Path;

/// Has the calling thread run on these processors only; on any, if none is named.
pub(crate) fn stay_on(cpus: &[usize]) -> io::Result<()> {
    if cpus.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    cpus.iter().filter(|&&cpu| cpu < CpuSet::MAX_CPU).for_each(|&cpu| set.set(cpu));
    Ok(sched_setaffinity(None, &set)?)
}

/// The processors that this process may use.
pub(crate) fn allowed_cpus() -> Option<Vec<usize>> {
    let set = sched_getaffinity(None).ok()?;
    Some((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// A file of the description of the machine's memory.
pub(crate) fn node_file(name: &str) -> Option<String> {
    fs::read_to_string(Path::new("/sys/devices/system/node").join(name)).ok()
}

/// How many threads the process has.
pub(crate) fn count() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in parentheses, which may contain anything; the number is the 20th.
    stat.rsplit(')').next()?.split_whitespace().nth(17)?.parse().ok()
}
