//! `timeout` and `timeout_at`.

use rustroutines::Suspend;
use rustroutines::error::Timeout;
use rustroutines::io::block_on_io;
use rustroutines::suspend::ready;
use rustroutines::time::{Sleep, sleep, timeout, timeout_at};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(600);

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn never() -> Sleep {
    sleep(Duration::MAX)
}

#[test]
fn it_is_never_early() {
    for n in [0, 1, 3, 10] {
        let begin = Instant::now();
        assert_eq!(timeout(ms(n), never).block(), Err(Timeout));
        assert!(begin.elapsed() >= ms(n));
    }
    let deadline = Instant::now() + ms(3);
    assert_eq!(timeout_at(deadline, never).block(), Err(Timeout));
    assert!(Instant::now() >= deadline);
}

#[test]
fn a_ready_value_beats_an_expired_deadline() {
    let past = Instant::now();
    assert_eq!(timeout_at(past, || ready(1)).block(), Ok(1));
    assert_eq!(timeout(Duration::ZERO, || ready(2)).block(), Ok(2));
}

#[test]
fn a_value_that_comes_in_time_is_delivered() {
    assert_eq!(timeout(LONG, || sleep(ms(2))).block(), Ok(()));
    assert_eq!(timeout(LONG, || block_on_io(|| 3)).block(), Ok(3));
}

#[test]
fn a_maximal_timeout_never_fires() {
    assert_eq!(timeout(Duration::MAX, || sleep(ms(5))).block(), Ok(()));
}

#[test]
fn the_shorter_of_nested_timeouts_fires() {
    let inner = timeout(LONG, || timeout(ms(1), never)).block();
    assert_eq!(inner, Ok(Err(Timeout)));
    let outer = timeout(ms(1), || timeout(LONG, never)).block();
    assert_eq!(outer, Err(Timeout));
}

#[test]
fn the_operation_is_made_at_once_and_dropped_when_the_time_is_up() {
    struct Held(#[expect(dead_code, reason = "held, to count who holds it")] Arc<()>);
    impl Future for Held {
        type Output = ();
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
    impl Suspend for Held {}
    let shared = Arc::new(());
    let operation = timeout(ms(1), || Held(shared.clone()));
    assert_eq!(Arc::strong_count(&shared), 2);
    assert_eq!(operation.block(), Err(Timeout));
    assert_eq!(Arc::strong_count(&shared), 1);
}

#[test]
fn a_timeout_that_races_with_the_value_gives_one_or_the_other() {
    for round in 0..400_u64 {
        let (tell, told) = mpsc::channel();
        let outcome = timeout(ms(1), || {
            block_on_io(move || {
                std::thread::sleep(Duration::from_micros(round * 5));
                // Whether or not anybody waits any more.
                let _ = tell.send(());
                round
            })
        });
        if let Ok(value) = outcome.block() {
            assert_eq!(value, round);
            assert_eq!(told.try_recv(), Ok(()), "it has run to its end");
        }
    }
    assert_eq!(timeout(LONG, || block_on_io(|| 7)).block(), Ok(7), "later ones are as ever");
}
