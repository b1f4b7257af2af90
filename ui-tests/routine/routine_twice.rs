use rustroutines::routine;

#[routine]
#[routine(local)]
fn twice() {}

fn main() {
    drop(twice());
}
