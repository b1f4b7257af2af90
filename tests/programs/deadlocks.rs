//! Programs that deadlock, and programs that only look like it: `deadlocks NAME` runs one.

use rustroutines::channel::{never, tick};
use rustroutines::error::{JoinError, RuntimeError, SpawnError};
use rustroutines::io::net::{TcpListener, TcpStream, UdpSocket};
use rustroutines::io::prelude::*;
use rustroutines::prelude::*;
#[cfg(unix)]
use rustroutines::process::Command;
use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
use std::time::Duration;

/// Long enough for every thread that has nothing to do to fall asleep for good.
const WHILE: Duration = Duration::from_millis(150);

/// Sends something through a connection, of which nothing is left then.
#[routine]
fn talk() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = go!(move || {
        TcpStream::connect(address).unwrap().write_all(b"hello").unwrap();
    });
    let (mut server, _) = listener.accept().unwrap();
    let mut text = String::new();
    server.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    client.join().unwrap();
}

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

        "after a socket" => {
            let (tx, rx) = channel::<u32>();
            talk();
            let _ = rx.recv();
            drop(tx);
        }
        "after a socket that a routine waited at" => {
            let (tx, rx) = channel::<u32>();
            let waits = go!(move || {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                let _ = socket.recv_from(&mut [0; 8]);
                drop(tx);
            });
            sleep(WHILE);
            waits.abort();
            let _ = waits.join();
            let _ = never::<u32>().recv();
            drop(rx);
        }
        "after a socket that went while all slept" => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            // Every worker has fallen asleep by then, one of them at the queue.
            std::thread::sleep(WHILE);
            drop(socket);
            let (_tx, rx) = channel::<u32>();
            let _ = rx.recv();
        }
        "after a socket of another runtime" => {
            let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(2)).unwrap();
            let (tx, rx) = channel::<u32>();
            runtime.spawn(|| suspend!({ talk() })).join().unwrap();
            let _ = rx.recv();
            drop(tx);
        }
        #[cfg(unix)]
        "after a child" => {
            let (_tx, rx) = channel::<u32>();
            assert!(Command::new("true").status().unwrap().success());
            let _ = rx.recv();
        }

        // Where the system refuses every thread.
        "without threads" => {
            for _ in 0..2 {
                let refused = go!(sleep(Duration::ZERO)).join();
                assert!(matches!(refused, Err(JoinError::NotSpawned(SpawnError::NoThread))), "{refused:?}");
            }
            assert!(matches!(plain!(RustRoutineRuntime::try_global()), Err(RuntimeError::Thread(_))));
            // What needs none of its threads needs no runtime.
            let (tx, rx) = bounded_channel(1);
            tx.send(7).unwrap();
            assert_eq!(rx.recv(), Ok(7));
            let panicked = std::panic::catch_unwind(|| sleep(WHILE).block()).unwrap_err();
            let text = panicked.downcast_ref::<String>().unwrap();
            assert!(text.starts_with("the global runtime could not be started: could not start"), "{text}");
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
        "a socket" => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let client = std::thread::spawn(move || {
                std::thread::sleep(WHILE * 2);
                std::net::TcpStream::connect(address).unwrap()
            });
            listener.accept().unwrap();
            client.join().unwrap();
        }
        "a socket that comes when all sleep" => {
            // From a thread that is not ours, which is in no operation of ours meanwhile.
            let (tx, rx) = channel();
            std::thread::spawn(move || {
                std::thread::sleep(WHILE);
                let socket = UdpSocket::bind("127.0.0.1:0").block().unwrap();
                let address = socket.local_addr().unwrap();
                std::thread::spawn(move || {
                    std::thread::sleep(WHILE);
                    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"ho", address).unwrap();
                });
                tx.send(socket.recv_from(&mut [0; 8]).block().unwrap().0).block().unwrap();
            });
            assert_eq!(rx.recv(), Ok(2));
        }
        "sockets that come and go" => {
            for _ in 0..200 {
                talk();
            }
        }
        #[cfg(unix)]
        "a child" => {
            assert!(Command::new("sleep").arg("0.3").status().unwrap().success());
        }
        #[cfg(unix)]
        "a signal" => {
            let signals = rustroutines::signal::notify([rustroutines::signal::Signal::USER_1]).unwrap();
            let pid = std::process::id();
            let script = format!("(sleep 0.3; kill -USR1 {pid}) & ");
            assert!(std::process::Command::new("sh").args(["-c", &script]).status().unwrap().success());
            signals.recv().unwrap();
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
