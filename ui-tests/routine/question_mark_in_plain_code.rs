use rustroutines::routine;

#[routine]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

fn main() -> Result<(), std::num::ParseIntError> {
    let n = parse("1")?;
    println!("{n}");
    Ok(())
}
