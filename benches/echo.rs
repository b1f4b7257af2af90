//! `echo`: a TCP server that sends back what it gets, under the same load for each contestant.
//!
//! - `echo/N`: the time of a request when N connections keep one underway each; `echo_p99/N`: the latency that one
//!   request in a hundred exceeds; `echo_cpu/N`: what a request costs the server in processor time.
//! - `echo_idle/N`: what each of N idle connections costs in memory.
//!
//! The load comes from a process of its own (this program, called with `load`): one thread and one epoll loop.
//! Each server is a process of its own, too (`serve`; for Go, the program that `RUSTROUTINES_BENCH_GO` names).
//!
//! ```text
//! cargo bench -p rustroutines-benches --bench echo -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod jobs;

use jobs::{figure, job};
use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::prelude::*;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio, exit};

const MESSAGE: usize = 64;
const SECONDS: u64 = 2;
/// So many connections that keep the server at work.
const CONNECTIONS: [usize; 3] = [1, 64, 1_000];

/// Connections that are idle.
const IDLE: usize = 10_000;

/// Starts a server on a free port, and says which.
type Serve = fn() -> u16;

const SERVERS: [(&str, Serve); 2] = [("rustroutines", ours), ("tokio", tokios)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let port = || u16::try_from(numbers[0]).expect("a port");
    match arguments.first().map(String::as_str) {
        Some("serve") => return serve(&arguments[1]),
        Some("load") => {
            return load(port(), numbers[1] as usize).unwrap_or_else(|error| {
                eprintln!("load: {error}");
                exit(1)
            });
        }
        Some("idle") => return hold(port()).expect("the connections stay"),
        _ => {}
    }
    let mut all = Vec::new();
    let ours = SERVERS.iter().map(|(name, _)| *name);
    for name in ours.chain(go().map(|_| GO)) {
        for connections in CONNECTIONS {
            all.push(job(&format!("echo/{connections}"), name, move || loaded(name, connections)));
        }
        all.push(job(&format!("echo_idle/{IDLE}"), name, move || idle(name)));
    }
    jobs::run(&all);
}

const GO: &str = "go";

/// The workloads in Go, where they are built.
fn go() -> Option<OsString> {
    std::env::var_os("RUSTROUTINES_BENCH_GO")
}

/// This program, once more.
fn again(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(arguments);
    command
}

/// Serves in this process, until there is nothing more to read.
fn serve(name: &str) {
    let (_, serve) = SERVERS.into_iter().find(|(its, _)| *its == name).expect("there is such a server");
    println!("{}", serve());
    let _ = io::stdin().read(&mut [0; 1]);
}

/// A server in a process of its own, which ends with this.
struct Server {
    process: Child,
    port: String,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut command = again(&["serve", name]);
        if name == GO {
            command = Command::new(go().expect("it takes part"));
            command.arg("serve");
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program starts");
        let mut port = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut port).expect("it says where it listens");
        Self { process, port: port.trim().to_owned() }
    }

    /// What it has used of the processors, in nanoseconds.
    fn cpu(&self) -> f64 {
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        let of_thread =
            |text: String| text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
        let threads = std::fs::read_dir(self.about("task")).into_iter().flatten().flatten();
        threads.map(|thread| of_thread(read(thread.path().join("schedstat")))).sum()
    }

    /// Its bytes in memory.
    fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(self.about("status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(str::trim);
        line.and_then(|line| line.split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
    }

    /// What the system says of the process.
    fn about(&self, what: &str) -> PathBuf {
        ["/proc", &self.process.id().to_string(), what].iter().collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What requests on so many connections take the server `name`.
fn loaded(name: &str, connections: usize) {
    let server = Server::start(name);
    let before = server.cpu();
    let output = again(&["load", &server.port, &connections.to_string()]).output().expect("it starts");
    let cost = server.cpu() - before;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [requests @ (1.0..), p99] = numbers[..] else {
        panic!("the load failed: {}", String::from_utf8_lossy(&output.stderr));
    };
    figure(format!("echo/{connections}"), name, SECONDS as f64 * 1e9 / requests, "ns");
    figure(format!("echo_p99/{connections}"), name, p99, "ns");
    figure(format!("echo_cpu/{connections}"), name, cost / requests, "ns");
}

/// What idle connections cost the server `name`.
fn idle(name: &str) {
    let server = Server::start(name);
    let before = server.resident();
    let mut client = again(&["idle", &server.port]);
    let mut client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    client.stdout.take().expect("it is piped").read_exact(&mut [0; 1]).expect("it says when all are open");
    std::thread::sleep(Duration::from_millis(300)); // For the server to come to rest.
    let used = server.resident() - before;
    drop(client.stdin.take());
    client.wait().expect("it ends");
    figure(format!("echo_idle/{IDLE}"), name, used / IDLE as f64, "bytes");
}

/// Opens idle connections, uses each once, and holds them until there is nothing more to read.
fn hold(port: u16) -> io::Result<()> {
    let mut streams = Vec::with_capacity(IDLE);
    for _ in 0..IDLE {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"x")?;
        stream.read_exact(&mut [0; 1])?;
        streams.push(stream);
    }
    print!(".");
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

fn ours() -> u16 {
    #[routine]
    fn serve(stream: TcpStream) -> io::Result<()> {
        let mut buf = [0; 1024];
        loop {
            let n = stream.read(&mut buf)?;
            if n == 0 {
                return Ok(());
            }
            let mut rest = &buf[..n];
            while !rest.is_empty() {
                let n = stream.write(rest)?;
                rest = &rest[n..];
            }
        }
    }
    let listener =
        spawn(|| TcpListener::bind("127.0.0.1:0")).join().block().unwrap().expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    go!(move || {
        for stream in listener.incoming() {
            let stream = stream?;
            stream.set_nodelay(true)?;
            go!(serve(stream));
        }
        Ok::<_, io::Error>(())
    });
    port
}

fn tokios() -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let runtime = tokio::runtime::Runtime::new().expect("tokio starts");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    runtime.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("there are descriptors");
            stream.set_nodelay(true).expect("it can be set");
            tokio::spawn(async move {
                let mut buf = [0; 1024];
                while let Ok(n @ 1..) = stream.read(&mut buf).await {
                    if stream.write_all(&buf[..n]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    std::mem::forget(runtime);
    port
}

/// Keeps a message underway on each connection for a while; prints how many came back, and the p99 in nanoseconds.
fn load(port: u16, connections: usize) -> io::Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut poll = mio::Poll::new()?;
    let mut streams = Vec::with_capacity(connections);
    for number in 0..connections {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        poll.registry().register(&mut stream, mio::Token(number), mio::Interest::READABLE)?;
        streams.push((stream, Instant::now(), 0));
    }
    let message = [7; MESSAGE];
    let begin = Instant::now();
    for (stream, sent, _) in &mut streams {
        *sent = Instant::now();
        stream.write_all(&message)?;
    }
    let mut latencies = Vec::with_capacity(1 << 20);
    let mut events = mio::Events::with_capacity(1024);
    while begin.elapsed() < Duration::from_secs(SECONDS) {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            let (stream, sent, got) = &mut streams[event.token().0];
            let mut buf = [0; 1024];
            loop {
                match stream.read(&mut buf) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok(n) => *got += n,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
                if *got == MESSAGE {
                    let now = Instant::now();
                    latencies.push(now.duration_since(*sent).as_nanos() as u64);
                    (*sent, *got) = (now, 0);
                    stream.write_all(&message)?;
                    break;
                }
            }
        }
    }
    latencies.sort_unstable();
    let p99 = latencies.get(latencies.len() * 99 / 100).copied().unwrap_or(0);
    println!("{} {p99}", latencies.len());
    Ok(())
}
