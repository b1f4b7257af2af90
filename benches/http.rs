//! `http`: the example of that name, beside servers of hyper on tokio and of Go's `net/http` that serve the same
//! files the same way.
//!
//! - `http/FILE`: the time of a request when 64 connections ask for a file (of 1 and of 48 KiB), one request at a time
//!   on each; `http_p99/FILE`: the latency that one in a hundred exceeds; `http_cpu/FILE`: what a request costs the
//!   server in processor time.
//!
//! All open, look at and read a file in one go (the first two as one job for a thread that may block), and
//! answer from memory; all keep connections alive and give up on a client that is silent for 15 s. The load is
//! `wrk`'s, of one thread: without `wrk` there is nothing to do. Each server is a process of its own; ours is the
//! example, built (or what `RUSTROUTINES_BENCH_HTTP` names), Go's the program that `RUSTROUTINES_BENCH_GO` names.
//!
//! ```text
//! cargo build --release -p rustroutines-examples --example http
//! cargo bench -p rustroutines-benches --bench http -- [PART...]
//! ```

#![forbid(unsafe_code)]

mod jobs;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use jobs::{JOB, figure, job};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const SECONDS: u64 = 1;
const CONNECTIONS: u64 = 64;
/// What is asked for, and how many bytes it has.
const FILES: [(&str, usize); 2] = [("1_KiB", 1024), ("48_KiB", 48 * 1024)];

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folder] = &arguments[..] {
        if mode == "hyper" {
            return theirs(Path::new(folder).into());
        }
    }
    if Command::new("wrk").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `wrk` here");
        return Ok(());
    }
    let mut all = Vec::new();
    let go = std::env::var_os("RUSTROUTINES_BENCH_GO").map(|_| "go");
    for name in ["rustroutines", "hyper"].into_iter().chain(go) {
        for (file, size) in FILES {
            all.push(job(&format!("http/{file}"), name, move || {
                measure(name, file, size).expect("the server starts");
            }));
        }
    }
    jobs::run(&all);
    Ok(())
}

/// What requests for a file take the server `name`.
fn measure(name: &str, file: &str, size: usize) -> io::Result<()> {
    let folder = std::env::temp_dir().join(format!("rustroutines-http-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{file}.html")), "x".repeat(size))?;
    let (program, arguments) = match name {
        "hyper" => (std::env::current_exe()?, &["hyper"][..]),
        "go" => (path_from("RUSTROUTINES_BENCH_GO").expect("it takes part"), &["http"][..]),
        _ => (path_from("RUSTROUTINES_BENCH_HTTP").map_or_else(example, Ok)?, &[][..]),
    };
    let server = Server::start(Command::new(program).args(arguments).arg(&folder))?;
    let round = server.round(&format!("{file}.html"));
    drop(server);
    std::fs::remove_dir_all(folder)?;
    let [each, p99, cpu] = round?;
    figure(format!("http/{file}"), name, each, "ns");
    figure(format!("http_p99/{file}"), name, p99, "ns");
    figure(format!("http_cpu/{file}"), name, cpu, "ns");
    Ok(())
}

fn path_from(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

/// Where cargo puts the example.
fn example() -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.ancestors().nth(2).expect("it lies in `deps`").join("examples/http"))
}

/// A server in a process of its own, which ends with this.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(command: &mut Command) -> io::Result<Self> {
        let started = command.env_remove(JOB).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = started.map_err(|error| {
            let build = "cargo build --release -p rustroutines-examples --example http";
            io::Error::new(error.kind(), format!("{error}; {build}"))
        })?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
        Ok(Self { process, address })
    }

    /// One round, in nanoseconds: the time of a request, the p99, processor time of a request.
    fn round(&self, file: &str) -> io::Result<[f64; 3]> {
        let before = self.cpu();
        let output = Command::new("wrk")
            .args(["-t1", "--latency", &format!("-c{CONNECTIONS}"), &format!("-d{SECONDS}s")])
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
        let requests = text.lines().find_map(|line| line.trim().split_once(" requests in "));
        let requests: f64 = requests.and_then(|(number, _)| number.parse().ok()).expect("wrk counts them");
        Ok([1e9 / rate, nanos(&after("99%")), cost / requests])
    }

    /// What it has used of the processors, in nanoseconds.
    fn cpu(&self) -> f64 {
        let of_thread = |path: PathBuf| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0)
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

/// A time as `wrk` prints it, in nanoseconds.
fn nanos(text: &str) -> f64 {
    let (factor, number) = [("us", 1e3), ("ms", 1e6), ("s", 1e9)]
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
