//! The standard streams: this program starts itself again, and speaks with that.

use rustroutines::io::{self, BufRead, Read, Write};
use rustroutines::process::{Command, Stdio};
use rustroutines::time::timeout;
use rustroutines::{Suspend, go, routine};
use rustroutines_tests::ends;
use std::time::Duration;

/// Says which part this program has.
const PART: &str = "RUSTROUTINES_TEST_PART";

/// This program once more, as that part.
fn again(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_other_part", "--nocapture"]).env(PART, part);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the other part does. The test harness writes some lines of its own.
#[routine]
#[test]
fn the_other_part() {
    match std::env::var(PART).as_deref() {
        Ok("echo") => {
            let mut out = io::stdout();
            for line in io::stdin().lines() {
                out.write_all(format!("<{}>\n", line.unwrap()).as_bytes()).unwrap();
                out.flush().unwrap();
            }
            io::stderr().write_all(b"<over>\n").unwrap();
        }
        Ok("late") => {
            // Waits for what is not there yet, gives up, and reads it by another handle.
            let mut first = io::stdin();
            let mut byte = [0; 1];
            assert!(timeout(Duration::from_millis(5), || first.read(&mut byte)).is_err());
            let waiting = go!(|| {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text)?;
                io::Result::Ok(text)
            });
            io::stdout().write_all(b"<ready>\n").unwrap();
            drop(first);
            let text = waiting.join().unwrap().unwrap();
            io::stdout().write_all(format!("<{text}>\n").as_bytes()).unwrap();
        }
        Ok("much") => {
            let count = io::copy(&mut io::stdin(), &mut io::stdout()).unwrap();
            io::stderr().write_all(format!("<{count}>\n").as_bytes()).unwrap();
        }
        _ => {}
    }
}

#[test]
fn lines_come_and_go() {
    ends(|| {
        let mut child = again("echo").spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let mut lines = io::BufReader::new(child.stdout.take().unwrap()).lines();
        for word in ["one", "two", "three"] {
            to.write_all(format!("{word}\n").as_bytes()).block().unwrap();
            let expected = format!("<{word}>");
            assert!(lines.any(|line| line.unwrap().ends_with(&expected)), "the answer comes at once");
        }
        drop(to);
        let output = child.wait_with_output().block().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8(output.stderr).unwrap().contains("<over>"));
    });
}

#[test]
fn what_comes_after_a_timeout_goes_to_the_next() {
    ends(|| {
        let mut child = again("late").spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let mut lines = io::BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().ends_with("<ready>")));
        to.write_all(b"at last").block().unwrap();
        drop(to);
        assert!(lines.any(|line| line.unwrap().ends_with("<at last>")));
        assert!(child.wait().block().unwrap().success());
    });
}

#[test]
fn much_goes_through() {
    ends(|| {
        let mut child = again("much").spawn().unwrap();
        let mut to = child.stdin.take().unwrap();
        let writer = go!(move || {
            to.write_all(&[b'x'; 500_000])?;
            to.close()
        });
        let output = child.wait_with_output().block().unwrap();
        writer.join().block().unwrap().unwrap();
        assert!(output.status.success());
        assert_eq!(output.stdout.split(|&byte| byte != b'x').map(<[u8]>::len).max(), Some(500_000));
        assert!(String::from_utf8(output.stderr).unwrap().contains("<500000>"));
    });
}
