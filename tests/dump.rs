//! What a dump says of each routine and of each thread that blocks.

mod support;

use rustroutines::error::JoinError;
use rustroutines::prelude::*;
use rustroutines::runtime::{Dump, RoutineInfo, RoutineState, RustRoutineRuntime, WaitsFor};
use rustroutines::select::Select;
use rustroutines::{io::block_on_io, routine::Builder};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Event, Op, eventually, runtime, within_limit};

const HOUR: Duration = Duration::from_secs(3_600);

/// Where the caller stands, some lines further on.
#[track_caller]
fn line(offset: u32) -> u32 {
    Location::caller().line() + offset
}

fn of(dump: &Dump, id: rustroutines::routine::RoutineId) -> &RoutineInfo {
    dump.routines.iter().find(|routine| routine.id == id).expect("it is alive")
}

/// What the routine waits for, once it does.
fn waits<T>(runtime: &RustRoutineRuntime, handle: &RoutineHandle<T>) -> Vec<WaitsFor> {
    let mut found = Vec::new();
    eventually("it waits", || match &of(&runtime.dump(), handle.id()).state {
        RoutineState::Waiting { on, .. } => {
            found = on.clone();
            true
        }
        _ => false,
    });
    found
}

#[test]
fn each_operation_says_what_it_is_and_where_its_channel_was_made() {
    within_limit(|| {
        let runtime = runtime(2);
        let made = line(1);
        let (tx, rx) = channel::<u32>();
        let (full_tx, full_rx) = bounded_channel(1);
        full_tx.try_send(1).unwrap();
        let (all_tx, all_rx) = broadcast_channel::<u32>(1);

        let handle = runtime.spawn(move || {
            suspend!(move {
                let _ = rx.recv();
            })
        });
        let [WaitsFor::Receiving(channel)] = waits(&runtime, &handle)[..] else { panic!() };
        assert_eq!((channel.created.file(), channel.created.line()), (file!(), made));
        assert_eq!((channel.len, channel.capacity), (0, Some(0)));
        let others = tx.clone();
        let [found @ WaitsFor::Receiving(channel)] = &waits(&runtime, &handle)[..] else { panic!() };
        assert_eq!((channel.senders, channel.receivers), (2, 1));
        assert!(found.to_string().ends_with(", which has 2 senders"), "{found}");
        drop(others);

        let sender = full_tx.clone();
        let sends = runtime.spawn(move || {
            suspend!(move {
                let _ = sender.send(2);
            })
        });
        let [WaitsFor::Sending(channel)] = waits(&runtime, &sends)[..] else { panic!() };
        assert_eq!((channel.created.line(), channel.len, channel.capacity), (made + 1, 1, Some(1)));

        let reserves = runtime.spawn(move || suspend!(move { drop(full_tx.reserve()) }));
        let [found @ WaitsFor::Reserving(_)] = &waits(&runtime, &reserves)[..] else { panic!() };
        assert!(found.to_string().ends_with(", which has 1 receiver"), "{found}");

        let receives = runtime.spawn(move || {
            suspend!(move {
                let _ = all_rx.recv();
            })
        });
        let [WaitsFor::BroadcastReceiving(channel)] = waits(&runtime, &receives)[..] else { panic!() };
        assert_eq!(channel.created.line(), made + 3);

        let begin = Instant::now();
        let sleeps = runtime.spawn(|| sleep(HOUR));
        let [WaitsFor::Sleep(Some(until))] = waits(&runtime, &sleeps)[..] else { panic!() };
        assert!(until >= begin + HOUR && until <= Instant::now() + HOUR);

        let (id, joined) = (handle.id(), handle);
        let joins = runtime.spawn(move || joined.join());
        assert_eq!(waits(&runtime, &joins), [WaitsFor::Join(id.get())]);

        let limited = runtime.spawn(|| timeout(HOUR, || sleep(Duration::MAX)));
        let found = waits(&runtime, &limited);
        assert!(matches!(found[..], [WaitsFor::Sleep(None), WaitsFor::Limit(Some(_))]), "{found:?}");

        let gate = Event::default();
        let inside = gate.clone();
        let calls = runtime.spawn(move || block_on_io(move || inside.block()));
        assert_eq!(waits(&runtime, &calls), [WaitsFor::BlockingCall]);
        gate.set();

        let foreign = runtime.spawn(std::future::pending::<()>);
        assert_eq!(waits(&runtime, &foreign), []);

        drop((tx, full_rx, all_tx));
    });
}

#[test]
fn a_select_says_all_its_cases_and_goes_on_as_it_was() {
    within_limit(|| {
        let runtime = runtime(2);
        let (a_tx, a_rx) = channel::<u32>();
        let (b_tx, b_rx) = bounded_channel::<u32>(1);
        b_tx.try_send(0).unwrap();
        let (out_tx, out) = (b_tx.clone(), b_rx.clone());
        // Only arms that know claims, and, second, one with a limit and one that is polled.
        let pure = runtime.spawn(move || {
            suspend!(move {
                select! {
                    n = a_rx.recv() => n.unwrap(),
                    _ = out_tx.send(7) => 0,
                }
            })
        });
        let found = waits(&runtime, &pure);
        let [WaitsFor::Select(cases)] = &found[..] else { panic!("{found:?}") };
        assert!(matches!(cases[..], [WaitsFor::Receiving(_), WaitsFor::Sending(_)]), "{cases:?}");

        let (c_tx, c_rx) = channel::<u32>();
        let mixed = runtime.spawn(move || {
            suspend!(move {
                select! {
                    n = c_rx.recv() => n.unwrap(),
                    _ = sleep(HOUR) => 1,
                    timeout(HOUR) => 2,
                }
            })
        });
        let found = waits(&runtime, &mixed);
        let [WaitsFor::Select(cases)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(cases.len(), 3, "{cases:?}");
        assert!(cases.iter().any(|case| matches!(case, WaitsFor::Receiving(_))));
        assert!(cases.iter().any(|case| matches!(case, WaitsFor::Sleep(_))));
        assert!(cases.iter().any(|case| matches!(case, WaitsFor::Limit(_))));

        let (d_tx, d_rx) = channel::<u32>();
        let built = runtime.spawn(move || {
            suspend!(move {
                let mut select = Select::new();
                select.recv(&d_rx, |n| n.unwrap());
                let won = select.wait();
                won.value
            })
        });
        assert!(matches!(waits(&runtime, &built)[..], [WaitsFor::Select(_)]));

        a_tx.send(41).block().unwrap();
        c_tx.send(42).block().unwrap();
        d_tx.send(43).block().unwrap();
        assert_eq!(pure.join().block().unwrap(), 41);
        assert_eq!(mixed.join().block().unwrap(), 42);
        assert_eq!(built.join().block().unwrap(), 43);
        assert_eq!(out.try_recv(), Ok(0));
        assert_eq!(out.try_recv(), Err(TryRecvError::Empty), "the losing send delivered nothing");
    });
}

#[test]
fn names_sites_and_states() {
    within_limit(|| {
        let runtime = runtime(2);
        let gate = Event::default();
        let stop = Arc::new(AtomicBool::new(false));
        let (entered, spins) = (gate.clone(), stop.clone());
        let site = line(2);
        let running = Builder::new()
            .spawn_on(&runtime, move || async move {
                entered.set();
                while !spins.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
            })
            .unwrap();
        gate.block();
        let named = Builder::new().name("the named one").spawn_on(&runtime, || sleep(HOUR)).unwrap();
        waits(&runtime, &named);
        let dump = runtime.dump();
        let info = of(&dump, running.id());
        assert!(matches!(info.state, RoutineState::Running), "{info}");
        assert_eq!((info.site.file(), info.site.line(), &info.name), (file!(), site, &None));
        assert_eq!(of(&dump, named.id()).name.as_deref(), Some("the named one"));
        stop.store(true, Ordering::Relaxed);
        let text = dump.to_string();
        assert!(text.starts_with("routines: 2, "), "{text}");
        assert!(text.contains("`the named one`, spawned at tests/dump.rs:"), "{text}");
        assert!(text.contains(": sleeping for 3"), "{text}");
        running.join().block().unwrap();
    });
}

#[test]
fn how_long_it_has_waited_counts_from_its_last_step() {
    within_limit(|| {
        let runtime = runtime(2);
        let (tx, rx) = channel::<()>();
        let handle = runtime.spawn(move || suspend!(move { for () in rx {} }));
        waits(&runtime, &handle);
        let since = || match of(&runtime.dump(), handle.id()).state {
            RoutineState::Waiting { since, .. } => Some(since),
            _ => None,
        };
        // Several dumps do not begin the wait anew.
        eventually("it has waited", || since().is_some_and(|since| since >= Duration::from_millis(100)));
        let before = Instant::now();
        tx.send(()).block().unwrap();
        eventually("it waits again", || {
            since().is_some_and(|now| now <= before.elapsed() + Duration::from_millis(50))
        });
        drop(tx);
        handle.join().block().unwrap();
    });
}

#[test]
fn a_thread_that_blocks_is_shown_with_its_routine() {
    within_limit(|| {
        let runtime = runtime(1);
        let (tx, rx) = channel::<u32>();
        let other = rx.clone();
        let blocks = runtime.spawn(move || async move { rx.recv().block() });
        let thread = std::thread::Builder::new()
            .name("an outsider".into())
            .spawn(move || other.recv().block())
            .unwrap();
        let (mut inside, mut outside) = (false, false);
        eventually("both block", || {
            let dump = runtime.dump();
            assert!(matches!(of(&dump, blocks.id()).state, RoutineState::Running | RoutineState::Queued));
            let recv = |on: &[WaitsFor]| matches!(on, [WaitsFor::Receiving(_)]);
            inside =
                dump.threads.iter().any(|thread| thread.routine == Some(blocks.id()) && recv(&thread.on));
            outside = dump
                .threads
                .iter()
                .any(|thread| thread.name.as_deref() == Some("an outsider") && recv(&thread.on));
            inside && outside
        });
        tx.send(1).block().unwrap();
        tx.send(2).block().unwrap();
        let got = blocks.join().block().unwrap().unwrap() + thread.join().unwrap().unwrap();
        assert_eq!(got, 3);
    });
}

#[test]
fn a_routine_may_dump_its_own_runtime() {
    within_limit(|| {
        for workers in [1, 2] {
            let runtime = Arc::new(runtime(workers));
            let sleeps = runtime.spawn(|| sleep(HOUR));
            waits(&runtime, &sleeps);
            let inside = Arc::downgrade(&runtime);
            let dumper = runtime.spawn(move || async move { inside.upgrade().unwrap().dump() });
            let id = dumper.id();
            let dump = dumper.join().block().unwrap();
            assert!(matches!(of(&dump, id).state, RoutineState::Running));
            let state = &of(&dump, sleeps.id()).state;
            assert!(matches!(state, RoutineState::Waiting { .. }), "{workers} workers: {state}");
        }
    });
}

#[test]
fn one_that_is_stuck_in_a_poll_does_not_hold_the_dump_up_for_ever() {
    within_limit(|| {
        let runtime = runtime(1);
        let stop = Arc::new(AtomicBool::new(false));
        let spins = stop.clone();
        let gate = Event::default();
        let (entered, once) = (gate.clone(), Event::default());
        let parked_first = once.wait();
        let stuck = runtime.spawn(move || async move {
            // It has parked before, so it can be asked.
            entered.set();
            parked_first.await;
            while !spins.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        gate.block();
        eventually("it has parked", || once.waiters() == 1);
        once.set();
        eventually("it spins", || matches!(of(&runtime.dump(), stuck.id()).state, RoutineState::Running));
        stop.store(true, Ordering::Relaxed);
        stuck.join().block().unwrap();
    });
}

#[test]
fn orders_to_end_are_not_lost_to_an_order_to_tell() {
    within_limit(|| {
        let runtime = Arc::new(runtime(2));
        for _ in 0..200 {
            let handles: Vec<_> = (0..20).map(|_| runtime.spawn(|| sleep(HOUR))).collect();
            let dumper = std::thread::spawn({
                let runtime = runtime.clone();
                move || runtime.dump()
            });
            handles.iter().for_each(RoutineHandle::abort);
            for ended in join_all(handles).block() {
                assert!(matches!(ended, Err(JoinError::Aborted)));
            }
            dumper.join().unwrap();
        }
        assert_eq!(runtime.stats().alive, 0);
    });
}

#[test]
fn values_are_neither_lost_nor_reordered_while_someone_dumps() {
    within_limit(|| {
        let runtime = Arc::new(runtime(2));
        let (done, received) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (tx, rx) = bounded_channel(2);
        let (back_tx, back_rx) = channel();
        let producer = runtime.spawn(move || {
            suspend!(move {
                for n in 0..20_000_usize {
                    tx.send(n).unwrap();
                }
            })
        });
        let relay = runtime.spawn(move || {
            suspend!(move {
                for n in rx {
                    select! {
                        sent = back_tx.send(n) => sent.unwrap(),
                        timeout(HOUR) => panic!(),
                    }
                }
            })
        });
        let count = received.clone();
        let consumer = runtime.spawn(move || {
            suspend!(move {
                for n in back_rx {
                    assert_eq!(n, count.fetch_add(1, Ordering::Relaxed));
                }
            })
        });
        let dumper = std::thread::spawn({
            let (runtime, done) = (runtime.clone(), done.clone());
            move || {
                let mut dumps = 0;
                while !done.load(Ordering::Relaxed) {
                    assert!(runtime.dump().routines.len() <= 3);
                    dumps += 1;
                }
                dumps
            }
        });
        producer.join().block().unwrap();
        relay.join().block().unwrap();
        consumer.join().block().unwrap();
        done.store(true, Ordering::Relaxed);
        assert!(dumper.join().unwrap() > 0);
        assert_eq!(received.load(Ordering::Relaxed), 20_000);
    });
}

#[test]
fn a_future_that_counts_its_polls_sees_one_more() {
    within_limit(|| {
        let runtime = runtime(1);
        let polls = Arc::new(AtomicUsize::new(0));
        let counted = polls.clone();
        let handle = runtime.spawn(move || {
            Op::<()>(Box::pin(std::future::poll_fn(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                std::task::Poll::Pending
            })))
        });
        assert_eq!(waits(&runtime, &handle), []);
        let before = polls.load(Ordering::Relaxed);
        runtime.dump();
        assert_eq!(polls.load(Ordering::Relaxed), before + 1);
    });
}
