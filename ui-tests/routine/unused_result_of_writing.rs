#![deny(unused_must_use)]
use rustroutines::io::Write;
use rustroutines::routine;

#[routine]
fn forgets(to: &mut (impl Write + Unpin + Send)) {
    writeln!(to, "a line");
}

#[routine(blocking)]
fn forgets_by_blocking(to: &mut (impl Write + Unpin + Send)) {
    writeln!(to, "a line");
}

fn plain(to: &mut (impl Write + Unpin + Send)) {
    writeln!(to, "a line");
}

fn main() {}
