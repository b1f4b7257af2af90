use rustroutines::{go, routine};

#[routine]
fn work(n: u32) -> Result<u32, ()> {
    Ok(n)
}

fn main() {
    go!(work);
    go!(work(1).await);
    go!(work(1)?);
    go!(println!("working"));
    go!(for n in 0..3 {
        drop(n);
    });
    go!(name = "worker", work(1));
}
