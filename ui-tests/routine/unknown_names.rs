use rustroutines::routine;

struct Point {
    x: u32,
}

#[routine]
fn unknown(point: Point) -> u32 {
    missing(point.x);
    point.norm()
}

fn main() {}
