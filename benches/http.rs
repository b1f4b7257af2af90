//! `http`: the example of that name, beside a server of hyper on tokio that serves the same files the same way.
//!
//! Both open, look at and read a file in one job for a thread that may block, and answer from memory; both keep
//! connections alive and give up on a client that is silent for 15 s. The load is `wrk`'s, of one thread. The two
//! take turns, several rounds each; medians are printed: requests per second, the latency that one in a hundred
//! exceeds, and what a request costs the server in processor time.
//!
//! ```sh
//! cargo build --release -p rustroutines-examples --example http
//! cargo bench -p rustroutines-benches --bench http -- [connections...]
//! ```

#![forbid(unsafe_code)]

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const ROUNDS: usize = 5;
const SECONDS: u64 = 1;
/// What is asked for, and how many bytes it has.
const FILES: [(&str, usize); 2] = [("small.html", 1024), ("large.html", 48 * 1024)];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder] = &arguments[..] {
        if mode == "hyper" {
            return theirs(Path::new(folder).into());
        }
    }
    let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let folder = std::env::temp_dir().join(format!("rustroutines-http-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    for (name, size) in FILES {
        std::fs::write(folder.join(name), "x".repeat(size))?;
    }
    let this = std::env::current_exe()?;
    let example = this.ancestors().nth(2).expect("it lies in `deps`").join("examples/http");
    let mut theirs = Command::new(&this);
    let servers = [
        ("rustroutines", Server::start(Command::new(example).arg(&folder))?),
        ("hyper", Server::start(theirs.arg("hyper").arg(&folder))?),
    ];
    for connections in if numbers.is_empty() { vec![64] } else { numbers } {
        for (file, _) in FILES {
            let mut results = [const { Vec::new() }; 2];
            for _ in 0..ROUNDS {
                for ((_, server), results) in servers.iter().zip(&mut results) {
                    results.push(server.round(file, connections)?);
                }
            }
            for ((name, _), results) in servers.iter().zip(results) {
                let median = |part: fn(&[f64; 3]) -> f64| {
                    let mut all: Vec<_> = results.iter().map(part).collect();
                    all.sort_by(f64::total_cmp);
                    all[ROUNDS / 2]
                };
                println!(
                    "http/{file}/{connections}/{name:<13} {:>8.0} req/s   p99 {:>7.0} µs   {:>5.1} µs of CPU \
                     a request",
                    median(|result| result[0]),
                    median(|result| result[1]),
                    median(|result| result[2]),
                );
            }
        }
    }
    drop(servers);
    std::fs::remove_dir_all(folder)
}

/// A server in a process of its own, which ends with this.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> io::Result<Self> {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.map_err(|error| {
            let build = "cargo build --release -p rustroutines-examples --example http";
            io::Error::new(error.kind(), format!("{error}; {build}"))
        })?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
        Ok(Self { process, address })
    }

    /// One round: requests per second, p99 in microseconds, CPU microseconds a request.
    fn round(&self, file: &str, connections: u64) -> io::Result<[f64; 3]> {
        let before = self.cpu();
        let output = Command::new("wrk")
            .args(["-t1", "--latency", &format!("-c{connections}"), &format!("-d{SECONDS}s")])
            .arg(format!("http://{}/{file}", self.address))
            .output()?;
        let cost = self.cpu() - before;
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(!text.contains("Non-2xx") && !text.contains("Socket errors"), "{text}");
        let after = |what: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(what)).unwrap_or_default();
            line.trim().to_owned()
        };
        let rate: f64 = after("Requests/sec:").parse().unwrap_or_else(|_| panic!("wrk failed: {text}"));
        Ok([rate, micros(&after("99%")), cost / (rate * SECONDS as f64)])
    }

    /// What it has used of the processors, in microseconds.
    fn cpu(&self) -> f64 {
        let of_thread = |path: PathBuf| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1_000.0
        };
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id()));
        threads.into_iter().flatten().flatten().map(|thread| of_thread(thread.path().join("schedstat"))).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A time as `wrk` prints it.
fn micros(text: &str) -> f64 {
    let (factor, number) = [("us", 1.0), ("ms", 1e3), ("s", 1e6)]
        .into_iter()
        .find_map(|(unit, factor)| Some((factor, text.strip_suffix(unit)?)))
        .expect("a time");
    number.parse::<f64>().expect("a number") * factor
}

fn theirs(folder: Arc<Path>) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let folder = folder.clone();
            tokio::spawn(async move {
                let answers = hyper::service::service_fn(move |request| answer(request, folder.clone()));
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(Duration::from_secs(15));
                builder.auto_date_header(false);
                let _ = builder.serve_connection(hyper_util::rt::TokioIo::new(stream), answers).await;
            });
        }
    })
}

/// As the example does it.
async fn answer(request: Request<Incoming>, folder: Arc<Path>) -> io::Result<Response<Full<Bytes>>> {
    let refused = |status| {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        Ok(response)
    };
    if request.method() != Method::GET {
        return refused(StatusCode::METHOD_NOT_ALLOWED);
    }
    let path = request.uri().path().trim_start_matches('/');
    if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return refused(StatusCode::NOT_FOUND);
    }
    let file = folder.join(path);
    match tokio::task::spawn_blocking(move || read(&file)).await? {
        Ok(bytes) => {
            let mut response = Response::new(Full::from(bytes));
            response.headers_mut().insert(CONTENT_TYPE, "text/html; charset=utf-8".parse().expect("it is"));
            Ok(response)
        }
        Err(_) => refused(StatusCode::NOT_FOUND),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
