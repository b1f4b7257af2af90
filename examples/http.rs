//! An HTTP/1.1 server for the files of a folder: `cargo run --release --example http -- [FOLDER] [ADDRESS] [LIMIT]`.
//!
//! Connections are kept alive. A request's head, the time a client takes, and the number of connections are
//! limited. On SIGTERM or Ctrl-C it accepts nothing more, finishes what it is at, and ends.

#![forbid(unsafe_code)]

use rustroutines::io::net::{TcpListener, TcpStream};
use rustroutines::io::{self, Read, Write, fs};
use rustroutines::prelude::*;
use rustroutines::signal;
use std::convert::Infallible;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Bytes in a request's head.
const HEAD: usize = 8 * 1024;
/// Connections at once, unless it is said; more wait to be accepted.
const CONNECTIONS: usize = 5_000;
/// Bytes of a file that are read when it is opened.
const FIRST: u64 = 64 * 1024;
/// How long a connection may be idle, a head may take to come, and an answer to go.
const PATIENCE: Duration = Duration::from_secs(15);

struct Request {
    method: String,
    path: String,
    keep_alive: bool,
}

/// The request that `head` begins with, and its length; or the status that ends the connection. None as long as
/// there is more to come.
fn parse(head: &[u8]) -> Option<Result<(Request, usize), u16>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if head.len() < HEAD => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Some(Err(431)),
        Err(_) => return Some(Err(400)),
    };
    let header = |name: &str| request.headers.iter().find(|it| it.name.eq_ignore_ascii_case(name));
    // Nothing here takes a body; one that comes all the same would look like the next request.
    if header("transfer-encoding").is_some() || header("content-length").is_some_and(|it| it.value != b"0") {
        return Some(Err(413));
    }
    let says = |value: &[u8]| header("connection").is_some_and(|it| it.value.eq_ignore_ascii_case(value));
    let keep_alive = if request.version == Some(1) { !says(b"close") } else { says(b"keep-alive") };
    Some(Ok((Request { method: request.method?.into(), path: request.path?.into(), keep_alive }, length)))
}

/// The file that a path names, if it lies in the folder.
fn file_of(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = path.split(['?', '#']).next()?.strip_prefix('/')?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let inside = Path::new(&*path).components().all(|part| matches!(part, Component::Normal(_)));
    let file = folder.join(&*path);
    inside.then(|| if path.is_empty() || path.ends_with('/') { file.join("index.html") } else { file })
}

fn kind_of(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or("") {
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" | "md" | "rs" => "text/plain; charset=utf-8",
        "js" => "text/javascript",
        _ => "application/octet-stream",
    }
}

fn head(status: u16, kind: &str, length: u64, keep_alive: bool) -> String {
    let connection = if keep_alive { "keep-alive" } else { "close" };
    format!(
        "HTTP/1.1 {status} \r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
         connection: {connection}\r\n\r\n"
    )
}

#[routine]
fn refuse(stream: &mut TcpStream, status: u16, keep_alive: bool) -> io::Result<()> {
    let text = format!("{status}\n");
    let head = head(status, "text/plain", text.len() as u64, keep_alive);
    stream.write_all((head + &text).as_bytes())
}

/// The head and a file's first bytes, which are all of most; the file, and how much of it comes after them. One
/// job for a thread that may block, instead of three.
fn open(path: &Path, with_body: bool, keep_alive: bool) -> io::Result<(Vec<u8>, std::fs::File, u64)> {
    let mut file = std::fs::File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut bytes = head(200, kind_of(path), about.len(), keep_alive).into_bytes();
    let first = if with_body { about.len().min(FIRST) } else { 0 };
    let begin = bytes.len();
    bytes.resize(begin + first as usize, 0);
    std::io::Read::read_exact(&mut file, &mut bytes[begin..])?;
    Ok((bytes, file, if with_body { about.len() - first } else { 0 }))
}

#[routine]
fn answer(stream: &mut TcpStream, request: &Request, folder: &Path) -> io::Result<()> {
    let (with_body, keep_alive) = (request.method != "HEAD", request.keep_alive);
    if with_body && request.method != "GET" {
        return refuse(stream, 405, keep_alive);
    }
    let Some(path) = file_of(folder, &request.path) else { return refuse(stream, 404, keep_alive) };
    let opened = block_on_io(move || open(&path, with_body, keep_alive));
    let Ok((bytes, file, rest)) = opened else { return refuse(stream, 404, keep_alive) };
    stream.write_all(&bytes)?;
    if rest > 0 && io::copy(&mut fs::File::from(file).take(rest), stream)? < rest {
        return Err(io::ErrorKind::UnexpectedEof.into()); // It has shrunk: the client must not wait for more.
    }
    Ok(())
}

/// A connection's place, given back at its end.
struct Place(Receiver<()>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.try_recv();
    }
}

/// Serves one connection until it ends, is idle too long, or the server stops.
#[routine]
fn serve(mut stream: TcpStream, folder: Arc<Path>, stop: Receiver<Infallible>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut held, mut buf) = (Vec::new(), [0; 2048]);
    loop {
        stream.set_read_deadline(Some(Instant::now() + PATIENCE));
        let parsed = loop {
            if let Some(parsed) = parse(&held) {
                break parsed;
            }
            let n = select! {
                read = stream.read(&mut buf) => read?,
                _ = stop.recv(), if held.is_empty() => return Ok(()),
            };
            if n == 0 {
                return Ok(());
            }
            held.extend_from_slice(&buf[..n]);
        };
        stream.set_write_deadline(Some(Instant::now() + PATIENCE));
        let (request, length) = match parsed {
            Ok(parsed) => parsed,
            Err(status) => return refuse(&mut stream, status, false),
        };
        held.drain(..length);
        answer(&mut stream, &request, &folder)?;
        if !request.keep_alive {
            return stream.close();
        }
    }
}

#[routine]
fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder: Arc<Path> = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned())).into();
    let listener = TcpListener::bind(arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned()))?;
    let limit = arguments.next().map_or(CONNECTIONS, |limit| limit.parse().expect("LIMIT is a number"));
    let signals = signal::stop()?;
    println!("listening on {}", listener.local_addr()?);
    // Who is let in takes a place, by a value in this channel. All hear of the end when `stop` is dropped.
    let (places, taken) = bounded_channel::<()>(limit);
    let (stop, stopping) = channel::<Infallible>();
    loop {
        select! {
            _ = places.send(()) => {},
            _ = signals.recv() => break,
        }
        let place = Place(taken.clone());
        select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (folder, stopping) = (folder.clone(), stopping.clone());
                    go!(move || { let _place = place; serve(stream, folder, stopping) });
                }
                Err(error) => eprintln!("accept: {error}"),
            },
            _ = signals.recv() => break,
        }
    }
    drop((listener, stop));
    println!("finishing");
    let all_have_ended = || {
        suspend!({
            for _ in 0..limit {
                places.send(()).expect("`taken` is here");
            }
        })
    };
    let _ = timeout(PATIENCE, all_have_ended);
    Ok(())
}
