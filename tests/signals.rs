//! Signals as receivers. Each test uses signals of its own: they are the whole process's.
#![cfg(unix)]

use rustix::process::{getpid, kill_process};
use rustroutines::prelude::*;
use rustroutines::signal::{self, Signal};
use rustroutines_tests::ends;

fn send(signal: Signal) {
    let signal = rustix::process::Signal::from_named_raw(signal.as_raw()).expect("it has a name");
    kill_process(getpid(), signal).unwrap();
}

#[test]
fn a_signal_reaches_all_who_asked_for_it_and_nobody_else() {
    #[routine]
    fn test() {
        let user = signal::notify([Signal::USER_1]).unwrap();
        let also = signal::notify([Signal::USER_1, Signal::CONTINUE]).unwrap();
        let other = signal::notify([Signal::CONTINUE]).unwrap();
        send(Signal::USER_1);
        assert_eq!(user.recv(), Ok(Signal::USER_1));
        assert_eq!(also.recv(), Ok(Signal::USER_1));
        assert!(other.try_recv().is_err());
        drop(user);
        send(Signal::USER_1);
        assert_eq!(also.recv(), Ok(Signal::USER_1), "one that is gone disturbs nobody");
    }
    ends(|| spawn(test).join().block().unwrap());
}

#[test]
fn a_signal_is_an_arm_of_a_select() {
    #[routine]
    fn test() {
        let stop = signal::notify([Signal::TERMINATE]).unwrap();
        let nothing = never::<()>();
        let sender = go!(|| {
            sleep(Duration::from_millis(1));
            send(Signal::TERMINATE);
        });
        select! {
            signal = stop.recv() => assert_eq!(signal, Ok(Signal::TERMINATE)),
            _ = nothing.recv() => unreachable!(),
        }
        sender.join().unwrap();
    }
    ends(|| spawn(test).join().block().unwrap());
}

#[test]
fn who_does_not_listen_holds_nobody_up() {
    ends(|| {
        let slow = signal::notify([Signal::HANGUP]).unwrap();
        let quick = signal::notify([Signal::HANGUP]).unwrap();
        for _ in 0..100 {
            send(Signal::HANGUP);
            assert_eq!(quick.recv().block(), Ok(Signal::HANGUP));
        }
        assert_eq!(slow.try_iter().count(), 16);
    });
}

#[test]
fn what_nobody_can_wait_for_is_refused() {
    for number in [0, -1, 4, 9, 11, 19, 10_000] {
        assert!(signal::notify([Signal::from_raw(number)]).is_err(), "{number}");
    }
    assert!(signal::notify([]).is_ok(), "nothing at all is nothing special");
    assert_eq!(format!("{:?} {}", Signal::HANGUP, Signal::from_raw(50)), "SIGHUP Signal(50)");
}

#[test]
fn a_signal_that_is_reset_reaches_nobody_and_may_be_asked_for_again() {
    ends(|| {
        // The system does nothing with it by itself.
        let mixed = signal::notify([Signal::WINDOW_CHANGE, Signal::USER_2]).unwrap();
        let only = signal::notify([Signal::WINDOW_CHANGE]).unwrap();
        signal::reset([Signal::WINDOW_CHANGE]);
        assert!(only.recv().block().is_err(), "no signal is left for it");
        send(Signal::WINDOW_CHANGE);
        send(Signal::USER_2);
        assert_eq!(mixed.recv().block(), Ok(Signal::USER_2));
        let again = signal::notify([Signal::WINDOW_CHANGE]).unwrap();
        send(Signal::WINDOW_CHANGE);
        assert_eq!(again.recv().block(), Ok(Signal::WINDOW_CHANGE));
        assert!(mixed.try_recv().is_err());
    });
}

/// What a process that sends itself two orders to end comes to.
fn ending(name: &str) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_deadlocks")).arg(name).output().unwrap()
}

#[test]
fn a_signal_ends_the_process_after_a_reset_and_not_before() {
    use std::os::unix::process::ExitStatusExt;
    let handled = ending("ordered to end twice");
    assert!(handled.status.success(), "{handled:?}");
    let reset = ending("ordered to end twice, with a reset in between");
    assert_eq!(reset.status.signal(), Some(Signal::TERMINATE.as_raw()), "{reset:?}");
}
