#!/bin/sh
# What the parts of an expansion cost the compiler, each written by hand, without the macro: the least
# that `#[routine]` could cost is the least of what it needs. Counts the instructions of rustc alone
# (`--emit=metadata`, as in `cargo check`) for 100 functions of fifteen calls each. Needs valgrind.
#
# usage: benches/compile_time/floors.sh
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$here" && CARGO_INCREMENTAL=0 cargo check --quiet -p rustroutines --target-dir "$work/target")
library=$(ls "$work"/target/debug/deps/librustroutines-*.rmeta)
rustc=$(rustc --print sysroot)/bin/rustc
output='Result<usize, std::num::ParseIntError>'
operation="impl p::Suspend<Output = $output> + p::Send"
kept='let _ = &counts; let _ = &text;'

# The millions of instructions for functions that begin with $3, return $4 and whose body stands between
# $5 and $6; each call in it becomes $2.
count() {
    {
        echo '#![allow(unused)]'
        echo 'use ::rustroutines::__private::{self as p, PlainValue as _};'
        echo 'use std::collections::HashMap;'
        echo "macro_rules! c { (\$e:expr) => { $2 } }"
        i=0
        while [ $i -lt 100 ]; do
            cat <<END
$3 f$i(text: &str, counts: &mut HashMap<String, usize>) -> $4 {
    $5
    let mut total = 0;
    for word in c!(text.split(' ')) {
        let word = c!(word.trim());
        if c!(word.is_empty()) || c!(word.starts_with('#')) {
            continue;
        }
        *c!(c!(counts.entry(c!(word.to_string()))).or_insert(0)) += 1;
        total += c!(word.parse::<usize>())?;
    }
    let longest = c!(c!(c!(counts.keys()).map(|key| key.len())).max());
    match longest {
        Some(length) if length > total => Ok(c!(length.saturating_sub($i))),
        _ => Ok(c!(c!(total.wrapping_mul(c!(counts.len()))).max($i))),
    }
    $6
}
END
            i=$((i + 1))
        done
    } >"$work/lib.rs"
    valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file="$work/counted" \
        "$rustc" --crate-name floors --edition=2024 --crate-type=lib --emit=metadata -C debuginfo=2 \
        --out-dir "$work" -L "dependency=$work/target/debug/deps" --extern "rustroutines=$library" \
        "$work/lib.rs" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    awk -v name="$1" -v first="${first:-0}" '/^summary/ {
        if (!first) first = $2
        printf "%-58s %6.0f million (%.2f times)\n", name, $2 / 1e6, $2 / first; print $2 >"'"$work/last"'"
    }' "$work/counted"
    first=${first:-$(cat "$work/last")}
}

machine="p::may_change_threads(async move { let output: $output = {
    $kept if false { return p::never::<$output>() }"
branch='match p::Value(($e,)).rustroutines_branch()'

count 'plain functions' '$e' 'pub fn' "$output" '' ''
count 'plain, each call asked for its type (a blocking body)' \
    'p::Value(($e,)).rustroutines_carry_out()' 'pub fn' "$output" '' ''
count 'a closure in an operation (nothing to wait for)' '$e' 'pub fn' "$operation" \
    "p::at_once_on_any_thread(move || -> $output { $kept" '})'
count '`async fn`, nothing awaited' '$e' 'pub async fn' "$output" '' ''
count '`async fn`, each call awaited' 'std::future::ready($e).await' 'pub async fn' "$output" '' ''
count 'a routine'"'"'s state machine, no call looked at' '$e' 'pub fn' "$operation" "$machine" '}; output })'
count 'the same, each call asked for its type' \
    'p::Value(($e,)).rustroutines_branch().get()' 'pub fn' "$operation" "$machine" '}; output })'
count 'the same, with a branch for what suspends, empty' \
    "$branch { s => if s.later { s.start(); loop {} } else { s.get() } }" \
    'pub fn' "$operation" "$machine" '}; output })'
count 'the same, with the wait in it (a body that suspends)' \
    "$branch { s => if s.later { s.start().await } else { s.get() } }" \
    'pub fn' "$operation" "$machine" '}; output })'
