//! `echo`, `chat` and `portscan` among the examples, each run as a program and used over the loopback.

#[path = "support/server.rs"]
mod server;

use server::Server;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

#[cfg(unix)]
#[test]
fn echo_sends_back_what_it_gets_and_ends_when_it_is_told_to() {
    use std::io::Read;

    let server = Server::start("echo", &[]);
    let streams: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for (n, mut stream) in streams.into_iter().enumerate() {
        let message = vec![n as u8; 50_000];
        stream.write_all(&message).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, message);
    }
    assert_eq!(server.terminate(), "good-bye\n");
}

#[test]
fn portscan_finds_the_open_ports_in_order() {
    let one = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = one.local_addr().unwrap().port().min(u16::MAX - 500);
    let last = first + 500;
    // Some more nearby, as far as they are free.
    let more = (first..last).step_by(100).filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let open: Vec<_> = more.chain([one]).collect();
    let ports: Vec<_> = open.iter().map(|one| one.local_addr().unwrap().port()).collect();
    let output = server::example::run("portscan", &["localhost", &first.to_string(), &last.to_string()]);
    assert!(output.status.success());
    let found: Vec<u16> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    // Others may have opened some meanwhile.
    assert!(found.is_sorted() && ports.iter().all(|port| found.contains(port)), "{found:?} {ports:?}");
    assert_eq!(server::example::run("portscan", &["localhost", "9", "8"]).status.code(), Some(2));
}

/// Somebody who chats.
struct Chatter {
    to: TcpStream,
    from: BufReader<TcpStream>,
}

impl Chatter {
    fn new(server: &Server, name: &str) -> Self {
        let to = server.connect();
        let mut chatter = Self { from: BufReader::new(to.try_clone().unwrap()), to };
        assert_eq!(chatter.hear(), "name?");
        chatter.say(name);
        chatter
    }

    /// One who has been let in, in a room where these are.
    fn among(server: &Server, name: &str, names: &str) -> Self {
        let mut chatter = Self::new(server, name);
        chatter.say("/who");
        assert_eq!(chatter.hear(), format!("* {names}"));
        chatter
    }

    fn say(&mut self, line: &str) {
        self.to.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line; empty at the end.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

#[test]
fn chat_passes_lines_on_and_knows_who_is_there() {
    let server = Server::start("chat", &[]);
    let mut ann = Chatter::among(&server, "ann", "ann");
    let mut bob = Chatter::among(&server, "bob", "ann bob");
    assert_eq!(ann.hear(), "* bob is here");
    ann.say("hello");
    assert_eq!(bob.hear(), "ann: hello");
    let mut other = Chatter::new(&server, "ann");
    assert_eq!(other.hear(), "* that name is taken");
    assert_eq!(other.hear(), "");
    bob.say("/quit");
    assert_eq!(bob.hear(), "");
    assert_eq!(ann.hear(), "* bob has left");
    ann.say(&"x".repeat(2_000));
    assert_eq!(ann.hear(), "", "too long a line");
}

#[test]
fn chat_does_not_wait_for_who_does_not_read() {
    let server = Server::start("chat", &[]);
    let mut quick = Chatter::among(&server, "quick", "quick");
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "it is read on Linux alone"))]
    let mut slow = Chatter::among(&server, "slow", "quick slow");
    assert_eq!(quick.hear(), "* slow is here");
    let mut talker = Chatter::among(&server, "talker", "quick slow talker");
    assert_eq!(quick.hear(), "* talker is here");
    #[cfg(target_os = "linux")]
    let before = server.descriptors();
    // More than the system's buffers and the backlog hold.
    let line = "x".repeat(900);
    let mut thrown_out = false;
    for _ in 0..40_000 {
        talker.say(&line);
        match quick.hear() {
            said if said == format!("talker: {line}") => {}
            said => {
                assert_eq!(said, "* slow was too slow");
                thrown_out = true;
                break;
            }
        }
    }
    assert!(thrown_out);
    // It hears the end, and is not waited for, though it neither says anything nor goes.
    #[cfg(target_os = "linux")]
    {
        std::io::copy(&mut slow.from, &mut std::io::sink()).unwrap();
        let begin = std::time::Instant::now();
        while server.descriptors() >= before {
            assert!(begin.elapsed() < server::LONG, "the connection stays");
            std::thread::yield_now();
        }
    }
    drop(slow);
}
