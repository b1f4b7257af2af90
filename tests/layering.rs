//! The library's modules call one another downwards only, `platform` alone touches the machine, and
//! nothing is `unsafe`. The sources themselves are read: what is compiled only for tests is left out.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the bottom up. One names only its own level and those before it. A part of a
/// module that has a line of its own (`task::budget`) does not share the rest of its module's rights.
const LEVELS: &[&[&str]] = &[
    &["platform"],
    &["error"],
    // Pure data structures: callers pass the time.
    &["time::wheel", "time::slab"],
    &["panics", "task::budget", "task::trace", "driver::parker", "driver::readiness"],
    &["driver"],
    &["task"],
    &["scheduler"],
    // A runtime starts routines, and a routine is started on a runtime.
    &["runtime", "routine"],
    // What an operation is, how several are waited for, and for how long: one contract in three files.
    &["suspend", "select", "time"],
    &["channel", "io"],
    &["signal", "process"],
    // What users and the macros' expansions see.
    &["prelude", "macros", "testing", "__private"],
];

/// Edges that go down and are forbidden all the same, and why.
const NEVER: &[(&str, &str, &str)] = &[
    ("channel", "runtime", "channels run on any executor"),
    ("channel", "routine", "channels run on any executor"),
    ("channel", "scheduler", "channels run on any executor"),
    ("select", "runtime", "selects run on any executor"),
    ("select", "routine", "selects run on any executor"),
    ("select", "scheduler", "selects run on any executor"),
    ("time::wheel", "platform", "the wheel is pure"),
    ("time::slab", "platform", "the wheel's store is pure"),
    ("error", "platform", "errors are values"),
];

/// Naming these is no call: whatever is an operation says so by implementing the trait.
const CONTRACT: &[&str] = &["suspend::Suspend", "select::Step", "select::Progress"];

/// What only `platform` may name.
const MACHINE: &[&str] = &[
    "std::sync::atomic",
    "core::sync::atomic",
    "std::sync::Barrier",
    "std::sync::Condvar",
    "std::sync::LazyLock",
    "std::sync::Mutex",
    "std::sync::Once",
    "std::sync::OnceLock",
    "std::sync::RwLock",
    "std::sync::mpsc",
    "std::thread",
    "std::thread_local",
    // The type may be named, in signatures: it is `Instant::now` that reads the clock.
    "std::time::Instant::now",
    "std::time::SystemTime",
    "crossbeam_utils::sync",
    "fastrand",
    "loom",
    "mio::Events",
    "mio::Poll",
    "mio::Waker",
    "shuttle",
    "parking_lot",
    SYSTEM_CALLS,
];

/// Only for Linux is it there.
const SYSTEM_CALLS: &str = "rustix";

/// What may name it.
const CALLERS: &str = "platform::system::linux";

/// The one file in which something is compiled for Linux alone: it chooses what lies below it.
const LINUX: &str = "platform/system.rs";

/// One file of the library, as far as it is compiled outside tests.
struct Source {
    /// `channel::core` for `channel/core.rs`; empty for the root.
    module: String,
    /// Every path in it that starts at a crate, `crate::` left out.
    paths: BTreeSet<String>,
}

#[test]
fn calls_go_down_only() {
    let mut wrong = Vec::new();
    for source in library().iter().filter(|source| !source.module.is_empty()) {
        wrong.extend(forbidden_edges(source));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn only_platform_touches_the_machine() {
    let mut wrong = Vec::new();
    for source in library() {
        wrong.extend(machine_names(&source));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_for_linux_alone_is_in_one_place() {
    let root = workspace().join("rustroutines/src");
    let names = rust_files(&root).into_iter().filter(|file| {
        !file.ends_with("tests.rs") && fs::read_to_string(file).unwrap().lines().any(is_for_linux_alone)
    });
    let names: Vec<_> =
        names.map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/")).collect();
    assert_eq!(names, [LINUX]);
    assert!(is_for_linux_alone("    #[cfg(all(target_os = \"linux\", test))]"));
    assert!(is_for_linux_alone("#![cfg(target_os = \"linux\")]"));
    assert!(!is_for_linux_alone("const A: bool = cfg!(target_os = \"linux\");"));
}

#[test]
fn one_module_makes_calls_that_linux_alone_has() {
    let library = library();
    let makes = |source: &&Source| source.paths.iter().any(|path| is_in(path, SYSTEM_CALLS));
    let modules: Vec<_> = library.iter().filter(makes).map(|source| source.module.as_str()).collect();
    let (within, others): (Vec<_>, Vec<_>) = modules.into_iter().partition(|module| is_in(module, CALLERS));
    assert!(!within.is_empty());
    assert_eq!(others, [""; 0]);
}

/// Whether something is left out elsewhere: a number that differs is not meant.
fn is_for_linux_alone(line: &str) -> bool {
    let line = line.trim_start();
    (line.starts_with("#[cfg(") || line.starts_with("#![cfg(")) && line.contains("target_os = \"linux\"")
}

#[test]
fn nothing_is_unsafe() {
    let mut wrong = Vec::new();
    let mut read = 0;
    for folder in ["rustroutines/src", "rustroutines-macros/src", "examples", "benches"] {
        for file in rust_files(&workspace().join(folder)) {
            read += 1;
            // It measures what unsafe code would give, and nothing is built on it.
            let measured = file.starts_with(workspace().join("benches/unsafe_floor"));
            if !measured && has_ident(parse(&file), "unsafe") {
                wrong.push(file);
            }
        }
    }
    assert!(read > 30, "only {read} files were found");
    assert!(wrong.is_empty(), "{wrong:?}");
    for package in
        ["rustroutines", "rustroutines-macros", "examples", "benches/compare", "benches/instructions"]
    {
        let manifest = fs::read_to_string(workspace().join(package).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("unsafe-floor"), "{package} is built on unsafe code");
    }
    for root in ["rustroutines/src/lib.rs", "rustroutines-macros/src/lib.rs"] {
        let text = fs::read_to_string(workspace().join(root)).unwrap();
        assert!(text.lines().any(|line| line == "#![forbid(unsafe_code)]"), "{root} does not forbid it");
    }
}

#[test]
fn the_rules_hold_what_they_forbid() {
    let edges = |module: &str, text: &str| forbidden_edges(&source(module, text)).len();
    assert_eq!(edges("channel::core", "use crate::{platform::sync::Mutex, select, error::SendError};"), 0);
    assert_eq!(edges("channel::core", "use crate::{runtime::handle};"), 1);
    assert_eq!(edges("channel::core", "fn f() { crate::runtime::handle() }"), 1);
    assert_eq!(edges("channel::core", "m! { [crate::scheduler::submit()] }"), 1);
    assert_eq!(edges("select", "use super::channel::Sender;"), 1);
    assert_eq!(edges("channel::core", "use super::ops::Recv; use super::super::select::Claim;"), 0);
    assert_eq!(edges("driver::parker", "use crate::driver::timer::Timers;"), 1);
    assert_eq!(edges("driver::timer", "use crate::driver::parker::Parker;"), 0);
    assert_eq!(edges("driver::timer", "use crate::time::wheel::Wheel;"), 0);
    assert_eq!(edges("driver::timer", "use crate::time::Sleep;"), 1);
    assert_eq!(edges("task::join", "use crate::suspend::Suspend; use crate::select::{Step, Progress};"), 0);
    assert_eq!(edges("task::join", "use crate::select::Claim;"), 1);
    assert_eq!(edges("task", "#[cfg(test)] mod tests { use crate::runtime::handle; } struct S;"), 0);
    assert_eq!(edges("task", "#[cfg(all(test, not(loom)))] use crate::runtime::handle; struct S;"), 0);
    assert_eq!(edges("task", "#[cfg(not(loom))] use crate::runtime::handle;"), 1);
    assert_eq!(edges("nowhere", "struct S;"), 1, "a module without a level");

    let machine = |module: &str, text: &str| machine_names(&source(module, text)).len();
    assert_eq!(machine("task", "use std::sync::{Arc, Weak}; use std::time::Duration;"), 0);
    assert_eq!(machine("task", "use std::sync::{Arc, Mutex, atomic::{AtomicBool, Ordering}};"), 3);
    assert_eq!(machine("task", "fn f() { std::thread::yield_now() }"), 1);
    assert_eq!(machine("task", "use std::{thread, time::{Instant, SystemTime}};"), 2);
    assert_eq!(machine("task", "fn f() -> std::time::Instant { std::time::Instant::now() }"), 1);
    assert_eq!(machine("task", "use crate::platform::clock::Instant; fn f() { Instant::now(); }"), 1);
    assert_eq!(machine("task", "thread_local! { static A: u8 = 0; }"), 1);
    assert_eq!(machine("task", "crate::platform::thread::thread_local! { static A: u8 = 0; }"), 0);
    let tokens: Vec<_> = "use a::b; #[path = \"d.rs\"] pub mod c; mod e { } mod f;"
        .parse::<TokenStream>()
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(
        declared_modules(&tokens),
        [("c".to_string(), Some("d.rs".to_string())), ("f".to_string(), None)]
    );
    assert_eq!(machine("platform::native", "use std::thread; use parking_lot::Mutex;"), 0);
    assert!(has_ident("mod a { fn f() { unsafe {} } }".parse().unwrap(), "unsafe"));
}

/// The line of `LEVELS` that a path or a module belongs to, and its name there.
fn level(path: &str) -> Option<(usize, &'static str)> {
    let all =
        LEVELS.iter().enumerate().flat_map(|(level, names)| names.iter().map(move |name| (level, *name)));
    all.filter(|(_, name)| is_in(path, name)).max_by_key(|(_, name)| name.len())
}

/// Whether `path` is `name` or lies in it.
fn is_in(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn forbidden_edges(source: &Source) -> Vec<String> {
    let Some((from, own)) = level(&source.module) else {
        return vec![format!("{}: give this module a line in LEVELS", source.module)];
    };
    let mut wrong = Vec::new();
    for path in &source.paths {
        let Some(path) = path.strip_prefix("crate::") else { continue };
        let path = if path == "Suspend" { "suspend::Suspend" } else { path };
        // What is no module lies at the root, where everything is named.
        let Some((to, target)) = level(path) else { continue };
        if CONTRACT.iter().any(|name| is_in(path, name)) {
            continue;
        }
        let never = NEVER.iter().find(|(a, b, _)| *a == own && *b == target);
        if let Some((_, _, why)) = never {
            wrong.push(format!("{} names {path}: {why}", source.module));
        } else if to > from {
            wrong.push(format!("{} names {path}, which lies above it", source.module));
        }
    }
    wrong
}

fn machine_names(source: &Source) -> Vec<String> {
    if is_in(&source.module, "platform") {
        return Vec::new();
    }
    let named = |path: &&String| {
        MACHINE.iter().any(|name| is_in(path, name)) || *path == "Instant::now" || *path == "thread_local"
    };
    let say = |path: &String| format!("{} names {path}: that is platform's", source.module);
    source.paths.iter().filter(named).map(say).collect()
}

/// The library's sources: from its root along the `mod` declarations that are not for tests.
fn library() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut files = vec![(String::new(), workspace().join("rustroutines/src/lib.rs"))];
    while let Some((module, file)) = files.pop() {
        let tokens = without_tests(parse(&file));
        let folder = match file.file_name().and_then(|name| name.to_str()) {
            Some("lib.rs" | "mod.rs") => file.parent().unwrap().to_path_buf(),
            _ => file.with_extension(""),
        };
        for (child, path) in declared_modules(&tokens) {
            let flat = folder.join(format!("{child}.rs"));
            let child_file = match path {
                Some(path) => file.with_file_name(path),
                None if flat.exists() => flat,
                None => folder.join(&child).join("mod.rs"),
            };
            files.push((join(&module, &child), child_file));
        }
        let paths = paths_of(&module, &tokens);
        sources.push(Source { module, paths });
    }
    assert!(sources.len() > 15, "only {} files were found", sources.len());
    sources
}

fn source(module: &str, text: &str) -> Source {
    let tokens = without_tests(text.parse().unwrap());
    Source { module: module.to_string(), paths: paths_of(module, &tokens) }
}

/// The modules declared here as `mod name;`, and the file that a `#[path]` gives for one.
fn declared_modules(tokens: &[TokenTree]) -> Vec<(String, Option<String>)> {
    let texts: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    let (mut modules, mut path) = (Vec::new(), None);
    for (at, text) in texts.iter().enumerate() {
        if let Some(value) = text.strip_prefix("[path = \"") {
            path = value.strip_suffix("\"]").map(str::to_string);
        } else if text == ";" || text.starts_with('{') {
            if at >= 2 && text == ";" && texts[at - 2] == "mod" {
                modules.push((texts[at - 1].clone(), path.take()));
            }
            path = None;
        }
    }
    modules
}

/// The tokens without the items that only tests have.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = match tokens.peek() {
            Some(TokenTree::Group(group)) if is_punct(&token, '#') => group.stream().to_string(),
            _ => String::new(),
        };
        if !is_for_tests(&attribute) {
            kept.push(token);
            continue;
        }
        // The attribute, and all up to the end of the item.
        tokens.next();
        for token in tokens.by_ref() {
            let body = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            if body || is_punct(&token, ';') {
                break;
            }
        }
    }
    kept
}

/// Whether an attribute takes its item out of every build but tests'.
fn is_for_tests(attribute: &str) -> bool {
    let plain: String = attribute.split_whitespace().collect();
    plain == "cfg(test)" || plain.starts_with("cfg(all(test,")
}

/// Every path that starts at a crate, with the branches of `use` written out. `super` and `self` are
/// resolved; of the others only two matter: `Instant::now`, and a bare `thread_local!`.
fn paths_of(module: &str, tokens: &[TokenTree]) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream());
                paths.extend(paths_of(module, &inner));
                at += 1;
            }
            TokenTree::Ident(_) => at += path_at(module, &tokens[at..], "", &mut paths).max(1),
            _ => at += 1,
        }
    }
    paths
}

/// Reads the path that starts here, adds it (or each branch of it) to `paths`, and says how many
/// tokens it took. A group that ends it (`use a::{b, c}`) is read as branches.
fn path_at(module: &str, tokens: &[TokenTree], prefix: &str, paths: &mut BTreeSet<String>) -> usize {
    let mut path = prefix.to_string();
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) => {
                path = match ident.to_string().as_str() {
                    "super" if path.is_empty() => join("crate", parent(module)),
                    "super" => parent(&path).to_string(),
                    "self" if path.is_empty() => join("crate", module),
                    "self" => path,
                    name => join(&path, name),
                };
                at += 1;
            }
            Some(TokenTree::Group(group)) if at > 0 && group.delimiter() == Delimiter::Brace => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_punct(token, ',')) {
                    path_at(module, branch, &path, paths);
                }
                return at + 1;
            }
            _ => break,
        }
        let colons = |at: usize| tokens.get(at).is_some_and(|token| is_punct(token, ':'));
        if !(colons(at) && colons(at + 1)) {
            break;
        }
        at += 2;
    }
    if at == 1 && prefix.is_empty() && path != "thread_local" {
        return at;
    }
    paths.insert(path);
    at
}

fn parent(path: &str) -> &str {
    path.rsplit_once("::").map_or("", |(parent, _)| parent)
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", _) => name.to_string(),
        (_, "") => path.to_string(),
        _ => format!("{path}::{name}"),
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn has_ident(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_ident(group.stream(), name),
        TokenTree::Ident(ident) => ident == name,
        _ => false,
    })
}

fn parse(file: &Path) -> TokenStream {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
