//! The operations of a channel: [`SendOp`] and [`RecvOp`].
//!
//! - `send`: sending.
//! - `recv`: receiving.

mod recv;
mod send;

pub use recv::RecvOp;
pub use send::SendOp;

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use crate::channel::unbounded_channel;
    use crate::task::budget;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    fn poll<O: Future + Unpin>(mut operation: O) -> Poll<O::Output> {
        Pin::new(&mut operation).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_poll_ends_where_its_budget_does() {
        let (tx, rx) = unbounded_channel();
        let sends = || (0..1_000).take_while(|_| poll(tx.send(1)).is_ready()).count();
        let receives = || (0..1_000).take_while(|_| poll(rx.recv()).is_ready()).count();
        assert_eq!(budget::with_fresh(sends), budget::PER_POLL as usize);
        assert_eq!(rx.len(), budget::PER_POLL as usize, "what was put off has done nothing");
        assert_eq!(sends(), 1_000, "outside of a routine there is none");
        assert_eq!(budget::with_fresh(receives), budget::PER_POLL as usize);
        assert_eq!(rx.len(), 1_000);
    }

    /// A queue is made larger apart from the usual way.
    #[test]
    fn an_operation_that_needs_memory_gets_it() {
        let (tx, rx) = unbounded_channel();
        for count in [1, 5, 100, 10_000] {
            (0..count).for_each(|value| assert_eq!(poll(tx.send(value)), Poll::Ready(Ok(()))));
            (0..count).for_each(|value| assert_eq!(poll(rx.recv()), Poll::Ready(Ok(value))));
        }
    }
}
