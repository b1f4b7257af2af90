use rustroutines::routine;

struct Job;

#[routine]
impl Job {
    fn run(&self) {}
}

fn main() {
    Job.run();
}
