//! What is carried out where it stands, what is left alone, and what may live across it.

use rustroutines::{Suspend, routine};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[routine]
fn double(x: u64) -> u64 {
    x * 2
}

fn plain(x: u64) -> u64 {
    x + 1
}

#[routine]
fn nested() -> u64 {
    double(double(plain(1)))
}

#[test]
fn calls_inside_calls_are_carried_out_inside_first() {
    assert_eq!(nested().block(), 8);
}

#[routine]
fn guards_live_across_plain_calls() -> u64 {
    let lock = Mutex::new(5);
    let sum = {
        let guard = lock.lock().unwrap();
        let shared = Rc::new(plain(*guard));
        plain(*shared) + plain(*guard)
    };
    double(sum)
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_guard_and_an_rc_live_across_plain_calls_of_a_send_routine() {
    assert_eq!(is_send(guards_live_across_plain_calls()).block(), 26);
}

#[routine]
fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

#[test]
fn a_routine_calls_itself() {
    assert_eq!(is_send(factorial(10)).block(), 3_628_800);
}

#[routine]
fn never_returns(text: &str) -> ! {
    panic!("{text}")
}

#[routine]
fn choose(ok: bool) -> u64 {
    if ok { 1 } else { never_returns("chosen") }
}

#[test]
fn a_routine_that_never_returns_has_any_type() {
    assert_eq!(choose(true).block(), 1);
    assert!(std::panic::catch_unwind(|| choose(false).block()).is_err());
}

#[routine]
fn main() -> Result<(), std::num::ParseIntError> {
    let n: u64 = "21".parse()?;
    assert_eq!(double(n), 42);
    Ok(())
}

#[test]
fn main_blocks() {
    assert_eq!(main(), Ok(()));
}

#[routine]
#[test]
fn a_test_blocks() {
    assert_eq!(double(4), 8);
    let mut sum = 0;
    for i in [1, 2, 3] {
        sum += double(i);
    }
    for i in vec![1, 2, 3] {
        sum += double(i);
    }
    assert_eq!(sum, 24);
}

#[routine]
fn loops() -> u64 {
    let mut sum = 0;
    'outer: for i in [1, 2, 3].iter() {
        for j in (0..10).map(|x| x + 1).collect::<Vec<u64>>() {
            if j == 3 {
                continue 'outer;
            }
            if *i == 3 {
                break 'outer;
            }
            sum += double(j + i);
        }
    }
    sum
}

#[test]
fn loops_work() {
    assert_eq!(loops().block(), 2 * (2 + 3 + 3 + 4));
}

fn gives_up(code: u32) -> ! {
    panic!("gave up with {code}")
}

#[routine]
fn gives_up_or_not(n: u32) -> u32 {
    if n == 7 {
        gives_up(1);
    }
    match n {
        8 => gives_up(2),
        _ => n,
    }
}

#[test]
fn plain_functions_that_never_return_need_no_table() {
    assert_eq!(gives_up_or_not(1).block(), 1);
    assert!(std::panic::catch_unwind(|| gives_up_or_not(7).block()).is_err());
    assert!(std::panic::catch_unwind(|| gives_up_or_not(8).block()).is_err());
}

/// An operation of a known size.
struct Big([u8; 4096]);

impl Future for Big {
    type Output = u8;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<u8> {
        std::task::Poll::Ready(self.0[0])
    }
}

impl Suspend for Big {}

fn big() -> Big {
    Big([1; 4096])
}

#[routine]
fn one_level() -> u8 {
    big() + big()
}

#[routine]
fn two_levels() -> u8 {
    one_level() + one_level()
}

#[test]
fn a_routine_stores_one_operation_at_a_time_and_that_once() {
    assert!(size_of_val(&one_level()) < 4096 + 64, "{}", size_of_val(&one_level()));
    assert!(size_of_val(&two_levels()) < 4096 + 128, "{}", size_of_val(&two_levels()));
    assert_eq!(two_levels().block(), 4);
}

#[routine]
fn keeps(array: [u8; 4096]) -> u8 {
    double(1);
    array[0]
}

#[test]
fn a_parameter_is_stored_once() {
    assert!(size_of_val(&keeps([0; 4096])) < 4096 + 256, "{}", size_of_val(&keeps([0; 4096])));
    assert_eq!(keeps([3; 4096]).block(), 3);
}

trait Make {
    fn make(n: u32) -> Self;
}

impl Make for u64 {
    fn make(n: u32) -> u64 {
        n.into()
    }
}

impl Make for String {
    fn make(n: u32) -> String {
        n.to_string()
    }
}

fn make<T: Make>(n: u32) -> T {
    T::make(n)
}

#[routine]
fn makes_at_the_end(n: u32) -> String {
    let wanted: u64 = make(n);
    let carried_out: u64 = double(wanted);
    if carried_out > 4 {
        return Make::make(n + 1);
    }
    match carried_out {
        2 => Make::make(7),
        _ => make(n),
    }
}

#[routine]
fn makes_inside(n: u32) -> Result<Option<u64>, String> {
    if n == 0 {
        return Err(make(n));
    }
    if n == 1 { Ok(Some(make(n))) } else { Ok(Some(double(3))) }
}

#[test]
fn so_does_one_inside_a_result_or_an_option() {
    assert_eq!(makes_inside(0).block(), Err("0".to_owned()));
    assert_eq!(makes_inside(1).block(), Ok(Some(1)));
    assert_eq!(makes_inside(2).block(), Ok(Some(6)));
}

#[test]
fn a_written_type_tells_what_a_generic_call_returns() {
    assert_eq!(makes_at_the_end(1).block(), "7");
    assert_eq!(makes_at_the_end(2).block(), "2");
    assert_eq!(makes_at_the_end(3).block(), "4");
}

#[routine]
#[allow(clippy::async_yields_async)]
fn returns_an_operation() -> rustroutines::suspend::Ready<u32> {
    rustroutines::suspend::ready(5)
}

#[test]
fn an_operation_that_is_wanted_as_such_is_left_as_it_is() {
    assert_eq!(returns_an_operation().block().block(), 5);
}

#[routine]
fn only_plain_calls(a: u64, b: u64) -> u64 {
    let local = [plain(a); 128];
    let sum = plain(local[3]) + plain(b);
    plain(sum)
}

#[routine]
fn one_live_local(a: u8) -> u64 {
    let live = [a; 1000];
    let sum = {
        let gone = [a; 3000];
        plain(gone.iter().map(|n| u64::from(*n)).sum())
    };
    double(sum) + u64::from(live[7])
}

#[test]
fn a_state_machine_holds_its_parameters_and_what_lives_across_a_suspension() {
    // Nothing suspends: the two parameters, and the state.
    assert!(size_of_val(&only_plain_calls(1, 2)) <= 3 * 8, "{}", size_of_val(&only_plain_calls(1, 2)));
    // One array of two, the operation that is carried out, and a little.
    let size = 1000 + size_of_val(&double(1));
    assert!(size_of_val(&one_live_local(1)) <= size + 32, "{}", size_of_val(&one_live_local(1)));
    assert_eq!(only_plain_calls(1, 2).block(), 7);
    assert_eq!(one_live_local(1).block(), 6003);
}

struct Countdown(u64);

impl rustroutines::suspend::SuspendIterator for Countdown {
    type Item = u64;
    type Next<'a> = rustroutines::suspend::Ready<Option<u64>>;

    fn next(&mut self) -> Self::Next<'_> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        rustroutines::suspend::ready(left)
    }
}

impl rustroutines::suspend::IntoSuspendIterator for Countdown {
    type Item = u64;
    type Iter = Self;

    fn into_suspend_iter(self) -> Self {
        self
    }
}

#[routine(blocking)]
fn blocks_for_each_item() -> u64 {
    let mut sum = 0;
    'all: for n in Countdown(5) {
        for m in [n, 1] {
            match m {
                3 => continue 'all,
                0 => break 'all,
                m => sum += double(m),
            }
        }
    }
    sum
}

#[test]
fn a_blocking_loop_waits_for_each_item() {
    assert_eq!(blocks_for_each_item(), 2 * (4 + 1 + 2 + 1 + 1 + 1));
}

type Words<'a> = std::str::SplitTerminator<'a, fn(char) -> bool>;

// A function where its place wants a pointer, inside another type.
struct Parts<'a> {
    lines: std::slice::Split<'a, u8, fn(&u8) -> bool>,
    words: Option<Words<'a>>,
}

#[routine]
fn splits(text: &str) -> Parts<'_> {
    fn ends_line(byte: &u8) -> bool {
        *byte == b'\n'
    }
    let _ = double(1);
    Parts { lines: text.as_bytes().split(ends_line), words: Some(text.split_terminator(char::is_whitespace)) }
}

#[routine(blocking)]
fn splits_words(text: &str) -> std::str::Split<'_, fn(char) -> bool> {
    double(1);
    text.split(char::is_whitespace)
}

#[test]
fn a_function_becomes_a_pointer_where_its_place_wants_one() {
    let parts = splits("a b\nc").block();
    assert_eq!(parts.lines.count(), 2);
    assert_eq!(parts.words.map(Iterator::count), Some(3));
    assert_eq!(splits_words("a b\nc").count(), 3);
}

#[routine]
fn leaves_a_type_open(numbers: &mut [u8; 2]) -> Result<u64, String> {
    let doubled: Result<_, _> = checked(2);
    let halved: Result<_, String> = checked(1);
    let start: *const _ = numbers.as_mut_ptr();
    let _ = start.is_null();
    Ok(doubled? + halved?)
}

#[routine]
fn checked(n: u64) -> Result<u64, String> {
    Ok(double(n))
}

#[test]
fn what_a_written_type_leaves_open_is_settled_by_the_value() {
    #[routine(blocking)]
    fn blocks() -> Result<u64, String> {
        let doubled: Result<_, String> = checked(3);
        doubled
    }
    assert_eq!(leaves_a_type_open(&mut [1, 2]).block(), Ok(6));
    assert_eq!(blocks(), Ok(6));
}

/// A module of the user's that is called as one of the standard library's.
mod core {
    use super::{Conn, double, routine};

    #[routine]
    pub(crate) fn twice(x: u64) -> u64 {
        double(x)
    }

    pub(crate) mod mem {
        pub(crate) use super::twice;
    }

    #[routine]
    pub(crate) fn by_paths(x: u64) -> u64 {
        self::mem::twice(super::core::twice(crate::core::twice(x)))
    }

    impl Conn {
        #[routine]
        pub(crate) fn from_ref(it: &Self) -> &Self {
            it
        }

        #[routine]
        pub(crate) fn answer(text: &str) -> Result<u64, std::num::ParseIntError> {
            text.parse()
        }
    }
}

struct Conn;

/// Nothing else stands in each of these, so that a call which is not seen leaves a body that is not read.
#[routine]
fn alone(x: u64) -> u64 {
    crate::core::twice(x)
}

#[routine]
fn alone_by_a_short_path(x: u64) -> u64 {
    core::twice(x)
}

#[routine]
fn alone_with_a_name_of_the_standard_librarys(it: &Conn) -> &Conn {
    Conn::from_ref(it)
}

#[test]
fn what_is_the_users_own_is_carried_out_whatever_its_module_is_called() {
    assert_eq!(alone(3).block(), 6);
    assert_eq!(alone_by_a_short_path(3).block(), 6);
    assert_eq!(core::by_paths(3).block(), 24);
    let Conn = alone_with_a_name_of_the_standard_librarys(&Conn).block();
}

#[routine]
fn of_type<T: Default + Send>(value: Option<T>) -> T {
    value.unwrap_or_default()
}

#[routine]
fn nested_angles() -> Vec<Option<u8>> {
    of_type::<Vec<Option<u8>>>(None)
}

#[routine]
fn nested_angles_unused(size: &AtomicUsize) {
    store_size::<Option<Vec<u8>>>(size);
}

#[routine]
fn store_size<T>(size: &AtomicUsize) {
    size.store(size_of::<T>(), Ordering::Relaxed);
}

#[test]
fn a_call_behind_nested_angle_brackets_is_carried_out() {
    assert_eq!(nested_angles().block(), []);
    let size = AtomicUsize::new(0);
    nested_angles_unused(&size).block();
    assert_eq!(size.into_inner(), size_of::<Option<Vec<u8>>>());
}

#[routine]
fn of_an_error(text: &str) -> Result<(), u64> {
    Err(Conn::answer(text).unwrap_or_default())
}

#[routine]
fn of_an_error_or_an_error(text: &str) -> Result<Result<(), u64>, std::num::ParseIntError> {
    Ok(Err(Conn::answer(text)?))
}

#[test]
fn what_an_error_is_made_of_is_carried_out() {
    assert_eq!(of_an_error("7").block(), Err(7));
    assert_eq!(of_an_error_or_an_error("7").block(), Ok(Err(7)));
    assert!(of_an_error_or_an_error("seven").block().is_err());
}

/// Says that it was carried out.
impl Conn {
    #[routine]
    fn note(count: &AtomicUsize) -> bool {
        count.fetch_add(1, Ordering::Relaxed) > 0
    }
}

#[routine]
fn of_an_error_in_a_block(count: &AtomicUsize) -> Result<(), u64> {
    if count.load(Ordering::Relaxed) == 0 {
        return Err({
            Conn::note(count);
            1
        });
    }
    if count.load(Ordering::Relaxed) == 1 {
        return Err(if Conn::note(count) { 2 } else { 0 });
    }
    Err(match Conn::note(count) {
        again if again && Conn::note(count) => 3,
        _ => 0,
    })
}

#[test]
fn what_stands_in_a_block_inside_an_error_is_carried_out() {
    let count = AtomicUsize::new(0);
    for (error, counted) in [(1, 1), (2, 2), (3, 4)] {
        assert_eq!(of_an_error_in_a_block(&count).block(), Err(error));
        assert_eq!(count.load(Ordering::Relaxed), counted);
    }
}
