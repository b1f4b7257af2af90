//! The macros, with their documentation. What they expand to is described in `docs/MACROS.md`.

/// Makes a function a routine: its body is written in blocking style and suspends instead of blocking.
///
/// A call of the function returns an *operation* ([`Suspend`](crate::Suspend)). In another routine the
/// call is carried out where it stands; [`go!`](crate::go) starts it beside; `.block()` carries it out in
/// plain code.
///
/// Inside the body each call is looked at by its *type*: where its value is an operation, the routine
/// suspends until that is done. Any other call is left as it is, costs nothing more, and what lives
/// across it need not be `Send`. Closures, `async` blocks and nested items are not part of the body.
///
/// | written                              | means                                                          |
/// |--------------------------------------|----------------------------------------------------------------|
/// | `#[routine]`                         | the operation is `Send`: it may move from thread to thread      |
/// | `#[routine(local)]`                  | it need not be, and stays on the thread that carries it out     |
/// | `#[routine(boxed)]`                  | it stands behind a pointer: for mutual recursion, `dyn` traits  |
/// | `#[routine(blocking)]`               | a plain function, whose operations are carried out by blocking  |
/// | `#[routine] fn main()`               | the same                                                       |
/// | `#[routine]` above `#[test]`         | the same                                                       |
/// | `#[routine(crate = path)]`           | this crate is found by `path` and not by `::rustroutines`       |
///
/// In a body that suspends, `.block()` on a call is an error: leave it out. On an operation that is held in a
/// variable it puts the thread to sleep, as it does in closures, and in plain code.
///
/// It goes on functions and methods, in traits with or without a body, with generics, lifetimes,
/// patterns as parameters and `impl Trait`. A routine that calls itself (`f(…)`, `Self::f(…)`,
/// `self.f(…)`) is boxed there by itself.
///
/// All macros of this crate find it by the name `rustroutines`. Where `Cargo.toml` gives it another, write
/// `extern crate other_name as rustroutines;` in the root of your crate. Or say it of each routine,
/// `#[routine(crate = other_name)]`, which holds for the macros in its body too.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, routine};
///
/// #[routine]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// #[routine]
/// fn sum_of_doubles(numbers: &[u32]) -> u32 {
///     let mut sum = 0;
///     for n in numbers {
///         sum += double(*n); // suspends, if `double` does
///     }
///     sum
/// }
///
/// assert_eq!(sum_of_doubles(&[1, 2, 3]).block(), 12);
/// ```
///
/// A trait whose routines work behind `dyn`:
///
/// ```
/// use rustroutines::{Suspend, routine};
///
/// trait Handler: Send + Sync {
///     #[routine(boxed)]
///     fn handle(&self, request: &str) -> String;
/// }
///
/// struct Echo;
///
/// impl Handler for Echo {
///     #[routine(boxed)]
///     fn handle(&self, request: &str) -> String {
///         request.to_owned()
///     }
/// }
///
/// let handler: &dyn Handler = &Echo;
/// assert_eq!(handler.handle("hello").block(), "hello");
/// ```
#[doc(inline)]
pub use rustroutines_macros::routine;

/// Starts a routine and goes on. The value is a handle; dropping it lets the routine run on.
///
/// | form                                | evaluated here, at once     | run by the routine |
/// |-------------------------------------|-----------------------------|--------------------|
/// | `go!(f(x))`, `go!(path::f(x))`      | the arguments               | the call           |
/// | `go!(table[i](x))`                  | the function, the arguments | the call           |
/// | `go!(object.method(x))`             | the object, the arguments   | the call           |
/// | `go!(move \|\| …)`, `go!(\|\| …)`   |                             | the closure's body |
/// | `go!(move { … })`, `go!({ … })`     |                             | the block          |
///
/// Each form takes a name first, a text of any kind: `go!("crawler", f(x))`, `go!(format!("w{i}"), f(x))`.
/// `f` may be a `#[routine]` or a plain function. What a routine takes along must be `Send + 'static`.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, go, routine};
///
/// #[routine]
/// fn add(a: u32, b: u32) -> u32 {
///     a + b
/// }
///
/// let sum = go!(add(1, 2));
/// let more = go!("more", move || add(3, 4) + 1);
/// assert_eq!(sum.join().block().unwrap(), 3);
/// assert_eq!(more.join().block().unwrap(), 8);
/// ```
///
/// Each form once:
///
/// ```
/// # use rustroutines::{Suspend, go, routine};
/// # #[routine]
/// # fn add(a: u32, b: u32) -> u32 {
/// #     a + b
/// # }
/// # struct Counter(u32);
/// # impl Counter {
/// #     #[routine]
/// #     fn add(&mut self, n: u32) -> u32 {
/// #         self.0 += n;
/// #         self.0
/// #     }
/// # }
/// # let (x, counter) = (1, Counter(1));
/// let routines = [
///     go!(add(x, 1)),
///     go!(counter.add(x)),
///     go!(move || add(x, 1)),
///     go!(|| add(1, 1)),
///     go!(move { add(x, 1) }),
///     go!({ add(1, 1) }),
///     go!("adder", add(x, 1)),
///     go!(format!("adder {x}"), add(x, 1)),
/// ];
/// # for routine in routines { assert_eq!(routine.join().block().unwrap(), 2); }
/// ```
#[doc(inline)]
pub use rustroutines_macros::go;

/// Waits for the first of several operations and acts on it. Exactly one takes effect.
///
/// In a routine it suspends; in plain code it blocks the thread.
///
/// | arm                                   | chosen when                                              |
/// |---------------------------------------|----------------------------------------------------------|
/// | `pattern = operation => body`         | the operation is done; its outcome goes to the pattern   |
/// | `operation => body`                   | the same, and the outcome is dropped                     |
/// | `operation, if condition => body`     | the same; the arm is out of the race where it is `false` |
/// | `default => body`                     | nothing else is ready right now                          |
/// | `timeout(duration) => body`           | nothing else was, for so long                            |
/// | `deadline(instant) => body`           | nothing else was, until then                             |
///
/// Among several that are ready, chance decides; with `biased;` before the arms, the first in source
/// order does. Where every arm is out of the race, and there is neither `default` nor a time limit, it waits
/// for ever. Arms are evaluated in source order, once, before the wait. What has lost is dropped
/// before the body runs. `break`, `continue`, `return` and `?` in a body act on the loop and the function
/// around. All bodies have one type, and a pattern fits every outcome: to look at a `Result`, bind it and
/// `match` it.
///
/// # Cancel safety
/// An operation that has lost is dropped: see each operation's own documentation. Those of this crate's
/// channels lose nothing.
///
/// # Examples
/// ```
/// use rustroutines::suspend::ready;
/// use rustroutines::{routine, select};
/// use std::time::Duration;
///
/// #[routine]
/// fn main() {
///     let answer = select! {
///         n = ready(42) => n,
///         timeout(Duration::from_secs(5)) => 0,
///     };
///     assert_eq!(answer, 42);
/// }
/// ```
///
/// Each kind of arm:
///
/// ```
/// use rustroutines::prelude::*;
///
/// let (tx, rx) = bounded_channel(1);
/// let mut left = 3;
/// loop {
///     select! {
///         biased;
///         sent = tx.send(left), if left > 0 => {
///             sent.unwrap();
///             left -= 1;
///         }
///         msg = rx.recv() => println!("{}", msg.unwrap()),
///         default => break,
///     }
/// }
/// select! {
///     rx.recv() => unreachable!("everything has been received"),
///     timeout(Duration::from_millis(1)) => println!("nothing came"),
/// }
/// let tomorrow = std::time::Instant::now() + Duration::from_secs(86_400);
/// select! {
///     _ = sleep(Duration::from_millis(1)) => println!("good morning"),
///     deadline(tomorrow) => println!("too late"),
/// }
/// ```
#[doc(inline)]
pub use rustroutines_macros::select;

/// Makes an operation of a block, `suspend!({ … })`, or a closure that returns operations,
/// `suspend!(|x| …)`: where a routine is wanted as a value, as a handler is.
///
/// With `move`, the block takes what it names along. A closure's operation always does.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, routine, suspend};
///
/// #[routine]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// let handler = suspend!(|n: u32| double(n) + 1);
/// assert_eq!(handler(1).block(), 3);
///
/// let operation = suspend!({ double(2) + double(3) });
/// assert_eq!(operation.block(), 10);
/// ```
///
/// With `boxed,` before it, the operation stands behind a pointer, and is a
/// [`Boxed`](crate::suspend::Boxed): handlers of one type, and operations that contain their like.
///
/// ```
/// use rustroutines::suspend::{Boxed, ready};
/// use rustroutines::{Suspend, suspend};
/// use std::collections::HashMap;
///
/// type Handler = Box<dyn Fn(u32) -> Boxed<'static, u32> + Send + Sync>;
///
/// let mut handlers: HashMap<&str, Handler> = HashMap::new();
/// handlers.insert("double", Box::new(suspend!(boxed, |n| ready(n) * 2)));
/// handlers.insert("square", Box::new(suspend!(boxed, |n| ready(n) * n)));
/// assert_eq!(handlers["square"](5).block(), 25);
///
/// fn countdown(n: u32) -> Boxed<'static, u32> {
///     suspend!(boxed, move { if n == 0 { 0 } else { countdown(n - 1) + 1 } })
/// }
/// assert_eq!(countdown(3).block(), 3);
/// ```
#[doc(inline)]
pub use rustroutines_macros::suspend;

/// Leaves an expression inside a routine as it is: its calls are not looked at.
///
/// For an operation that is wanted as a value, and for a call whose type the compiler cannot tell
/// before it has seen the rest.
///
/// # Examples
/// ```
/// use rustroutines::{Suspend, plain, routine};
///
/// #[routine]
/// fn one() -> u32 {
///     1
/// }
///
/// #[routine]
/// fn two() -> u32 {
///     let first = plain!(one()); // an operation, not begun yet
///     first.await + one()
/// }
///
/// assert_eq!(two().block(), 2);
/// ```
#[doc(inline)]
pub use rustroutines_macros::plain;
