//! Searches the files below some directories for a pattern, on all processors, and prints what it finds in
//! the order of the files: what `grep -rnI` finds, without what `.gitignore` files name and what is hidden.
//!
//! ```text
//! cargo run --release --example grep -- [-i] [-u] PATTERN [PATH…]
//! ```
//!
//! `-i` makes no difference between upper and lower case, `-u` leaves nothing out but binary files. The exit
//! status is `grep`'s: 0 if something was found, 1 if nothing was, 2 if something went wrong.
//!
//! One job walks the trees, in order. It hands the files, a batch at a time, to a pool of routines, and with each
//! batch a channel for the answer; the other end of that goes to `main`, in the order of the batches. So `main` only
//! has to receive one answer after another, and the bounded queue of them holds up a walk that is far ahead.

use ignore::{DirEntry, WalkBuilder};
use memchr::{memchr, memchr_iter, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use rustroutines::io::{self, BufWriter, ErrorKind, Write};
use rustroutines::prelude::*;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::{env, fs, mem, thread};

/// How many files travel together.
const BATCH: usize = 128;
/// How much of a file tells whether it is worth reading the rest.
const BEGINNING: u64 = 1 << 18;

/// What was found in a batch.
#[derive(Default)]
struct Found {
    /// The lines, as they are printed.
    lines: Vec<u8>,
    /// What could not be searched, and why.
    problems: Vec<String>,
}

/// Files to be searched, and where the answer goes.
struct Batch {
    files: Vec<Result<PathBuf, ignore::Error>>,
    answer: Sender<Found>,
}

#[routine]
fn main() -> ExitCode {
    let (pattern, walk) = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("grep: {error}\nusage: grep [-i] [-u] PATTERN [PATH…]");
            return ExitCode::from(2);
        }
    };
    let workers = thread::available_parallelism().map_or(1, |cpus| cpus.get());
    // Room for so many that a walk which is ahead is not stopped, and woken, for each of them.
    let (batches_tx, batches) = bounded_channel(16 * workers);
    let (answers_tx, answers) = bounded_channel(16 * workers);
    go!("walk", find_files(walk, batches_tx, answers_tx));
    for _ in 0..workers {
        go!("search", search_batches(pattern.clone(), batches.clone()));
    }
    drop(batches);

    let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
    let (mut any, mut wrong) = (false, false);
    for answer in answers {
        let Ok(found): Result<Found, RecvError> = answer.recv() else {
            wrong = true; // The routine has panicked, and said so.
            continue;
        };
        for problem in &found.problems {
            eprintln!("grep: {problem}");
            wrong = true;
        }
        any |= !found.lines.is_empty();
        if let Err(error) = out.write_all(&found.lines) {
            return output_failed(&error);
        }
    }
    match out.flush() {
        Err(error) => output_failed(&error),
        Ok(()) if wrong => ExitCode::from(2),
        Ok(()) => ExitCode::from(u8::from(!any)),
    }
}

/// The reader may have seen enough: `grep … | head`.
fn output_failed(error: &io::Error) -> ExitCode {
    if error.kind() == ErrorKind::BrokenPipe {
        return ExitCode::SUCCESS;
    }
    eprintln!("grep: {error}");
    ExitCode::from(2)
}

/// The pattern and the trees.
fn arguments() -> Result<(Arc<Regex>, WalkBuilder), String> {
    let (options, mut rest): (Vec<_>, Vec<_>) = env::args_os()
        .skip(1)
        .partition(|argument| argument.len() > 1 && argument.as_encoded_bytes().starts_with(b"-"));
    if let Some(unknown) = options.iter().find(|option| **option != "-i" && **option != "-u") {
        return Err(format!("no such option: {}", unknown.to_string_lossy()));
    }
    let has = |option: &str| options.iter().any(|given| given == option);
    if rest.is_empty() {
        return Err("which pattern?".into());
    }
    let pattern = rest.remove(0);
    let pattern = pattern.to_str().ok_or("the pattern is not UTF-8")?;
    let pattern = RegexBuilder::new(pattern).multi_line(true).case_insensitive(has("-i")).build();
    let mut walk = WalkBuilder::new(rest.first().map_or(Path::new("."), Path::new));
    for root in rest.iter().skip(1) {
        walk.add(root);
    }
    walk.standard_filters(!has("-u")).sort_by_file_name(|a, b| a.cmp(b));
    Ok((Arc::new(pattern.map_err(|error| error.to_string())?), walk))
}

/// Sends every file, and the ends at which the answers arrive. Walking blocks a thread, so it is done on one
/// that may block; there, outside any routine, `.block()` carries an operation out.
#[routine]
fn find_files(walk: WalkBuilder, batches: Sender<Batch>, answers: Sender<Receiver<Found>>) {
    let send = move |files| {
        let (answer, arrives) = bounded_channel(1);
        // Nobody receives any more once the output has failed.
        answers.send(arrives).block().is_ok() && batches.send(Batch { files, answer }).block().is_ok()
    };
    block_on_io(move || {
        let is_file = |entry: &DirEntry| entry.file_type().is_some_and(|kind| kind.is_file());
        let mut files = Vec::new();
        for entry in walk.build() {
            match entry {
                Ok(entry) if is_file(&entry) => files.push(Ok(entry.into_path())),
                Ok(_) => {}
                Err(error) => files.push(Err(error)),
            }
            if files.len() == BATCH && !send(mem::take(&mut files)) {
                return;
            }
        }
        send(files);
    });
}

/// Searches batches of files until there are no more. It reads by std's own calls: a batch that is in the system's
/// cache takes less than a millisecond, and where a slow disk holds a worker up, another takes its place.
#[routine]
fn search_batches(pattern: Arc<Regex>, batches: Receiver<Batch>) {
    let mut text = Vec::new();
    for Batch { files, answer } in batches {
        let mut found = Found::default();
        for file in files {
            match file.map(|path| (read(&path, &mut text), path)) {
                Ok((Ok(()), path)) => search(&pattern, &path, &text, &mut found.lines),
                Ok((Err(error), path)) => found.problems.push(format!("{}: {error}", path.display())),
                Err(error) => found.problems.push(error.to_string()),
            }
        }
        let _ = answer.try_send(found); // Nobody waits for it any more once the output has failed.
    }
}

/// Reads a file into `text`, whose memory serves for all; if it begins as no text does, not to its end.
fn read(path: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    let mut file = fs::File::open(path)?;
    text.clear();
    if (&mut file).take(BEGINNING).read_to_end(text)? as u64 == BEGINNING && memchr(0, text).is_none() {
        file.read_to_end(text)?;
    }
    Ok(())
}

/// Appends the lines of `text` that match, unless it is no text. The whole is searched at once, which is faster than
/// line by line; a match that reaches over the end of a line is none, unless the line by itself has one.
fn search(pattern: &Regex, path: &Path, text: &[u8], lines: &mut Vec<u8>) {
    // A mark of UTF-8 is no part of the first line.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut found = pattern.find(text);
    if found.is_none() || memchr(0, text).is_some() {
        return;
    }
    let (mut number, mut counted) = (1, 0);
    while let Some(matched) = found {
        let begin = memrchr(b'\n', &text[..matched.start()]).map_or(0, |at| at + 1);
        if begin == text.len() {
            return; // After the last line there is none.
        }
        let end = memchr(b'\n', &text[matched.start()..]).map_or(text.len(), |at| matched.start() + at);
        if matched.end() <= end || pattern.is_match(&text[begin..end]) {
            number += memchr_iter(b'\n', &text[counted..begin]).count();
            counted = begin;
            let _ = std::io::Write::write_fmt(lines, format_args!("{}:{number}:", path.display()));
            lines.extend_from_slice(&text[begin..end]);
            lines.push(b'\n');
        }
        found = if end < text.len() { pattern.find_at(text, end + 1) } else { None };
    }
}
