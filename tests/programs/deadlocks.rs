//! Programs that deadlock, and programs that only look like it: `deadlocks NAME` runs one.

use rustroutines::channel::{never, tick};
use rustroutines::prelude::*;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::time::Duration;

/// Long enough for every thread that has nothing to do to fall asleep for good.
const WHILE: Duration = Duration::from_millis(150);

#[routine]
fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    match name.as_str() {
        // Deadlocked.
        "alone" => {
            let (_tx, rx) = channel::<u32>();
            let _ = rx.recv();
        }
        "cycle" => {
            let (a_tx, a_rx) = channel::<u32>();
            let (b_tx, b_rx) = bounded_channel::<u32>(3);
            let one = go!("one", move || {
                a_tx.send(b_rx.recv().unwrap()).unwrap();
            });
            go!("two", move || {
                b_tx.send(a_rx.recv().unwrap()).unwrap();
            });
            one.join().unwrap();
        }
        "select" => {
            let (_tx, rx) = channel::<u32>();
            let nothing = never::<u32>();
            select! {
                _ = rx.recv() => {}
                _ = nothing.recv() => {}
            }
        }
        "after a timer" => {
            let (_tx, rx) = channel::<u32>();
            sleep(WHILE);
            let _ = rx.recv();
        }
        "after a job" => {
            let (tx, rx) = channel::<u32>();
            go!(move || {
                block_on_io(|| std::thread::sleep(WHILE));
                std::future::pending::<()>().await;
                drop(tx);
            });
            let _ = rx.recv();
        }
        "after a job that nobody waits for" => {
            let (_tx, rx) = channel::<u32>();
            let job = go!(move || {
                block_on_io(|| std::thread::sleep(WHILE));
            });
            sleep(WHILE / 3);
            job.abort();
            let _ = rx.recv();
        }
        "after a thread" => {
            let (tx, rx) = channel::<u32>();
            let keep = tx.clone();
            std::thread::spawn(move || {
                std::thread::sleep(WHILE);
                tx.send(1).block().unwrap();
            });
            assert_eq!(rx.recv(), Ok(1));
            let _ = rx.recv();
            drop(keep);
        }
        "with a thread that blocks too" => {
            let (tx, rx) = channel::<u32>();
            let other = rx.clone();
            std::thread::spawn(move || {
                let _ = other.recv().block();
            });
            let _ = rx.recv();
            drop(tx);
        }
        "in a routine that blocks" => {
            let (tx, rx) = channel::<u32>();
            let blocks = go!(move || {
                let plain = || assert!(rx.recv().block().is_ok());
                plain();
            });
            let _ = blocks.join();
            drop(tx);
        }
        "after a poll that took long" => {
            let (tx, rx) = channel::<u32>();
            go!(move || {
                // The worker is relieved meanwhile, and all others fall asleep.
                std::thread::sleep(WHILE);
                std::future::pending::<()>().await;
                drop(tx);
            });
            let _ = rx.recv();
        }
        "in a runtime of its own" => {
            let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
            let handle = runtime.spawn(std::future::pending::<()>);
            let _ = handle.join();
        }

        #[cfg(unix)]
        "signalled" => {
            RustRoutineRuntime::start_global(RuntimeConfig::new().dump_on_signal(3)).unwrap();
            go!("the sleeper", sleep(Duration::from_secs(3_600)));
            println!("ready");
            // Until it is closed; the thread waits for the system, in no operation of ours.
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        }

        // Not deadlocked.
        "a timer" => {
            let (tx, rx) = channel();
            go!(move || {
                sleep(WHILE * 2);
                tx.send(()).unwrap();
            });
            rx.recv().unwrap();
        }
        "ticks" => {
            let ticks = tick(WHILE);
            for _ in 0..3 {
                ticks.recv().unwrap();
            }
        }
        "a thread" => {
            let (tx, rx) = channel();
            std::thread::spawn(move || {
                std::thread::sleep(WHILE * 2);
                tx.send(()).block().unwrap();
            });
            rx.recv().unwrap();
        }
        "a job" => {
            let job = go!(move || {
                block_on_io(|| std::thread::sleep(WHILE * 2));
            });
            job.join().unwrap();
        }
        "a poll that takes long" => {
            let (tx, rx) = channel();
            go!(move || {
                std::thread::sleep(WHILE * 2);
                tx.send(()).unwrap();
            });
            rx.recv().unwrap();
        }
        "a storm" => {
            // Everything falls asleep again and again, woken now by a timer, now by a thread, now by a job.
            let (tx, rx) = bounded_channel(1);
            let (from_thread, through_routine) = (tx.clone(), tx.clone());
            std::thread::spawn(move || {
                for n in 0..100_u64 {
                    std::thread::sleep(Duration::from_micros(n * 400));
                    from_thread.send(()).block().unwrap();
                }
            });
            go!(move || {
                for n in 0..100_u64 {
                    block_on_io(move || std::thread::sleep(Duration::from_micros(n * 317)));
                    through_routine.send(()).unwrap();
                }
            });
            go!(move || {
                for n in 0..100_u64 {
                    sleep(Duration::from_micros(n * 451));
                    tx.send(()).unwrap();
                }
            });
            assert_eq!(rx.iter().count(), 300);
        }
        "handing over" => {
            // Two threads and two routines that do nothing but wake one another.
            let (a_tx, a_rx) = channel();
            let (b_tx, b_rx) = channel();
            let (c_tx, c_rx) = channel();
            go!(move || for n in a_rx {
                b_tx.send(n).unwrap()
            });
            std::thread::spawn(move || b_rx.iter().for_each(|n| c_tx.send(n).block().unwrap()));
            for n in 0..20_000_u32 {
                a_tx.send(n).unwrap();
                assert_eq!(c_rx.recv(), Ok(n));
            }
        }
        "simulated" => rustroutines::testing::check(3, || {
            suspend!({
                sleep(Duration::from_secs(3_600));
                println!("seed {}", rustroutines::testing::seed().unwrap());
            })
        }),
        other => panic!("there is no program `{other}`"),
    }
    println!("the end");
}
