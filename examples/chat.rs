//! A chat server, until Ctrl-C or SIGTERM.
//!
//! ```text
//! cargo run --release --example chat -- 127.0.0.1:7000    and then, several times, nc 127.0.0.1 7000
//! ```
//!
//! Who connects says a name, and from then on each line goes to everybody else. A line is not longer than
//! [`LINE`]. Nobody waits for a client who does not read: whoever has [`BACKLOG`] lines before him is thrown
//! out. `/who` lists the names, `/quit` ends.

#![forbid(unsafe_code)]

use rustroutines::io::net::{ReadHalf, Shutdown, TcpListener, TcpStream, WriteHalf};
use rustroutines::io::{self, BufRead, BufReader, Read, Write};
use rustroutines::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Lines that wait for a client.
const BACKLOG: usize = 64;
/// Bytes in a line.
const LINE: u64 = 1024;
/// How long one may take to say a name, and to take a line.
const PATIENCE: Duration = Duration::from_secs(30);

type Line = Arc<str>;

/// Who is there.
#[derive(Default, Clone)]
struct Room(Arc<Mutex<BTreeMap<String, Sender<Line>>>>);

impl Room {
    fn with<R>(&self, f: impl FnOnce(&mut BTreeMap<String, Sender<Line>>) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets somebody in, where the name is free.
    fn enter(&self, name: &str) -> Option<Receiver<Line>> {
        let (lines, mailbox) = bounded_channel(BACKLOG);
        let entered =
            self.with(|all| !all.contains_key(name) && all.insert(name.to_owned(), lines).is_none());
        entered.then(|| {
            self.tell(name, format!("* {name} is here"));
            mailbox
        })
    }

    fn leave(&self, name: &str) {
        if self.with(|all| all.remove(name)).is_some() {
            self.tell(name, format!("* {name} has left"));
        }
    }

    /// Tells everybody but one. Who has no room for it goes: dropping the sender ends the mailbox.
    fn tell(&self, but: &str, line: String) {
        let line = Line::from(line + "\n");
        let gone = self.with(|all| {
            let full = |(name, lines): (&String, &Sender<Line>)| {
                (name != but && lines.try_send(line.clone()).is_err()).then(|| name.clone())
            };
            let gone: Vec<String> = all.iter().filter_map(full).collect();
            gone.iter().for_each(|name| drop(all.remove(name)));
            gone
        });
        gone.into_iter().for_each(|name| self.tell(&name, format!("* {name} was too slow")));
    }
}

/// Sends a client what is in the mailbox, until that ends, or the client takes nothing.
#[routine]
fn deliver(to: &mut WriteHalf<TcpStream>, mailbox: Receiver<Line>) -> io::Result<()> {
    for line in mailbox {
        to.as_ref().set_write_deadline(Some(Instant::now() + PATIENCE));
        to.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// The next line, without its end; none where the client has ended, or does not keep to the limit.
#[routine]
fn next_line(from: &mut BufReader<ReadHalf<TcpStream>>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    from.by_ref().take(LINE).read_until(b'\n', &mut line)?;
    let whole = line.pop() == Some(b'\n');
    Ok(whole.then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

#[routine]
fn serve(stream: TcpStream, room: Room) -> io::Result<()> {
    stream.write(b"name?\n")?;
    stream.set_read_deadline(Some(Instant::now() + PATIENCE));
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let Some(name) = next_line(&mut from)?.filter(|name| !name.is_empty()) else { return Ok(()) };
    from.get_ref().as_ref().set_read_deadline(None);
    let Some(mailbox) = room.enter(&name) else {
        return to.write_all(b"* that name is taken\n");
    };
    let delivery = go!(move || {
        let delivered = deliver(&mut to, mailbox);
        // Whoever was thrown out is not listened to either, however long the silence would last.
        let _ = to.as_ref().shutdown(Shutdown::Both);
        delivered
    });
    let left = talk(&mut from, &room, &name);
    room.leave(&name);
    drop(delivery.join());
    left
}

/// Passes on what a client says, until it ends or is thrown out.
#[routine]
fn talk(from: &mut BufReader<ReadHalf<TcpStream>>, room: &Room, name: &str) -> io::Result<()> {
    while let Some(line) = next_line(from)? {
        match &*line {
            "/quit" => break,
            "/who" => {
                let names = room.with(|all| all.keys().cloned().collect::<Vec<_>>().join(" "));
                let mine = room.with(|all| all.get(name).cloned());
                let Some(mine) = mine else { break };
                // Full: it is told like everybody else, with the next line.
                let _ = mine.try_send(Line::from(format!("* {names}\n")));
            }
            said => room.tell(name, format!("{name}: {said}")),
        }
        if room.with(|all| !all.contains_key(name)) {
            break;
        }
    }
    Ok(())
}

#[routine]
fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    let room = Room::default();
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => drop(go!(serve(stream, room.clone()))),
            Err(error) => eprintln!("accept: {error}"),
        }
    }
    Ok(())
}
