use rustroutines::select;

fn main() {
    select! {
        n = 1 + 1 => println!("{n}"),
    }
}
