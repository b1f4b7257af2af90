//! The example `http`, run as a program and used over the loopback.
#![cfg(unix)]

#[path = "support/server.rs"]
mod server;

use server::{LONG, Server};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

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

#[test]
fn serves_files_over_connections_that_live_on() {
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

#[test]
fn finishes_what_it_is_at_when_it_is_told_to_end() {
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

#[test]
fn lets_go_of_who_takes_too_long() {
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

#[test]
fn lets_no_more_in_than_it_is_told_to() {
    const LIMIT: usize = 3;
    let request = b"GET / HTTP/1.1\r\n\r\n";
    let ask = |stream: &mut TcpStream| {
        stream.write_all(request).unwrap();
        answer(&mut BufReader::new(stream), true).1
    };
    let site = Site::new("limit");
    let server = Server::start("http", &[site.0.to_str().unwrap(), "127.0.0.1:0", &LIMIT.to_string()]);
    for _ in 0..2 {
        let mut streams: Vec<_> = (0..LIMIT).map(|_| server.connect()).collect();
        for stream in &mut streams {
            assert_eq!(ask(stream), b"<p>index");
        }
        let mut one_more = server.connect();
        one_more.write_all(request).unwrap();
        // Time enough to be let in by mistake.
        for _ in 0..200 {
            ask(&mut streams[1]);
        }
        one_more.set_nonblocking(true).unwrap();
        assert_eq!(one_more.read(&mut [0; 1]).unwrap_err().kind(), ErrorKind::WouldBlock, "let in");
        one_more.set_nonblocking(false).unwrap();
        drop(streams.pop());
        assert_eq!(answer(&mut BufReader::new(one_more), true).1, b"<p>index", "there was a place");
    }
    server.terminate();
}
