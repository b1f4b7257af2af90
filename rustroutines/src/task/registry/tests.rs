//! Seats without tasks.

use super::*;
use crate::task::{Ending, Meta};
use async_task::Runnable;

/// A home for seats without tasks.
struct Nobody;

impl Home for Nobody {
    fn schedule(_: Runnable<Meta<Self>>, _: bool) {
        unreachable!("there are no tasks here");
    }
    fn has_room(&self, _: Seat<Self>) {}
    fn address(&self) -> usize {
        0
    }
    fn emptied(&self) {}
    fn ended(&self, _: Ending) {}
    fn told(&self, _: u64, _: Told) {}
    fn offer(_: Spare<Self>) {}
}

fn registry() -> Registry<Nobody> {
    Registry::new(|| Nobody)
}

fn seat(registry: &Registry<Nobody>, spawner: &mut Spawner<Nobody>) -> Option<Slot<Nobody>> {
    registry.seat(spawner, Location::caller(), None).map(|newcomer| newcomer.slot)
}

#[cfg(not(loom))]
mod seats {
    use super::block::SEATS;
    use super::*;
    use crate::error::JoinError;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_unique_and_seats_are_used_again() {
        let registry = registry();
        let (mut one, mut other) = (Spawner::new(), Spawner::new());
        let mut numbers = HashSet::new();
        for _ in 0..1_000 {
            for spawner in [&mut one, &mut other] {
                let mut slot = seat(&registry, spawner).unwrap();
                assert!(numbers.insert(slot.id()));
                slot.leave();
            }
        }
        assert_eq!(registry.blocks().len(), 2, "one block for each spawner is enough");
        assert_eq!(registry.ask_for_news(0, &[]), None);
    }

    #[test]
    fn a_full_block_is_left_and_may_be_adopted_again() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let mut slots: Vec<_> = (0..=SEATS).map(|_| seat(&registry, &mut spawner).unwrap()).collect();
        assert_eq!(registry.blocks().len(), 2);
        let mut first = slots.remove(0);
        let gone = first.id();
        first.leave();
        registry.list(&first.seat());
        let again = seat(&registry, &mut Spawner::new()).unwrap();
        assert_eq!(registry.blocks().len(), 2, "the seat that came free was taken");
        assert_ne!(again.id(), gone);
    }

    #[test]
    fn the_block_of_a_dismissed_spawner_is_adopted_by_the_next() {
        let registry = registry();
        let mut kept = Vec::new();
        for n in 0..2 * SEATS {
            let mut spawner = Spawner::new();
            kept.push(seat(&registry, &mut spawner).unwrap());
            registry.dismiss(&mut spawner);
            registry.dismiss(&mut spawner);
            assert_eq!(registry.blocks().len(), n / SEATS + 1, "full before another is made");
        }
    }

    #[test]
    fn an_abort_that_comes_late_does_not_hit_the_next_one_on_the_seat() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let mut gone = seat(&registry, &mut spawner).unwrap();
        let (place, id) = (gone.seat(), gone.id());
        gone.leave();
        let next = seat(&registry, &mut spawner).unwrap();
        assert!(place.abort(id).is_none());
        assert!(matches!(next.order(), Order::GoOn));
        place.abort(next.id());
        assert!(matches!(next.order(), Order::End(JoinError::Aborted)));
    }

    #[test]
    fn a_closed_registry_seats_nobody_and_orders_everybody() {
        let registry = registry();
        let mut spawner = Spawner::new();
        let (slot, aborted) =
            (seat(&registry, &mut spawner).unwrap(), seat(&registry, &mut spawner).unwrap());
        aborted.seat().abort(aborted.id());
        let living = registry.close();
        assert_eq!(living.iter().map(|living| living.id).collect::<Vec<_>>(), [slot.id(), aborted.id()]);
        assert!(matches!(slot.order(), Order::End(JoinError::ShutDown)));
        assert!(matches!(aborted.order(), Order::End(JoinError::Aborted)));
        assert!(seat(&registry, &mut spawner).is_none());
        assert!(seat(&registry, &mut Spawner::new()).is_none());
        assert_eq!(registry.ask_for_news(0, &[slot.id()]), Some(0));
        assert_eq!(registry.ask_for_news(0, &[slot.id(), aborted.id()]), None);
        assert_eq!(registry.ask_for_news(1, &[]), None);
    }
}

#[cfg(loom)]
mod model {
    use super::*;
    use crate::driver::parker::Parker;

    /// A routine parks for the first time while it is aborted. Without the second look in
    /// `leave_waker` this hangs.
    #[test]
    fn an_abort_during_the_first_poll_is_not_lost() {
        loom::model(|| {
            let registry = registry();
            let mut slot = seat(&registry, &mut Spawner::new()).unwrap();
            let (place, id) = (slot.seat(), slot.id());
            let aborter = loom::thread::spawn(move || {
                if let Some(waker) = place.abort(id) {
                    waker.wake();
                }
            });
            let parker = Arc::new(Parker::new());
            let waker = Waker::from(parker.clone());
            if matches!(slot.order(), Order::GoOn) {
                slot.parked(&waker);
                parker.park();
                assert!(matches!(slot.order(), Order::End(_)), "woken without an order");
            }
            aborter.join().unwrap();
        });
    }
}
