//! What most programs use: `use rustroutines::prelude::*;`.
//!
//! All macros, channels, the handles of routines, sleeping and timeouts, and the errors of all these.
//! [`Duration`] and [`Instant`] are the standard library's, here because timeouts are everywhere. With
//! the macros `#[routine]` and `select!` come the modules of these names, so that
//! `routine::Builder` needs no `use`.
//!
//! What is not here: [`io::Read`](crate::io::Read), [`Write`](crate::io::Write) and their like, because the
//! standard library's have the same names. Whoever reads and writes asks for them, as with the standard
//! library: `use rustroutines::io::prelude::*;`.

pub use crate::channel::{
    BroadcastReceiver, BroadcastSender, Receiver, Sender, after, bounded_channel, broadcast_channel, channel,
    never, tick, unbounded_channel,
};
pub use crate::error::{
    JoinError, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Timeout, TryRecvError, TrySendError,
};
pub use crate::io::block_on_io;
pub use crate::platform::clock::Instant;
pub use crate::routine::{RoutineHandle, join_all, spawn, yield_now};
pub use crate::time::{sleep, sleep_until, timeout};
pub use crate::{Suspend, go, plain, routine, routine_local, select, suspend};
pub use std::time::Duration;
