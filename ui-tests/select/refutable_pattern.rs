use rustroutines::select;
use rustroutines::suspend::ready;

enum Shape {
    Round,
    Square,
}

fn main() {
    select! { Ok(n) = ready("1".parse::<u32>()) => println!("{n}") }
    select! { (1, n) = ready((1, 2)) => println!("{n}") }
    select! { Shape::Round = ready(Shape::Square) => {} }
}
