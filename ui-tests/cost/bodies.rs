//! Plain bodies, compiled once as they are and once, with `--cfg routines`, as blocking routines. `cost.rs`
//! compares what the compiler makes of them.

#![allow(unexpected_cfgs, missing_docs)]

#[cfg(routines)]
use rustroutines::routine;

#[derive(Debug)]
pub struct Grid {
    width: usize,
    cells: Vec<u8>,
}

impl Grid {
    #[inline(never)]
    #[cfg_attr(routines, routine(blocking))]
    pub fn neighbours(&self, x: usize, y: usize) -> usize {
        let rows = y.saturating_sub(1)..=y.saturating_add(1);
        let mut count = 0;
        for row in rows.clone() {
            for cell in self.cells.iter().skip(row.wrapping_mul(self.width)).take(self.width).skip(x).take(3)
            {
                count += usize::from(alive(*cell));
            }
        }
        count
    }
}

#[inline(never)]
#[cfg_attr(routines, routine(blocking))]
pub fn alive(cell: u8) -> bool {
    cell.count_ones() > 2 && cell.leading_zeros().min(3) == 3
}

#[inline(never)]
#[cfg_attr(routines, routine(blocking))]
pub fn words(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        if word.len() > 3 {
            found.push(word.trim_matches('.'));
        }
    }
    found
}

#[inline(never)]
#[cfg_attr(routines, routine(blocking))]
pub fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    let (first, second) = text.split_once('+').unwrap_or((text, "0"));
    Ok(first.trim().parse::<u32>()?.wrapping_add(second.trim().parse::<u32>()?))
}

#[inline(never)]
#[cfg_attr(routines, routine(blocking))]
pub fn fail(code: u32) -> ! {
    std::process::exit(code.rotate_left(1) as i32)
}

#[inline(never)]
#[cfg_attr(routines, routine(blocking))]
pub fn locked(lock: &std::sync::Mutex<Vec<u32>>, n: u32) -> u32 {
    let mut guard = lock.lock().unwrap();
    if n == 7 {
        fail(n);
    }
    guard.push(n.pow(2));
    guard.iter().copied().fold(0, u32::wrapping_add)
}
