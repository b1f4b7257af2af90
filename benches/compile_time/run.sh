#!/bin/sh
# What the attribute costs the compiler: a crate of 100 functions, plain, with each function
# `#[routine(blocking)]`, with each `#[routine]`, with each `async fn`, and with each of those awaiting every call,
# as a routine may. Takes user and system time of `cargo check` and `cargo build` of that crate alone, its
# dependencies built, and prints each run as the comparison reads it (plain functions are std's, asynchronous ones
# tokio's), and the best of RUNS (5).
#
# usage: benches/compile_time/run.sh [RUNS]
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
runs=${1:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR="$work/target" CARGO_INCREMENTAL=0

# The crate of the name $1, its functions behind the attribute $2 and the word $3; each call stands between $4 and $5.
crate() {
    mkdir -p "$work/$1/src"
    cat >"$work/$1/Cargo.toml" <<END
[package]
name = "compile-time-$1"
version = "0.0.0"
edition = "2024"
[dependencies]
rustroutines = { path = "$here/rustroutines" }
[workspace]
END
    {
        echo "use std::collections::HashMap;"
        i=0
        while [ $i -lt 100 ]; do
            cat <<END
/// Function $i.
$2
pub $3fn f$i(text: &str, counts: &mut HashMap<String, usize>) -> Result<usize, std::num::ParseIntError> {
    let mut total = 0;
    for word in @{text.split(' ')}@ {
        let word = @{word.trim()}@;
        if @{word.is_empty()}@ || @{word.starts_with('#')}@ {
            continue;
        }
        *@{@{counts.entry(@{word.to_string()}@)}@.or_insert(0)}@ += 1;
        total += @{word.parse::<usize>()}@?;
    }
    let longest = @{@{@{counts.keys()}@.map(|key| key.len())}@.max()}@;
    match longest {
        Some(length) if length > total => Ok(@{length.saturating_sub($i)}@),
        _ => Ok(@{@{total.wrapping_mul(@{counts.len()}@)}@.max($i)}@),
    }
}
END
            i=$((i + 1))
        done
    } | sed "s/@{/$4/g; s/}@/$5/g" >"$work/$1/src/lib.rs"
}

readonly kinds="plain async awaiting blocking suspending"
crate plain "" "" "" ""
crate async "" "async " "" ""
crate awaiting "" "async " "std::future::ready(" ").await"
crate blocking "#[rustroutines::routine(blocking)]" "" "" ""
crate suspending "#[rustroutines::routine]" "" "" ""

# The CPU seconds of one command.
cpu() {
    { bash -c 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1' - "$@"; } 2>&1 |
        awk '{ printf "%.2f\n", $1 + $2 }'
}

# A line for each row in which functions of kind $1 take part, for `cargo $2` in $3 seconds.
figures() {
    case $1 in
    suspending) set -- "$2" "$3" rustroutines "" _awaiting ;;
    blocking) set -- "$2" "$3" rustroutines _blocking ;;
    plain) set -- "$2" "$3" std "" _blocking ;;
    async) set -- "$2" "$3" tokio "" ;;
    awaiting) set -- "$2" "$3" tokio _awaiting ;;
    esac
    command_=$1 seconds=$2 who=$3
    shift 3
    for suffix; do
        awk -v r="compile_time/$command_$suffix" -v w="$who" -v s="$seconds" \
            'BEGIN { printf "%s %s %.0f ns\n", r, w, s * 1e9 }'
    done
}

for command in check build; do
    for kind in $kinds; do
        (cd "$work/$kind" && cargo $command --quiet)
        : >"$work/$command.$kind"
    done
    run=0
    while [ $run -lt "$runs" ]; do # in turns, so that a busy moment meets all
        for kind in $kinds; do
            touch "$work/$kind/src/lib.rs"
            (cd "$work/$kind" && cpu cargo $command --quiet) >>"$work/$command.$kind"
            figures "$kind" "$command" "$(tail -n 1 "$work/$command.$kind")"
        done
        run=$((run + 1))
    done
    plain=$(sort -n "$work/$command.plain" | head -n 1)
    for kind in $kinds; do
        best=$(sort -n "$work/$command.$kind" | head -n 1)
        awk -v c="$command" -v k="$kind" -v b="$best" -v p="$plain" \
            'BEGIN { printf "cargo %s, %s: %.2f s (%.2f times)\n", c, k, b, b / p }'
    done
done
