//! Which worker may be stuck with much to do: looked at by another that is busy, one after another.
//!
//! A worker is stuck if it has much in its prompt lane at one look and at the next, and has neither begun nor ended a poll
//! in between. Between two looks of a busy worker are some dozen polls of its own, so that a long poll, or a thread
//! that the system has suspended, is what is left to think.

/// So much is taken over from a worker that is stuck. Less is not worth the way to another processor.
const BACKLOG: usize = 32;

/// Who is looked at next. Pure: the caller tells what it sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    /// The number of the thread.
    index: usize,
    /// Its pulse, where it had much to do when it was looked at last.
    pulse: Option<u64>,
}

impl Suspect {
    /// Nobody is suspected yet by this thread.
    pub(super) fn nobody(me: usize) -> Self {
        Self { index: me, pulse: None }
    }

    /// Who is to be looked at; `None` if that is `me`.
    pub(super) fn other_than(self, me: usize) -> Option<usize> {
        Some(self.index).filter(|&index| index != me)
    }

    /// Whether it is stuck, which has so much in its lane, and this pulse, which is read only where it matters: others
    /// write it all the time.
    pub(super) fn is_stuck(&mut self, lane: usize, pulse: impl FnOnce() -> u64) -> bool {
        let before = self.pulse.take();
        if lane < BACKLOG {
            return false;
        }
        let now = pulse();
        let is_stuck = before == Some(now);
        if !is_stuck {
            self.pulse = Some(now);
        }
        is_stuck
    }

    /// Of so many threads, the one to look at after this look of `me`: the same as long as it is suspected.
    pub(super) fn next(self, me: usize, threads: usize) -> Self {
        if self.pulse.is_some() {
            return self;
        }
        let after = |index: usize| if index + 1 < threads { index + 1 } else { 0 };
        let next = after(self.index);
        Self { index: if next == me { after(next) } else { next }, pulse: None }
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn who_has_much_to_do_and_does_not_move_is_stuck() {
        let mut suspect = Suspect::nobody(0).next(0, 2);
        assert_eq!(suspect.other_than(0), Some(1));
        assert!(!suspect.is_stuck(BACKLOG, || 7), "seen for the first time");
        suspect = suspect.next(0, 2);
        assert!(!suspect.is_stuck(BACKLOG, || 8), "it has moved");
        suspect = suspect.next(0, 2);
        assert!(suspect.is_stuck(BACKLOG, || 8));
        suspect = suspect.next(0, 2);
        assert!(!suspect.is_stuck(BACKLOG, || 8), "it has been relieved of what it had: looked at anew");
        assert!(!suspect.is_stuck(BACKLOG - 1, || 8), "too little");
        assert!(!suspect.is_stuck(BACKLOG, || 8), "looked at anew");
    }

    #[test]
    fn where_there_is_little_to_do_nobody_reads_a_pulse() {
        let mut suspect = Suspect::nobody(0).next(0, 2);
        assert!(!suspect.is_stuck(BACKLOG - 1, || panic!("it was read")));
    }

    #[test]
    fn all_others_are_looked_at_in_turn_and_one_stays_as_long_as_it_is_suspected() {
        let seen = |me: usize, threads: usize| {
            let mut suspect = Suspect::nobody(me);
            let mut next = || {
                suspect = suspect.next(me, threads);
                suspect.other_than(me)
            };
            (0..2 * threads).map(|_| next()).collect::<Vec<_>>()
        };
        assert_eq!(seen(0, 1), [None; 2], "there is nobody else");
        assert_eq!(seen(1, 2), [Some(0); 4]);
        assert_eq!(seen(1, 4), [2, 3, 0, 2, 3, 0, 2, 3].map(Some));
        let mut suspect = Suspect::nobody(1).next(1, 4);
        assert!(!suspect.is_stuck(BACKLOG, || 3));
        assert_eq!(suspect.next(1, 4), suspect);
        assert!(suspect.is_stuck(BACKLOG, || 3));
        assert_eq!(suspect.next(1, 4).other_than(1), Some(3));
    }
}
