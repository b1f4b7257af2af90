use rustroutines::go;

fn main() {
    let numbers = vec![1, 2, 3];
    let handle = go!(|| numbers.len());
    let count = 1;
    let other = go!(|| count + 1);
    drop((handle, other));
}
