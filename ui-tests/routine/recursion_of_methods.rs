use rustroutines::routine;

struct Tree {
    left: Option<Box<Tree>>,
}

impl Tree {
    #[routine]
    fn depth(&self) -> u32 {
        match &self.left {
            Some(left) => left.depth() + 1,
            None => 0,
        }
    }
}

fn main() {}
