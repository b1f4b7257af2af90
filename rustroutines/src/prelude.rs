//! What most programs use: `use rustroutines::prelude::*;`.
//!
//! [`Duration`] and [`Instant`] are the standard library's, here because timeouts are everywhere.

pub use crate::channel::{
    Receiver, Sender, after, bounded_channel, broadcast_channel, channel, never, tick, unbounded_channel,
};
pub use crate::error::{
    JoinError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Timeout, TryRecvError, TrySendError,
};
pub use crate::io::block_on_io;
pub use crate::platform::clock::Instant;
pub use crate::routine::{RoutineHandle, join_all, spawn, yield_now};
pub use crate::time::{sleep, sleep_until, timeout};
pub use crate::{Suspend, go, plain, routine, select, suspend};
pub use std::time::Duration;
