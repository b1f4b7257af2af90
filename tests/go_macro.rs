//! `go!` in all its forms.

use rustroutines::{Suspend, go, routine};
use std::sync::Arc;

#[routine]
fn add(a: u32, b: u32) -> u32 {
    a + b
}

fn plain_add(a: u32, b: u32) -> u32 {
    a + b
}

struct Server {
    base: u32,
}

impl Server {
    #[routine]
    fn borrow(&self, n: u32) -> u32 {
        add(self.base, n)
    }

    #[routine]
    fn shared(self: Arc<Self>, n: u32) -> u32 {
        self.borrow(n)
    }

    #[routine]
    fn change(&mut self, n: u32) -> u32 {
        self.base += n;
        self.base
    }
}

#[test]
fn calls_of_routines_and_of_plain_functions() {
    assert_eq!(go!(add(1, 2)).join().block().unwrap(), 3);
    assert_eq!(go!(self::add(1, 2)).join().block().unwrap(), 3);
    assert_eq!(go!(plain_add(1, 2)).join().block().unwrap(), 3);
    assert_eq!(go!(add(plain_add(1, 1), 2)).join().block().unwrap(), 4);
}

#[test]
fn arguments_are_evaluated_by_the_caller_at_once() {
    let here = std::thread::current().id();
    let handle = go!(check(std::thread::current().id()));
    assert_eq!(handle.join().block().unwrap(), (here, true));
    #[routine]
    fn check(caller: std::thread::ThreadId) -> (std::thread::ThreadId, bool) {
        (caller, caller != std::thread::current().id())
    }
}

/// Go evaluates a function that is an expression where the `go` stands, too.
#[test]
fn a_function_that_is_computed_is_evaluated_by_the_caller_at_once() {
    struct Job {
        run: fn(u32, u32) -> u32,
    }
    fn choose(asked: &mut u32) -> impl FnMut(u32) -> u32 + use<> {
        *asked += 1;
        let mut sum = *asked;
        move |n| {
            sum += n;
            sum
        }
    }
    let table: Vec<fn(u32, u32) -> u32> = vec![plain_add, |a, b| a * b];
    let handles: Vec<_> = (0..2).map(|i| go!(table[i](3, 4))).collect();
    let outcomes: Vec<_> = handles.into_iter().map(|handle| handle.join().block().unwrap()).collect();
    assert_eq!(outcomes, [7, 12]);

    let (job, mut asked) = (&Job { run: plain_add }, 0);
    let (sum, chosen) = (go!((job.run)(1, 2)), go!(choose(&mut asked)(5)));
    assert_eq!(asked, 1);
    assert_eq!((sum.join().block().unwrap(), chosen.join().block().unwrap()), (3, 6));
}

#[routine]
fn with_text(ask: impl Fn(&str) -> usize + Send) -> usize {
    add(0, 0);
    ask("text")
}

impl Server {
    #[routine]
    fn with_text(&self, plus: usize, ask: impl Fn(&str) -> usize + Send) -> usize {
        with_text(ask) + plus
    }
}

fn length(text: &str) -> usize {
    text.len()
}

#[test]
fn a_closure_among_the_arguments_learns_from_the_call_what_its_parameters_are() {
    let (more, server) = (3, Server { base: 0 });
    assert_eq!(go!(with_text(|s| s.len())).join().block().unwrap(), 4);
    assert_eq!(go!(with_text(|s| length(s) + usize::from(s.is_empty()))).join().block().unwrap(), 4);
    assert_eq!(go!(with_text(move |s| s.len() + more)).join().block().unwrap(), 7);
    assert_eq!(
        go!(server.with_text(more, |s| s.chars().filter(|c| *c == 't').count())).join().block().unwrap(),
        5
    );
}

#[test]
fn methods_with_every_kind_of_receiver() {
    let server = Arc::new(Server { base: 10 });
    assert_eq!(go!(server.clone().borrow(1)).join().block().unwrap(), 11);
    assert_eq!(go!(server.shared(2)).join().block().unwrap(), 12);
    let mine = Server { base: 20 };
    assert_eq!(go!(mine.change(3)).join().block().unwrap(), 23);
}

#[test]
fn closures_and_blocks_are_bodies() {
    let x = 4;
    assert_eq!(go!(move || add(x, 1)).join().block().unwrap(), 5);
    assert_eq!(go!(|| add(1, 1)).join().block().unwrap(), 2);
    assert_eq!(go!({ add(2, 2) + add(1, 1) }).join().block().unwrap(), 6);
    assert_eq!(go!(move { add(x, x) }).join().block().unwrap(), 8);
    let parsed = go!(move || -> Result<u32, std::num::ParseIntError> { Ok("7".parse::<u32>()? + add(x, 0)) });
    assert_eq!(parsed.join().block().unwrap(), Ok(11));
}

#[test]
fn each_form_takes_a_name() {
    let n = 3;
    assert_eq!(go!("adder", add(1, 2)).name(), Some("adder"));
    assert_eq!(go!(format!("adder {n}"), add(1, 2)).name(), Some("adder 3"));
    let name = String::from("mover");
    assert_eq!(go!(name, move || add(n, 2),).name(), Some("mover"));
    assert_eq!(go!("block", { add(1, 2) }).name(), Some("block"));
    assert_eq!(go!("method", Server { base: 1 }.borrow(n)).name(), Some("method"));
}

#[routine]
fn inside(n: u32) -> u32 {
    let handle = go!("inner", add(add(n, 1), 1));
    let more = go!(move { add(n, n) });
    handle.join().unwrap() + more.join().unwrap()
}

#[test]
fn inside_a_routine_the_arguments_suspend_the_caller() {
    assert_eq!(inside(5).block(), 17);
}
