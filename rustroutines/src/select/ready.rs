//! Which arms may be ready, and which of them is attempted next.

use crate::platform::random;

/// Arms that may be ready. They are drawn one after another, each of those that are left equally likely. The next one
/// in a circle after a random number would be cheaper, and not uniform: of two arms that are ready, the one behind the
/// longer gap would be chosen more often.
#[derive(Debug)]
pub(super) enum Ready {
    /// A bit for each arm, of so few arms.
    Few(u64),
    /// Their numbers, of many.
    Many(Vec<u32>),
}

impl Ready {
    /// How many arms are few.
    const FEW: usize = u64::BITS as usize;

    /// None yet, but room for `count`, for which `lend` may lend a list.
    #[inline]
    pub(super) fn none(count: usize, lend: impl FnOnce() -> Vec<u32>) -> Self {
        if count <= Self::FEW {
            return Self::Few(0);
        }
        assert!(u32::try_from(count).is_ok(), "fewer than four billion arms");
        let mut numbers = lend();
        numbers.clear();
        Self::Many(numbers)
    }

    /// Says of `arm` whether it may be ready.
    #[inline]
    pub(super) fn note(&mut self, arm: usize, ready: bool) {
        match self {
            // No branch: nobody foresees which arm is ready.
            Self::Few(arms) => *arms |= u64::from(ready) << arm,
            Self::Many(numbers) if ready => numbers.push(arm as u32),
            Self::Many(_) => {}
        }
    }

    /// Takes one out.
    #[inline]
    pub(super) fn draw(&mut self) -> Option<usize> {
        match self {
            Self::Few(0) => None,
            Self::Few(arms) => {
                let mut left = *arms;
                if !left.is_power_of_two() {
                    for _ in 0..random::below(left.count_ones() as usize) {
                        left &= left - 1;
                    }
                }
                let arm = left.trailing_zeros();
                *arms &= !(1 << arm);
                Some(arm as usize)
            }
            Self::Many(numbers) if numbers.len() > 1 => {
                Some(numbers.swap_remove(random::below(numbers.len())) as usize)
            }
            Self::Many(numbers) => numbers.pop().map(|arm| arm as usize),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Every arm but those whose number is a multiple of three.
    fn two_thirds(count: usize) -> Ready {
        let mut ready = Ready::none(count, Vec::new);
        (0..count).for_each(|arm| ready.note(arm, arm % 3 != 0));
        ready
    }

    #[test]
    fn each_is_drawn_once_and_no_other() {
        for count in [0, 1, 2, 3, 16, 63, 64, 65, 100] {
            let mut ready = two_thirds(count);
            let mut drawn: Vec<usize> = std::iter::from_fn(|| ready.draw()).collect();
            drawn.sort_unstable();
            assert_eq!(drawn, (0..count).filter(|arm| arm % 3 != 0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_lent_is_used_again_and_forgotten() {
        let lent = vec![7; 100];
        let room = lent.as_ptr();
        let mut ready = Ready::none(100, || lent);
        ready.note(3, true);
        assert_eq!((ready.draw(), ready.draw()), (Some(3), None));
        let Ready::Many(numbers) = ready else { unreachable!("a hundred are many") };
        assert_eq!(numbers.as_ptr(), room);
    }

    #[test]
    fn each_comes_first_equally_often() {
        const ROUNDS: usize = 30_000;
        for count in [3, 5, 64, 65] {
            let mut first = vec![0_usize; count];
            for _ in 0..ROUNDS {
                first[two_thirds(count).draw().expect("some are ready")] += 1;
            }
            let among = (0..count).filter(|arm| arm % 3 != 0).count();
            let share = ROUNDS as f64 / among as f64;
            for (arm, hits) in first.into_iter().enumerate().filter(|(arm, _)| arm % 3 != 0) {
                // Six standard deviations.
                assert!((hits as f64 - share).abs() < 6.0 * share.sqrt(), "{arm}: {hits} of {share}");
            }
        }
    }
}
