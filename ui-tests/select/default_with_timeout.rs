use rustroutines::select;
use std::time::Duration;

fn main() {
    select! {
        timeout(Duration::from_secs(1)) => 1,
        default => 2,
    };
}
