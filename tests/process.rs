//! `process`: other programs, and what they read and write.
#![cfg(unix)]

use rustroutines::io::fs::{self, TempDir};
use rustroutines::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use rustroutines::process::{Child, Command, Stdio};
use rustroutines::runtime::RustRoutineRuntime;
use rustroutines::time::timeout;
use rustroutines::{Suspend, go, plain, routine, select};
use rustroutines_tests::ends;
use std::os::unix::process::ExitStatusExt;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

fn shell(script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    shell
}

/// A program that ends only when it is killed, or when its input ends.
fn waits() -> Command {
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped()).stdout(Stdio::piped());
    cat
}

#[routine]
#[test]
fn a_program_ends_with_a_status() {
    assert!(shell("exit 0").status().unwrap().success());
    assert_eq!(shell("exit 7").status().unwrap().code(), Some(7));
    assert_eq!(Command::new("no such program").status().unwrap_err().kind(), ErrorKind::NotFound);
}

#[routine]
#[test]
fn what_it_writes_is_read() {
    let output = shell("echo out; echo err >&2; exit 3").output().unwrap();
    assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], &b"err\n"[..]));
    assert_eq!(output.status.code(), Some(3));
    let mut with = shell("echo $A $B; pwd");
    with.env("A", "1").envs([("B", "2")]).current_dir("/");
    assert_eq!(with.output().unwrap().stdout, b"1 2\n/\n");
}

#[routine]
#[test]
fn nothing_runs_before_it_is_asked_for() {
    let dir = TempDir::new().unwrap();
    let mut command = shell("touch trace");
    command.current_dir(dir.path());
    drop(plain!(command.status()));
    assert!(!fs::exists(dir.path().join("trace")).unwrap());
    assert!(command.status().unwrap().success());
    assert!(fs::exists(dir.path().join("trace")).unwrap());
}

#[routine]
#[test]
fn much_on_both_streams_at_once_does_not_lock_up() {
    let script =
        "i=0; while [ $i -lt 300 ]; do i=$((i+1)); head -c 1000 /dev/zero; head -c 1000 /dev/zero >&2; done";
    let output = shell(script).output().unwrap();
    assert_eq!((output.stdout.len(), output.stderr.len()), (300_000, 300_000));
}

#[test]
fn a_conversation() {
    ends(|| {
        let conversation = go!(|| {
            let mut child = waits().spawn()?;
            let mut to = child.stdin.take().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            for n in 0..100 {
                to.write_all(format!("{n}\n").as_bytes())?;
                assert_eq!(lines.next().unwrap()?, n.to_string());
            }
            assert!(child.try_wait()?.is_none());
            to.close()?;
            assert_eq!(to.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(lines.next().is_none());
            let status = child.wait()?;
            assert_eq!(child.try_wait()?, Some(status));
            assert_eq!(child.wait()?, status, "it can be asked again");
            io::Result::Ok(status.success())
        });
        assert!(conversation.join().block().unwrap().unwrap());
    });
}

#[test]
fn more_than_a_pipe_holds_goes_through_both_ways() {
    ends(|| {
        let mut child = waits().spawn().unwrap();
        let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let sent: Vec<u8> = (0..1_000_000).map(|n| (n % 251) as u8).collect();
        let all = sent.clone();
        let writer = go!(move || {
            to.write_all(&all)?;
            to.close()
        });
        let mut received = Vec::new();
        from.read_to_end(&mut received).block().unwrap();
        writer.join().block().unwrap().unwrap();
        assert!(received == sent);
        assert!(child.wait().block().unwrap().success());
    });
}

#[test]
fn one_program_reads_what_another_writes() {
    let mut first = shell("echo one; echo two").stdout(Stdio::piped()).spawn().unwrap();
    let pipe = first.stdout.take().unwrap().into_stdio().unwrap();
    let output = Command::new("cat").stdin(pipe).output().block().unwrap();
    assert_eq!(output.stdout, b"one\ntwo\n");
    assert!(first.wait().block().unwrap().success());
}

#[test]
fn a_program_is_killed() {
    ends(|| {
        let mut child = waits().spawn().unwrap();
        // So that waiting does not end it.
        let held = child.stdin.take();
        assert!(timeout(Duration::from_millis(1), || child.wait()).block().is_err());
        child.kill().unwrap();
        assert_eq!(child.wait().block().unwrap().signal(), Some(9));
        child.kill().unwrap();
        drop(held);
    });
}

#[test]
fn waiting_ends_the_input_of_the_child() {
    ends(|| {
        let mut child = waits().spawn().unwrap();
        assert!(child.wait().block().unwrap().success());
    });
}

#[test]
fn a_wait_that_is_dropped_loses_nothing() {
    ends(|| {
        let mut child = shell("read line; exit 5").stdin(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        for _ in 0..3 {
            let mut waiting = child.wait();
            assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        to.write_all(b"go\n").block().unwrap();
        assert_eq!(child.wait().block().unwrap().code(), Some(5));
    });
}

#[routine]
fn hold(child: Child) {
    let mut child = child;
    let _ = child.wait();
}

#[test]
fn an_abort_kills_what_is_to_be_killed() {
    ends(|| {
        let mut child = waits().kill_on_drop(true).spawn().unwrap();
        let (held, mut from) = (child.stdin.take(), child.stdout.take().unwrap());
        let pid = child.id();
        let routine = go!(hold(child));
        routine.abort();
        assert!(routine.join().block().is_err());
        // The end comes when the child is gone, since `held` keeps its input open.
        assert_eq!(from.read_to_end(&mut Vec::new()).block().unwrap(), 0);
        drop(held);
        // And somebody takes note of its end: no entry is left.
        if cfg!(target_os = "linux") {
            while std::fs::exists(format!("/proc/{pid}")).unwrap() {
                std::thread::yield_now();
            }
        }
    });
}

#[test]
fn writing_to_a_program_that_has_ended_is_an_error() {
    for _ in 0..20 {
        let mut child = shell("exec <&-; read x; exit 0").stdin(Stdio::piped()).spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        child.wait().block().unwrap();
        assert_eq!(to.write(b"x").block().unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn many_programs_at_once_and_no_thread_waits_for_them() {
    ends(|| {
        const MANY: usize = 40;
        let routines: Vec<_> = (0..MANY)
            .map(|n| go!(move || shell(&format!("read x; exit {n}")).stdin(Stdio::piped()).spawn()))
            .collect();
        let mut children: Vec<_> =
            routines.into_iter().map(|routine| routine.join().block().unwrap().unwrap()).collect();
        let runtime = RustRoutineRuntime::global();
        let inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
        let waiting: Vec<_> = children.into_iter().map(|mut child| go!(move || child.wait())).collect();
        if cfg!(target_os = "linux") {
            assert!(runtime.stats().blocking_threads < MANY as u64 / 2);
        }
        drop(inputs);
        for (n, waiting) in waiting.into_iter().enumerate() {
            assert_eq!(waiting.join().block().unwrap().unwrap().code(), Some(n as i32));
        }
    });
}

#[test]
fn a_child_is_an_arm_of_a_select() {
    ends(|| {
        let first = go!(|| {
            let (mut slow, mut fast) = (waits().spawn().unwrap(), shell("exit 4").spawn().unwrap());
            let held = slow.stdin.take();
            let code = select! {
                status = slow.wait() => status.unwrap().code(),
                status = fast.wait() => status.unwrap().code(),
            };
            drop(held);
            slow.wait().unwrap();
            code
        });
        assert_eq!(first.join().block().unwrap(), Some(4));
    });
}
