use rustroutines::routine;

#[routine]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[routine]
fn print(text: &str) {
    println!("{}", parse(text)?);
}

fn main() {}
