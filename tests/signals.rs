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
