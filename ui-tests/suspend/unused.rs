#![deny(unused_must_use)]
use rustroutines::suspend;

fn main() {
    suspend!({ println!("never printed") });
}
