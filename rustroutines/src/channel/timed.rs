//! The operations of a channel that give up at a deadline; broadcast's are made the same way.

use super::ops::{RecvOp, SendOp};
use crate::error::{RecvTimeoutError, SendTimeoutError};
use crate::time::Sleep;
use std::task::Context;

/// Whether the time is up.
pub(super) fn is_over(sleep: &mut Sleep, cx: &mut Context<'_>) -> bool {
    sleep.poll_limit(cx).is_ready()
}

/// Makes an operation with a time limit out of one without. `in_time` is what the output of that becomes;
/// `give_up` ends it when the time is up, and says what has become of it: what happened between the look at
/// the operation and the look at the clock has happened.
macro_rules! limited {
    (
        $(#[$about:meta])*
        $name:ident [$($bounds:tt)*]: $operation:ty => $output:ty,
        $in_time:expr, $give_up:expr
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $name<'a, T> {
            /// The wait without its end.
            operation: $operation,
            /// The end of the wait.
            sleep: crate::time::Sleep,
        }

        impl<'a, T> $name<'a, T> {
            pub(super) fn after(operation: $operation, duration: std::time::Duration) -> Self {
                Self { operation, sleep: crate::time::sleep(duration) }
            }

            pub(super) fn at(operation: $operation, deadline: crate::platform::clock::Instant) -> Self {
                Self { operation, sleep: crate::time::sleep_until(deadline) }
            }
        }

        impl<'a, T: $($bounds)*> Future for $name<'a, T> {
            type Output = $output;

            fn poll(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                use std::task::Poll;
                let this = self.get_mut();
                if let Poll::Ready(output) = std::pin::Pin::new(&mut this.operation).poll(cx) {
                    return Poll::Ready($in_time(output));
                }
                if crate::channel::timed::is_over(&mut this.sleep, cx) {
                    return Poll::Ready($give_up(&mut this.operation));
                }
                Poll::Pending
            }
        }

        impl<'a, T: $($bounds)*> crate::Suspend for $name<'a, T> {
            fn select_step(
                self: std::pin::Pin<&mut Self>,
                step: crate::select::Step<'_, '_>,
            ) -> crate::select::Progress<Self::Output> {
                use crate::select::{Progress, Step};
                let this = self.get_mut();
                let operation = std::pin::Pin::new(&mut this.operation);
                match step {
                    Step::Attempt(cx) => match operation.select_step(Step::Attempt(cx)) {
                        Progress::Waiting if crate::channel::timed::is_over(&mut this.sleep, cx) => {
                            Progress::Done($give_up(&mut this.operation))
                        }
                        progress => progress.map($in_time),
                    },
                    // The time may be up, whatever the operation says.
                    Step::Peek => Progress::Retry,
                    step => operation.select_step(step).map($in_time).and_polled(),
                }
            }
        }
    };
}

pub(super) use limited;

limited! {
    /// Sends a value before a deadline: the operation of
    /// [`Sender::send_timeout`](super::Sender::send_timeout) and
    /// [`send_deadline`](super::Sender::send_deadline).
    #[must_use = "nothing is sent until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
    SendTimeout[]: SendOp<'a, T> => Result<(), SendTimeoutError<T>>,
    |sent: Result<(), crate::error::SendError<T>>| sent.map_err(|error| SendTimeoutError::Closed(error.0)),
    |send: &mut SendOp<'a, T>| send.stop().map_err(SendTimeoutError::Timeout)
}

limited! {
    /// Receives a value before a deadline: the operation of
    /// [`Receiver::recv_timeout`](super::Receiver::recv_timeout) and
    /// [`recv_deadline`](super::Receiver::recv_deadline).
    #[must_use = "nothing is received until the operation is carried out: call it inside a routine, directly and not in a closure or a macro there, or add `.block()` in plain code"]
    RecvTimeout[]: RecvOp<'a, T> => Result<T, RecvTimeoutError>,
    |received: Result<T, crate::error::RecvError>| received.map_err(|_| RecvTimeoutError::Closed),
    |recv: &mut RecvOp<'a, T>| recv.stop().ok_or(RecvTimeoutError::Timeout)
}
