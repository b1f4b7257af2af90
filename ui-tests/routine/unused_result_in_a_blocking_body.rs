#![deny(unused_must_use)]
use rustroutines::routine;

struct Store(Vec<u32>);

impl Store {
    #[routine]
    fn shelf(&self, n: usize) -> &Store {
        let _ = n;
        self
    }

    #[routine]
    fn save(&self, n: u32) -> Result<(), String> {
        if self.0.contains(&n) { Err(format!("{n} is there")) } else { Ok(()) }
    }
}

#[routine]
fn open(name: &str) -> Result<Store, String> {
    Err(name.to_owned())
}

fn main() {}

#[routine(blocking)]
fn save_all(store: &Store) {
    store.shelf(1).save(2);
    open("shelf");
}
