#![deny(unused_variables, unused_mut, unreachable_code)]
use rustroutines::routine;

#[routine]
fn ignores(used: u32, ignored: u32) -> u32 {
    let mut never_changed = used;
    if never_changed == 1 {
        return 1;
        never_changed;
    }
    let nobody_reads = 2;
    never_changed
}

fn main() {}
