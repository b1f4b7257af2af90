//! The walk over the trees: plain code on a thread that may block. Here, outside any routine,
//! `.block()` carries an operation out.

use crate::report::Report;
use rustroutines::prelude::*;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{fs, io, mem};

/// How many files travel together: one visit to the blocking pool reads them all.
const BATCH: usize = 32;

/// The walk over the trees: in depth, with one open directory for each level.
pub(crate) struct Walk {
    /// Files found and not sent yet.
    batch: Vec<PathBuf>,
    /// Where the files go.
    batches: Sender<Vec<PathBuf>>,
    /// Where the problems go.
    reports: Sender<Report>,
}

impl Walk {
    /// Sends every file below `roots`, and what is wrong with the trees.
    pub(crate) fn run(roots: Vec<PathBuf>, batches: Sender<Vec<PathBuf>>, reports: Sender<Report>) {
        let mut walk = Walk { batch: Vec::new(), batches, reports };
        for root in roots {
            let kind = fs::metadata(&root).map(|root| root.file_type());
            walk.visit(root, kind);
        }
        walk.send_batch();
    }

    fn visit(&mut self, path: PathBuf, kind: io::Result<fs::FileType>) {
        match kind {
            Ok(kind) if kind.is_dir() => self.visit_entries(&path),
            Ok(kind) if kind.is_file() => {
                self.batch.push(path);
                if self.batch.len() == BATCH {
                    self.send_batch();
                }
            }
            Ok(kind) if kind.is_symlink() => match fs::metadata(&path) {
                Ok(_) => {}
                Err(error) => self.report(&path, format!("broken link: {error}")),
            },
            Ok(_) => self.report(&path, "neither a file nor a directory"),
            Err(error) => self.report(&path, error),
        }
    }

    fn visit_entries(&mut self, directory: &Path) {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return self.report(directory, error),
        };
        for entry in entries {
            match entry {
                Ok(entry) if is_left_out(&entry) => {}
                Ok(entry) => self.visit(entry.path(), entry.file_type()),
                Err(error) => self.report(directory, error),
            }
        }
    }

    // Nobody receives any more where a routine has panicked: `main` reports that.

    fn send_batch(&mut self) {
        let _ = self.batches.send(mem::take(&mut self.batch)).block();
    }

    fn report(&self, path: &Path, why: impl Display) {
        let _ = self.reports.send(Report::problem(path, why)).block();
    }
}

/// Whether an entry is a store of version control, or a directory tagged as a cache.
fn is_left_out(entry: &fs::DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
        && (entry.path().join("CACHEDIR.TAG").is_file()
            || [".git", ".hg", ".svn"].iter().any(|store| entry.file_name() == *store))
}
