//! Code that is not ours may panic; what is ours goes on.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

/// What somebody panicked with.
pub(crate) type Payload = Box<dyn Any + Send + 'static>;

/// Runs `f`; gives what it panicked with.
#[inline]
pub(crate) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    catch_unwind(AssertUnwindSafe(f))
}

/// Runs `f`. Its panic has been reported by the panic hook, and ends here; so does one of the payload's
/// own destructor.
#[inline]
pub(crate) fn swallow(f: impl FnOnce()) {
    if let Err(payload) = contain(f) {
        if let Err(another) = contain(|| drop(payload)) {
            mem::forget(another);
        }
    }
}

/// Wakes. A waker that panics disturbs neither its caller nor those that are woken after it.
#[inline]
pub(crate) fn wake(waker: Waker) {
    swallow(|| waker.wake());
}

/// Drops a waker that is not needed any more. Where that panics, it is nobody's concern.
#[inline]
pub(crate) fn discard(waker: Option<Waker>) {
    if let Some(waker) = waker {
        swallow(|| drop(waker));
    }
}

/// A waker whose panics go no further.
pub(crate) struct Contained(Option<Waker>);

impl Contained {
    /// One that wakes `waker`.
    pub(crate) fn waker(waker: Waker) -> Waker {
        Waker::from(Arc::new(Self(Some(waker))))
    }
}

impl Wake for Contained {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(waker) = &self.0 {
            swallow(|| waker.wake_by_ref());
        }
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        let waker = self.0.take();
        swallow(|| drop(waker));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a destructor that panics");
        }
    }

    #[test]
    fn a_payload_that_panics_in_turn_is_swallowed_too() {
        swallow(|| std::panic::panic_any(Bomb));
        assert!(contain(|| panic!("once")).is_err());
        assert_eq!(contain(|| 7).ok(), Some(7));
    }
}
