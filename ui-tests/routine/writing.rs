use rustroutines::io::{self, Write};
use rustroutines::{Suspend, routine};

struct Failed;

#[routine]
fn blocks(to: &mut (impl Write + Unpin + Send)) -> io::Result<()> {
    writeln!(to, "a line").block()
}

#[routine]
fn fails_otherwise(to: &mut (impl Write + Unpin + Send)) -> Result<(), Failed> {
    writeln!(to, "a line")?;
    Ok(())
}

#[routine]
fn returns_nothing(to: &mut (impl Write + Unpin + Send)) {
    writeln!(to, "a line")
}

fn number() -> u32 {
    1
}

#[routine]
fn writes_to_a_number() -> io::Result<()> {
    writeln!(number(), "a line")
}

fn main() {}
