//! The example `crawl`, over a site that is made for it.

#[path = "support/example.rs"]
mod example;

use example::example;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// A site: what is at each path.
struct Site {
    pages: BTreeMap<String, String>,
    /// How often each was asked for.
    asked: Mutex<BTreeMap<String, usize>>,
    /// Something was asked for.
    more: Condvar,
}

impl Site {
    fn new<P: Into<String>, L: IntoIterator<Item = String>>(pages: impl IntoIterator<Item = (P, L)>) -> Self {
        let page = |links: L| {
            let links = links.into_iter().map(|link| format!("<a class=x href=\"{link}\">there</a>\n"));
            links.collect::<String>()
        };
        let pages = pages.into_iter().map(|(path, links)| (path.into(), page(links))).collect();
        Self { pages, asked: Mutex::default(), more: Condvar::new() }
    }

    fn answer(&self, stream: TcpStream) {
        let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
        let request = lines.next().unwrap();
        while lines.next().is_some_and(|line| !line.is_empty()) {}
        let path = request.split(' ').nth(1).unwrap().to_owned();
        *self.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
        self.more.notify_all();
        let (status, more, body) = match self.pages.get(&path) {
            _ if path == "/moved" => ("301 Moved", "Location: /deep/1\r\n", ""),
            // Ends before there is an answer.
            _ if path == "/rude" => return,
            // Answers when somebody asks for more, or late.
            Some(_) if path == "/slow" => {
                let asked = self.asked.lock().unwrap();
                let patience = Duration::from_millis(300);
                drop(self.more.wait_timeout_while(asked, patience, |asked| !asked.contains_key("/c")));
                ("200 OK", "Content-Type: text/html\r\n", self.pages[&path].as_str())
            }
            Some(body) => ("200 OK", "Content-Type: text/html; charset=utf-8\r\n", body.as_str()),
            None => ("404 Not Found", "Content-Type: text/html\r\n", "<a href='/from-404'>"),
        };
        let length = body.len();
        write!(&stream, "HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\n\r\n{body}").unwrap();
    }

    /// Crawls it, with these arguments before the address.
    fn crawl(self, arguments: &[&str]) -> (Output, BTreeMap<String, usize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let site = Arc::new(self);
        let server = site.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let site = server.clone();
                thread::spawn(move || site.answer(stream.unwrap()));
            }
        });
        let mut crawl = Command::new(example("crawl"));
        let output = crawl.args(arguments).arg(format!("http://{address}/")).output().unwrap();
        let asked = site.asked.lock().unwrap().clone();
        (output, asked)
    }
}

fn lines(output: &Output) -> Vec<String> {
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn each_page_is_visited_once() {
    // Each page leads to many others, in several ways of writing.
    let site = Site::new((0..300_usize).map(|n| {
        let path = if n == 0 { "/".to_owned() } else { format!("/a/{n}") };
        let links = (1..=5).map(move |k| match k {
            1 => format!("/a/{}", (n * 7 + 1) % 300 + 1 - usize::from((n * 7 + 1) % 300 == 299)),
            2 => format!("/a/./x/../{}#part", (n + 1).min(299)),
            3 => "/a/5".to_owned(),
            4 => format!("//other.example/{n}"),
            _ => "mailto:nobody@example.com".to_owned(),
        });
        (path, links)
    }));
    let (output, asked) = site.crawl(&["-d", "1000", "-c", "16"]);
    let lines = lines(&output);
    assert!(output.status.success());
    assert_eq!(lines.last().unwrap(), "300 pages, 0 broken");
    assert_eq!(lines.len(), 301);
    assert!(asked.len() == 300 && asked.values().all(|&times| times == 1), "{asked:?}");
}

#[test]
fn broken_links_are_reported_with_where_they_are() {
    let list = |links: &[&str]| links.iter().map(|link| (*link).to_owned()).collect::<Vec<_>>();
    let site = Site::new([
        ("/", list(&["one", "two?q=1", "gone", "/rude", "/moved"])),
        ("/one", list(&["/gone", "/", "http://elsewhere.example/gone"])),
        ("/two?q=1", list(&["one"])),
        ("/deep/1", list(&["../one", "2"])),
        ("/deep/2", list(&[])),
    ]);
    let (output, asked) = site.crawl(&[]);
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(1));
    let reports: Vec<_> = lines.iter().filter(|line| line.starts_with("broken")).collect();
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0], "broken: /gone (status 404), linked from /, /one");
    assert!(reports[1].starts_with("broken: /rude (") && reports[1].ends_with("linked from /"));
    assert_eq!(lines.last().unwrap(), "6 pages, 2 broken");
    assert!(lines.iter().any(|line| line == "301 /moved") && lines.iter().any(|line| line == "200 /deep/2"));
    assert!(!asked.contains_key("/from-404"));
}

/// Kills a program when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_goes_over_a_site_that_the_example_http_serves() {
    const PAGES: usize = 400;
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crawl");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(root.join("deep/er")).unwrap();
    fs::write(root.join("index.html"), "<a href='deep/er/0.html'>").unwrap();
    for n in 0..PAGES {
        let links =
            [(2 * n + 1) % PAGES, (2 * n + 2) % PAGES].map(|to| format!("<a href=\"./{to}.html#top\">"));
        let lost = if n % 100 == 7 { "<a href='/lost%20page.html'><a href='../nothing'>" } else { "" };
        let filler = "text ".repeat(n * 50);
        fs::write(root.join(format!("deep/er/{n}.html")), format!("{filler}{}{lost}", links.concat()))
            .unwrap();
    }
    let mut server = Killed(Command::new(example("http")).arg(&root).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").expect("it says where");

    let output = Command::new(example("crawl")).arg(format!("http://{address}")).output().unwrap();
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines.last().unwrap(), &format!("{} pages, 2 broken", PAGES + 1));
    let visited: BTreeSet<_> = lines.iter().filter(|line| line.starts_with("200 ")).collect();
    assert_eq!(visited.len(), PAGES + 1);
    let from = |missing: &str| {
        let report = lines.iter().find(|line| line.starts_with(&format!("broken: {missing} (status 404)")));
        report.unwrap().split("deep/er/").count() - 1
    };
    assert_eq!((from("/lost%20page.html"), from("/deep/nothing")), (4, 4));
}

#[test]
fn it_goes_no_deeper_than_it_is_told() {
    let site = Site::new(
        (0..50).map(|n| (if n == 0 { "/".to_owned() } else { format!("/{n}") }, [format!("/{}", n + 1)])),
    );
    let (output, asked) = site.crawl(&["-d", "3", "-c", "1"]);
    assert_eq!(lines(&output), ["200 /", "200 /1", "200 /2", "200 /3", "4 pages, 0 broken"]);
    assert_eq!(asked.len(), 4);
}

/// Two ways lead to a page, and the longer one is the faster.
#[test]
fn a_page_is_as_far_as_the_shortest_way_to_it() {
    let site = Site::new(
        [
            ("/", &["/slow", "/a"][..]),
            ("/slow", &["/shared"]),
            ("/a", &["/b"]),
            ("/b", &["/shared", "/c"]),
            ("/c", &[]),
            ("/shared", &["/end"]),
            ("/end", &[]),
        ]
        .map(|(path, links)| (path, links.iter().map(|link| (*link).to_owned()).collect::<Vec<_>>())),
    );
    let (output, asked) = site.crawl(&["-d", "3"]);
    assert_eq!(lines(&output).last().unwrap(), "7 pages, 0 broken");
    assert!(asked.contains_key("/end"), "{asked:?}");
}

#[test]
fn it_says_how_it_is_called() {
    for arguments in [&[][..], &["https://example.com/"], &["-c", "0", "http://localhost/"], &["-d"]] {
        let output = Command::new(example("crawl")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: crawl"));
    }
}
