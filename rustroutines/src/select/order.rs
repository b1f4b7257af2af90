//! The order in which arms are attempted.

use crate::platform::random;

/// The numbers of arms, and a uniformly random order of them, of which each is drawn when it is asked for
/// (Fisher and Yates' shuffle, one step at a time). A rotation by a random number would be cheaper, and not
/// uniform: of two arms that are ready, the one behind the longer gap would be chosen more often.
#[derive(Debug)]
pub(super) enum Order {
    /// So many of these, of so few arms.
    Few([u8; Order::FEW], usize),
    /// These, of many.
    Many(Vec<u32>),
}

impl Order {
    /// So many numbers fit without an allocation.
    const FEW: usize = 16;

    /// No number yet, but room for `count`, for which `lend` may lend a list.
    #[inline]
    pub(super) fn new(count: usize, lend: impl FnOnce() -> Vec<u32>) -> Self {
        if count <= Self::FEW {
            return Self::Few([0; Self::FEW], 0);
        }
        assert!(u32::try_from(count).is_ok(), "fewer than four billion arms");
        let mut numbers = lend();
        numbers.clear();
        Self::Many(numbers)
    }

    /// One number more.
    #[inline]
    pub(super) fn push(&mut self, arm: usize) {
        match self {
            Self::Few(numbers, len) => {
                numbers[*len] = arm as u8;
                *len += 1;
            }
            Self::Many(numbers) => numbers.push(arm as u32),
        }
    }

    /// How many numbers there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(_, len) => *len,
            Self::Many(numbers) => numbers.len(),
        }
    }

    /// The arm whose turn it is. Turns are asked for in order, each once.
    #[inline]
    pub(super) fn pick(&mut self, turn: usize) -> usize {
        match self {
            Self::Few(numbers, len) => draw(&mut numbers[..*len], turn).into(),
            Self::Many(numbers) => draw(numbers, turn) as usize,
        }
    }
}

#[inline]
fn draw<N: Copy>(numbers: &mut [N], turn: usize) -> N {
    let left = numbers.len() - turn;
    if left > 1 {
        numbers.swap(turn, turn + random::below(left));
    }
    numbers[turn]
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn all(count: usize) -> Order {
        let mut order = Order::new(count, Vec::new);
        (0..count).for_each(|arm| order.push(arm));
        order
    }

    #[test]
    fn every_order_is_a_permutation() {
        for count in [0, 1, 2, 3, 16, 17, 100] {
            let mut order = all(count);
            let mut seen: Vec<usize> = (0..order.len()).map(|turn| order.pick(turn)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_lent_is_used_again_and_forgotten() {
        let lent = vec![7; 100];
        let room = lent.as_ptr();
        let mut order = Order::new(100, || lent);
        order.push(3);
        assert_eq!((order.len(), order.pick(0)), (1, 3));
        let Order::Many(numbers) = order else { unreachable!("a hundred are many") };
        assert_eq!(numbers.as_ptr(), room);
    }

    #[test]
    fn each_arm_comes_first_equally_often() {
        const ROUNDS: usize = 30_000;
        for count in [2, 3, 17] {
            let mut first = vec![0_usize; count];
            for _ in 0..ROUNDS {
                first[all(count).pick(0)] += 1;
            }
            let share = ROUNDS as f64 / count as f64;
            for hits in first {
                // Six standard deviations.
                assert!((hits as f64 - share).abs() < 6.0 * share.sqrt(), "{hits} of {share}");
            }
        }
    }
}
