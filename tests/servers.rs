//! The servers among the examples, each run as a program and used over the loopback.

#[path = "support/example.rs"]
mod example;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Longer than any step may take, on the slowest machine.
const LONG: Duration = Duration::from_secs(60);

/// A server that is running. It is killed when it is dropped.
struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut process =
            Command::new(example::example(name)).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("it says where").parse().unwrap();
        Self { process, output, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// Asks it to end; gives what it has printed since it began.
    #[cfg(unix)]
    fn terminate(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        rest
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(unix)]
#[test]
fn echo_sends_back_what_it_gets_and_ends_when_it_is_told_to() {
    let server = Server::start("echo", &[]);
    let streams: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for (n, mut stream) in streams.into_iter().enumerate() {
        let message = vec![n as u8; 50_000];
        stream.write_all(&message).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
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
    let output = example::run("portscan", &["localhost", &first.to_string(), &last.to_string()]);
    assert!(output.status.success());
    let found: Vec<u16> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    // Others may have opened some meanwhile.
    assert!(found.is_sorted() && ports.iter().all(|port| found.contains(port)), "{found:?} {ports:?}");
    assert_eq!(example::run("portscan", &["localhost", "9", "8"]).status.code(), Some(2));
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
    let _slow = Chatter::among(&server, "slow", "quick slow");
    assert_eq!(quick.hear(), "* slow is here");
    let mut talker = Chatter::among(&server, "talker", "quick slow talker");
    assert_eq!(quick.hear(), "* talker is here");
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
}

/// A file of the folder that `http` serves, and what is in it.
struct Site(std::path::PathBuf);

impl Site {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("rustroutines-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("sub folder")).unwrap();
        std::fs::write(folder.join("index.html"), "<p>index").unwrap();
        std::fs::write(folder.join("sub folder/a.txt"), "a text").unwrap();
        std::fs::write(folder.join("large.bin"), vec![7; 3_000_000]).unwrap();
        Self(folder)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Reads one answer: its head, and its body where there is one.
fn answer(from: &mut impl BufRead, has_body: bool) -> (String, Vec<u8>) {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; if has_body { length } else { 0 }];
    from.read_exact(&mut body).unwrap();
    (head, body)
}

#[cfg(unix)]
#[test]
fn http_serves_files_over_connections_that_live_on() {
    let site = Site::new("files");
    let server = Server::start("http", &[site.0.to_str().unwrap()]);
    let mut stream = server.connect();
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let mut get = |request: &str, has_body: bool| {
        // In two parts: a head may come in pieces.
        let (one, other) = request.split_at(request.len() / 2);
        stream.write_all(one.as_bytes()).unwrap();
        stream.write_all(other.as_bytes()).unwrap();
        let (head, body) = answer(&mut from, has_body);
        (head.split(' ').nth(1).unwrap().to_owned(), head, body)
    };
    let (status, head, body) = get("GET / HTTP/1.1\r\nhost: x\r\n\r\n", true);
    assert_eq!((&*status, &*body), ("200", &b"<p>index"[..]));
    assert!(head.contains("text/html") && head.contains("keep-alive"));
    let (status, _, body) = get("GET /sub%20folder/a.txt?q=1 HTTP/1.1\r\n\r\n", true);
    assert_eq!((&*status, &*body), ("200", &b"a text"[..]));
    let (_, _, body) = get("GET /large.bin HTTP/1.1\r\n\r\n", true);
    assert!(body == vec![7; 3_000_000]);
    let (_, head, _) = get("HEAD /large.bin HTTP/1.1\r\n\r\n", false);
    assert!(head.contains("content-length: 3000000"));
    for path in ["/none", "/../secret", "/%2e%2e/secret", "/sub%20folder", "//etc/passwd", "/%ff"] {
        assert_eq!(get(&format!("GET {path} HTTP/1.1\r\n\r\n"), true).0, "404", "{path}");
    }
    assert_eq!(get("DELETE / HTTP/1.1\r\n\r\n", true).0, "405");
    // Two at once.
    let two = "GET / HTTP/1.1\r\n\r\n".repeat(2);
    assert_eq!(get(&two, true).2, b"<p>index");
    assert_eq!(get("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", true).2, b"<p>index", "the second of them");
    assert_eq!(answer(&mut from, true).1, b"<p>index");
    assert_eq!(from.read(&mut [0; 1]).unwrap(), 0, "it was to be closed");

    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n".to_owned(), "413"),
        (format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(9_000)), "431"),
    ] {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let (head, _) = answer(&mut BufReader::new(stream), true);
        assert_eq!(head.split(' ').nth(1), Some(status), "{head}");
    }
    server.terminate();
}

#[cfg(unix)]
#[test]
fn http_finishes_what_it_is_at_when_it_is_told_to_end() {
    let site = Site::new("end");
    let server = Server::start("http", &[site.0.to_str().unwrap()]);
    let address = server.address;
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut idle = BufReader::new(idle);
    answer(&mut idle, true);
    let mut busy = server.connect();
    busy.write_all(b"GET /large.bin HTTP/1.1\r\nconnection: close\r\n\r\n").unwrap();
    let mut busy = BufReader::new(busy);
    let mut first = [0; 1];
    busy.read_exact(&mut first).unwrap();
    let ended = std::thread::spawn(move || server.terminate());
    assert_eq!(idle.read(&mut [0; 1]).unwrap(), 0, "an idle connection is closed");
    let mut rest = Vec::new();
    busy.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(&[7; 1_000_000]) && rest.len() > 3_000_000, "the answer is whole");
    assert_eq!(ended.join().unwrap(), "finishing\n");
    assert!(TcpStream::connect(address).is_err());
}

#[cfg(unix)]
#[test]
fn http_lets_go_of_who_takes_too_long() {
    let site = Site::new("patience");
    let server = Server::start("http", &[site.0.to_str().unwrap()]);
    let (mut silent, mut slow, mut deaf) = (server.connect(), server.connect(), server.connect());
    slow.write_all(b"GET / HTTP/1.1\r\nhost: x").unwrap();
    // More than the system holds between the two: the server has to wait for room.
    for _ in 0..20 {
        deaf.write_all(b"GET /large.bin HTTP/1.1\r\n\r\n").unwrap();
    }
    for stream in [&mut silent, &mut slow] {
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "nothing was asked for, or not to the end");
    }
    // That it is gone shows in writing to it alone: nobody here reads.
    let mut attempts = LONG.as_millis() / 20;
    while deaf.write_all(b"x").is_ok() {
        attempts = attempts.checked_sub(1).expect("who does not read is not waited for");
        std::thread::sleep(Duration::from_millis(20));
    }
    server.terminate();
}
