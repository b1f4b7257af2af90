//! Goes over a web site from link to link, several pages at a time, and reports the links that lead nowhere.
//!
//! ```text
//! cargo run --release --example crawl -- [-d DEPTH] [-c CONNECTIONS] http://HOST[:PORT]/[PATH]
//! ```
//!
//! Each page is visited once. Links to other sites are left alone. `-d` says how many links away from the
//! first page it goes (10), `-c` how many pages it fetches at once (8). What is visited is printed as it
//! comes, broken links at the end; the exit status is then 1.
//!
//! `main` alone knows what is to be done: it hands pages to fetchers and takes what they have found,
//! whichever is possible first. No queue between them holds anything, so it is over when nobody is busy and
//! nothing is left. It takes all pages that are as far from the first before those that are farther: a page
//! that two lead to is as far as the nearer of them says, however long that one takes.

use rustroutines::io::net::TcpStream;
use rustroutines::io::{self, ErrorKind, Read, Write};
use rustroutines::prelude::*;
use std::collections::{HashSet, VecDeque};
use std::env;
use std::mem;
use std::process::ExitCode;
use std::sync::Arc;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a page is read.
const LARGEST: u64 = 8 << 20;

/// What a page is like.
struct Page {
    status: u16,
    /// Where it leads on this site.
    links: Vec<String>,
}

#[routine]
fn main() -> ExitCode {
    let Some((host, first, depth, connections)) = arguments() else {
        eprintln!("usage: crawl [-d DEPTH] [-c CONNECTIONS] http://HOST[:PORT]/[PATH]");
        return ExitCode::from(2);
    };
    let (paths_tx, paths) = channel();
    let (pages_tx, pages) = channel();
    for _ in 0..connections {
        go!("fetcher", fetch_pages(host.clone(), paths.clone(), pages_tx.clone()));
    }
    drop((paths, pages_tx));

    let mut seen = HashSet::from([first.clone()]);
    // Pages, `distance` links away from the first; and those that they lead to.
    let (mut queue, mut next, mut distance) = (VecDeque::from([first]), VecDeque::new(), 0);
    let mut busy = 0;
    // Every link, from where and where to; and the pages that are not there, and why.
    let (mut links, mut broken) = (Vec::new(), Vec::new());
    while busy > 0 || !queue.is_empty() {
        select! {
            sent = paths_tx.send(queue[0].clone()), if !queue.is_empty() => {
                sent.expect("the fetchers listen");
                queue.pop_front();
                busy += 1;
            }
            outcome = pages.recv() => {
                let (path, page): (String, io::Result<Page>) = outcome.expect("a fetcher is busy");
                busy -= 1;
                match page {
                    Ok(page) if page.status < 400 => {
                        println!("{} {path}", page.status);
                        for link in page.links {
                            if distance < depth && seen.insert(link.clone()) {
                                next.push_back(link.clone());
                            }
                            links.push((path.clone(), link));
                        }
                    }
                    Ok(page) => broken.push((path, format!("status {}", page.status))),
                    Err(error) => broken.push((path, error.to_string())),
                }
            }
        }
        if busy == 0 && queue.is_empty() {
            (queue, distance) = (mem::take(&mut next), distance + 1);
        }
    }
    broken.sort();
    for (path, why) in &broken {
        let from: Vec<_> = links.iter().filter(|(_, to)| to == path).map(|(from, _)| from.as_str()).collect();
        println!("broken: {path} ({why}), linked from {}", from.join(", "));
    }
    println!("{} pages, {} broken", seen.len() - broken.len(), broken.len());
    ExitCode::from(u8::from(!broken.is_empty()))
}

/// The host, the first page, the depth, the number of connections.
fn arguments() -> Option<(Arc<str>, String, usize, usize)> {
    let (mut url, mut depth, mut connections) = (None, 10, 8);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-d" => depth = arguments.next()?.parse().ok()?,
            "-c" => connections = arguments.next()?.parse().ok().filter(|&count| count > 0)?,
            _ => url = Some(argument),
        }
    }
    let url = url?;
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let first = resolve(host, "/", if path.is_empty() { "/" } else { path })?;
    Some((host.into(), first, depth, connections))
}

/// Fetches pages until there are no more.
#[routine]
fn fetch_pages(host: Arc<str>, paths: Receiver<String>, pages: Sender<(String, io::Result<Page>)>) {
    for path in paths {
        let page = match timeout(PATIENCE, || fetch(&host, &path)) {
            Ok(page) => page,
            Err(Timeout) => Err(ErrorKind::TimedOut.into()),
        };
        if pages.send((path, page)).is_err() {
            return;
        }
    }
}

/// Fetches one page.
#[routine]
fn fetch(host: &str, path: &str) -> io::Result<Page> {
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let mut stream = TcpStream::connect(address)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer)?;

    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let header = |name: &str| {
        let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let is_html = header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let mut links: Vec<_> = if is_html { hrefs(body).collect() } else { Vec::new() };
    links.extend(header("location"));
    let mut links: Vec<_> = links.into_iter().filter_map(|link| resolve(host, path, link)).collect();
    links.sort();
    links.dedup();
    Ok(Page { status: status.ok_or(ErrorKind::InvalidData)?, links })
}

/// What the links of a page say, between quotes.
fn hrefs(body: &str) -> impl Iterator<Item = &str> {
    body.split("href=").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|&first| first == '"' || first == '\'')?;
        rest[1..].split(quote).next()
    })
}

/// The path on `host` that a link on the page `from` leads to, if it leads to one.
fn resolve(host: &str, from: &str, link: &str) -> Option<String> {
    let link = link.split('#').next()?;
    let path = match link.strip_prefix("http://") {
        Some(absolute) => absolute.strip_prefix(host).filter(|path| path.starts_with('/'))?.to_owned(),
        None if link.is_empty() || link.starts_with("//") => return None,
        None if link.split(['/', '?']).next()?.contains(':') => return None, // mailto: and the like
        None if link.starts_with('/') => link.to_owned(),
        None => format!("{}/{link}", from.split('?').next()?.rsplit_once('/')?.0),
    };
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        parts.push("");
    }
    Some(format!("/{}{query}", parts.join("/")))
}
