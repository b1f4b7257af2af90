//! A whole runtime under the randomised checker: workers, monitor, spares, timers and shutdown.

use super::*;
use crate::Suspend;
use crate::channel::{bounded_channel, channel};
use crate::error::{JoinError, RecvTimeoutError};
use crate::platform::atomic::{AtomicUsize, Ordering};
use crate::platform::explore;
use crate::platform::random::below;
use crate::routine::yield_now;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize as Count;

/// A runtime with so many workers and two spares.
fn runtime(workers: usize) -> RustRoutineRuntime {
    let config = RuntimeConfig::new().workers(workers).max_threads(workers + 2).thread_name("model");
    RustRoutineRuntime::with_config(config).unwrap()
}

/// Counts its drops, without being a step of the program.
#[derive(Debug, Clone)]
struct Counted(Arc<Count>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Any number of workers, messages over two channels: every routine ends, and every message arrives.
#[test]
fn routines_that_pass_messages_all_end() {
    explore(1_500, || {
        let runtime = runtime(1 + below(2));
        let (to, from) = bounded_channel(below(2));
        let (done, ends) = channel();
        for n in 0..2 {
            let to = to.clone();
            runtime.spawn(move || async move {
                to.send(2 * n).await.unwrap();
                if n == 0 {
                    yield_now().await;
                }
                to.send(2 * n + 1).await.unwrap();
            });
        }
        drop(to);
        for _ in 0..2 {
            let (from, done) = (from.clone(), done.clone());
            runtime.spawn(move || async move {
                while let Ok(n) = from.recv().await {
                    done.send(n).await.unwrap();
                }
            });
        }
        drop((from, done));
        let mut all: Vec<u32> = ends.iter().collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3]);
        assert!(runtime.shutdown(Duration::MAX).stragglers.is_empty());
    });
}

/// Routines that block their threads, each for a thing that another does: the places are handed on, to new threads at
/// first, and then to those that wait for one. These stay for ever: nothing but a place wakes them.
#[test]
fn routines_that_block_hand_their_place_on() {
    explore(1_500, || {
        let config = RuntimeConfig::new().workers(1).max_threads(3).keep_alive(Duration::MAX);
        let runtime = RustRoutineRuntime::with_config(config.thread_name("model")).unwrap();
        for _ in 0..2 {
            let (to, from) = channel();
            let (back, answers) = channel();
            let blocks = runtime.spawn(move || async move {
                let question = plain(|| from.recv().block()).unwrap();
                plain(|| back.send(question + 1).block()).unwrap();
            });
            let asks = runtime.spawn(move || async move {
                to.send(1).await.unwrap();
                answers.recv().await.unwrap()
            });
            assert_eq!(asks.join().block().unwrap(), 2);
            blocks.join().block().unwrap();
        }
        runtime.shutdown(Duration::MAX);
    });
}

/// Plain code inside a routine.
fn plain<R>(code: impl FnOnce() -> R) -> R {
    code()
}

/// Aborts and panics at any moment: each joiner hears one outcome, and what the routine held is dropped.
#[test]
fn whatever_ends_a_routine_its_joiner_hears_of_it_and_nothing_lives_on() {
    explore(1_500, || {
        let drops = Arc::new(Count::new(0));
        let runtime = runtime(1 + below(2));
        let (tx, rx) = channel::<Counted>();
        let waits = runtime.spawn({
            let (rx, held) = (rx.clone(), Counted(drops.clone()));
            move || async move {
                let _held = held;
                rx.recv().await.map(drop).is_ok()
            }
        });
        let sends = runtime.spawn({
            let value = Counted(drops.clone());
            move || async move { tx.send(value).await.map_err(drop).is_ok() }
        });
        let panics = runtime.spawn({
            let held = Counted(drops.clone());
            move || async move {
                let _held = held;
                yield_now().await;
                // Not `panic!`: its message is no business of this model's.
                std::panic::resume_unwind(Box::new("expected"));
            }
        });
        let victim = below(3);
        if victim > 0 {
            if victim == 1 { waits.abort() } else { sends.abort() }
        }
        // So that whoever is left alone hears of it.
        drop(rx);
        let outcome = |ended: Result<bool, JoinError>| match ended {
            Ok(met) => Some(met),
            Err(error) => {
                assert!(matches!(error, JoinError::Aborted), "{error:?}");
                None
            }
        };
        let sent = match victim {
            1 => {
                let _ = outcome(waits.join().block());
                outcome(sends.join().block());
                None
            }
            _ => {
                let sent = outcome(sends.join().block());
                let received = outcome(waits.join().block());
                Some((sent, received))
            }
        };
        if let Some((Some(sent), received)) = sent {
            assert_eq!(Some(sent), received, "a value was sent to nobody, or came from nobody");
        }
        assert!(panics.join().block().is_err());
        runtime.shutdown(Duration::MAX);
        assert_eq!(drops.load(Ordering::Relaxed), 3);
    });
}

/// An abort that comes at any moment ends who waits for what never comes.
#[test]
fn an_abort_ends_who_waits_for_ever() {
    explore(1_500, || {
        let drops = Arc::new(Count::new(0));
        let runtime = runtime(1 + below(2));
        let held = Counted(drops.clone());
        let waits = runtime.spawn(move || async move {
            let _held = held;
            yield_now().await;
            std::future::pending::<()>().await;
        });
        waits.abort();
        assert!(matches!(waits.join().block(), Err(JoinError::Aborted)));
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        runtime.shutdown(Duration::MAX);
    });
}

/// A routine that a shutdown did not wait for any longer, because it was stuck in a poll, ends when that does: there is
/// nobody left but its own thread to drop it.
#[test]
fn who_was_stuck_in_a_shutdown_ends_after_it() {
    explore(1_500, || {
        let drops = Arc::new(Count::new(0));
        let runtime = runtime(1 + below(2));
        let (release, released) = bounded_channel(1);
        let held = Counted(drops.clone());
        let stuck = runtime.spawn(move || async move {
            let _held = held;
            plain(|| released.recv().block()).unwrap();
            std::future::pending::<()>().await;
        });
        runtime.shutdown(Duration::ZERO);
        // Where it had not begun, there is nobody to receive it.
        let _ = release.try_send(());
        assert!(stuck.join().block().is_err());
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

/// A shutdown that comes at any moment, while a thread outside wakes a routine, or does not: every routine ends or is
/// dropped, and whoever is not told so is reported.
#[test]
fn a_shutdown_at_any_moment_leaves_nothing() {
    explore(1_500, || {
        let drops = Arc::new(Count::new(0));
        let runtime = runtime(1 + below(2));
        let (tx, rx) = bounded_channel::<u32>(1);
        let mut spawned = 0;
        let mut handles = Vec::new();
        for kind in 0..1 + below(3) {
            let (tx, rx, held) = (tx.clone(), rx.clone(), Counted(drops.clone()));
            spawned += 1;
            handles.push(runtime.spawn(move || async move {
                let _held = held;
                match kind {
                    0 => drop(rx.recv().await),
                    1 => drop(tx.send(1).await),
                    _ => yield_now().await,
                }
            }));
        }
        // Or nobody wakes it but the shutdown.
        let comes = below(2) == 0;
        let wakes = ::shuttle::thread::spawn(move || {
            if comes {
                let _ = tx.try_send(2);
            }
        });
        let time = if below(2) == 0 { Duration::ZERO } else { Duration::from_millis(2) };
        runtime.shutdown(time);
        wakes.join().unwrap();
        for handle in handles {
            let _ = handle.join().block();
        }
        assert_eq!(drops.load(Ordering::Relaxed), spawned);
    });
}

/// A timeout races the value that it waits for: one of them wins, and the value is somewhere.
#[test]
fn a_timeout_races_a_send_and_the_value_is_not_lost() {
    explore(1_500, || {
        let runtime = runtime(1 + below(2));
        let (tx, rx) = bounded_channel(below(2));
        let late = Arc::new(AtomicUsize::new(0));
        let receives = runtime.spawn({
            let (rx, late) = (rx.clone(), late.clone());
            move || async move {
                loop {
                    match rx.recv_timeout(Duration::from_millis(5)).await {
                        Ok(value) => return value,
                        Err(RecvTimeoutError::Timeout) => drop(late.fetch_add(1, Ordering::Relaxed)),
                        Err(RecvTimeoutError::Closed) => unreachable!("it is open"),
                    }
                }
            }
        });
        runtime.spawn(move || async move { tx.send(7).await.unwrap() });
        assert_eq!(receives.join().block().unwrap(), 7);
        assert!(rx.try_recv().is_err(), "it came once");
        runtime.shutdown(Duration::MAX);
    });
}

/// A select between a timeout of its own and a routine that sends.
#[test]
fn a_select_with_a_timeout_takes_what_comes_or_leaves_it() {
    explore(1_500, || {
        let runtime = runtime(1);
        let (tx, rx) = channel();
        let (_open, never) = channel::<u32>();
        let selects = runtime.spawn(move || async move {
            let mut select = crate::select::Select::new();
            select.recv(&rx, |received| received.ok());
            select.recv(&never, |received| received.ok());
            select.timeout(Duration::from_millis(1), || None);
            let first = select.wait().await.value;
            let ended = Pin::new(&mut select.wait()).await.value;
            (first, ended)
        });
        let sends = runtime.spawn(move || async move { tx.send_timeout(7, Duration::from_millis(1)).await });
        let (first, second) = selects.join().block().unwrap();
        let sent = sends.join().block().unwrap().is_ok();
        assert_eq!(first.is_some() || second.is_some(), sent, "{first:?} {second:?}");
        runtime.shutdown(Duration::MAX);
    });
}
