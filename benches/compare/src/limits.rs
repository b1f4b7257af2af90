//! Running programs that may fail, or never end.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What the program prints, if it ends well and in time. Otherwise why not, in a line.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<String, String> {
    #[cfg(unix)]
    {
        // A group of its own, so that what it has started ends with it.
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("it doesn't start: {error}"))?;
    let id = child.id();
    let (done, ended) = mpsc::channel();
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let complaints = std::thread::spawn(move || read(err.as_mut()));
    std::thread::spawn(move || {
        let text = read(out.as_mut());
        // Nobody may listen any more.
        let _ = done.send((text, child.wait()));
    });
    match ended.recv_timeout(limit) {
        Ok((text, Ok(status))) if status.success() => Ok(text),
        Ok((_, status)) => {
            let complaints = complaints.join().unwrap_or_default();
            let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(format!("{status}: {}", reason(&complaints)))
        }
        Err(_) => {
            end(id);
            Err(format!("it had not ended after {} s", limit.as_secs()))
        }
    }
}

/// Ends everything in the group of a program.
fn end(id: u32) {
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
}

fn read(from: Option<&mut impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What came before an error is all that there is to say.
        let _ = from.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first line that says something: of a panic, its message.
fn reason(complaints: &str) -> String {
    let mut lines = complaints.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("it says nothing");
    let line = if first.starts_with("thread '") { lines.next().unwrap_or(first) } else { first };
    line.chars().take(120).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_ends_well_says_something() {
        assert_eq!(output(&mut shell("echo yes"), Duration::from_secs(60)), Ok("yes\n".to_owned()));
    }

    #[test]
    fn what_ends_badly_says_why() {
        let failure = output(&mut shell("echo no; echo because >&2; exit 3"), Duration::from_secs(60));
        assert_eq!(failure, Err("exit status: 3: because".to_owned()));
        assert!(output(&mut Command::new("./no such program"), Duration::from_secs(60)).is_err());
    }

    #[test]
    fn what_never_ends_is_ended_with_all_it_has_started() {
        let failure = output(&mut shell("sleep 1000 & sleep 1000"), Duration::from_millis(50));
        assert_eq!(failure, Err("it had not ended after 0 s".to_owned()));
    }

    #[test]
    fn of_a_panic_the_message_is_said() {
        assert_eq!(reason("\nthread 'main' (7) panicked at a.rs:1:2:\nno room\nnote: run"), "no room");
        assert_eq!(reason(""), "it says nothing");
    }
}
