use rustroutines::select;
use std::time::{Duration, Instant};

fn main() {
    select! {
        timeout(Duration::from_secs(1)) => 1,
        deadline(Instant::now()) => 2,
    };
}
