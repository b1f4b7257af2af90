//! Random numbers from a seed that is printed when a test fails.

/// A small generator (xorshift64*), good enough to vary a test.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Spreads seeds that follow one another; the state must not be 0.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// Runs `test` with `count` seeds that follow one another from a new one, or with the one in the
/// environment variable `RUSTROUTINES_SEED`. Where it panics, says with which.
pub(crate) fn with_seeds(count: u64, mut test: impl FnMut(u64)) {
    /// Says so when it is dropped by a panic.
    struct Blame(u64);
    impl Drop for Blame {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("to try this again: RUSTROUTINES_SEED={}", self.0);
            }
        }
    }
    let given = std::env::var("RUSTROUTINES_SEED").ok().map(|seed| seed.parse().expect("a seed is a number"));
    let first = given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| now.as_nanos() as u64 % 1_000_000_000_000)
    });
    let count = if given.is_some() { 1 } else { count };
    for seed in first..first + count {
        let _blame = Blame(seed);
        test(seed);
    }
}
