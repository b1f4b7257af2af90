//! One error type for each operation.
//!
//! An error of sending gives the value back: nothing is lost. `Debug` of these never asks
//! `T: Debug`, so that `unwrap` works whatever a channel carries.

use crossbeam_utils::atomic::AtomicCell;
use std::any::Any;
use std::fmt;
use thiserror::Error;

/// The channel is closed: by [`close`](crate::channel::Sender::close), or because the other side is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the channel is closed")]
pub struct ChannelClosed;

/// A value could not be sent, because the channel is closed. Holds the value.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
#[error("sending on a closed channel")]
pub struct SendError<T>(pub T);

/// A value could not be sent at once. Holds the value.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum TrySendError<T> {
    /// No room in the buffer, or, on an unbuffered channel, no receiver that waits.
    #[error("sending on a full channel")]
    Full(T),
    /// The channel is closed.
    #[error("sending on a closed channel")]
    Closed(T),
}

/// A value could not be sent in time. Holds the value.
#[derive(Clone, Copy, PartialEq, Eq, Error)]
pub enum SendTimeoutError<T> {
    /// The time was up before there was room or a receiver.
    #[error("timed out sending on a full channel")]
    Timeout(T),
    /// The channel is closed.
    #[error("sending on a closed channel")]
    Closed(T),
}

/// No room could be reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReserveError {
    /// The channel is closed.
    #[error("reserving room on a closed channel")]
    Closed,
    /// The channel has no buffer.
    #[error("reserving room on an unbuffered channel")]
    Unbuffered,
}

/// No room could be reserved at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryReserveError {
    /// There is no room now.
    #[error("reserving room on a full channel")]
    Full,
    /// The channel is closed.
    #[error("reserving room on a closed channel")]
    Closed,
    /// The channel has no buffer.
    #[error("reserving room on an unbuffered channel")]
    Unbuffered,
}

/// Nothing more will come: the channel is closed and empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("receiving on a closed and empty channel")]
pub struct RecvError;

/// Nothing could be received at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryRecvError {
    /// The channel is empty now.
    #[error("receiving on an empty channel")]
    Empty,
    /// The channel is closed and empty.
    #[error("receiving on a closed and empty channel")]
    Closed,
}

/// Nothing could be received in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecvTimeoutError {
    /// The time was up before a value came.
    #[error("timed out receiving on an empty channel")]
    Timeout,
    /// The channel is closed and empty.
    #[error("receiving on a closed and empty channel")]
    Closed,
}

/// A receiver of a broadcast was slower than the senders, and has missed so many values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a receiver of a broadcast has missed {0} values")]
pub struct Lagged(pub u64);

/// Nothing was received from a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BroadcastRecvError {
    /// So many values were missed. The next receive gives the oldest that is retained.
    #[error("a receiver of a broadcast has missed {0} values")]
    Lagged(u64),
    /// The channel is closed, and everything was seen.
    #[error("receiving on a closed and empty channel")]
    Closed,
}

/// Nothing could be received from a broadcast at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryBroadcastRecvError {
    /// There is no value now.
    #[error("receiving on an empty channel")]
    Empty,
    /// So many values were missed. The next receive gives the oldest that is retained.
    #[error("a receiver of a broadcast has missed {0} values")]
    Lagged(u64),
    /// The channel is closed, and everything was seen.
    #[error("receiving on a closed and empty channel")]
    Closed,
}

/// Nothing could be received from a broadcast in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BroadcastRecvTimeoutError {
    /// The time was up before a value came.
    #[error("timed out receiving on an empty channel")]
    Timeout,
    /// So many values were missed. The next receive gives the oldest that is retained.
    #[error("a receiver of a broadcast has missed {0} values")]
    Lagged(u64),
    /// The channel is closed, and everything was seen.
    #[error("receiving on a closed and empty channel")]
    Closed,
}

/// The time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("timed out")]
pub struct Timeout;

/// A routine ended without a value.
#[derive(Error)]
pub enum JoinError {
    /// It was stopped by [`abort`](crate::routine::RoutineHandle::abort).
    #[error("the routine was aborted")]
    Aborted,
    /// It panicked.
    #[error("{}", .0)]
    Panicked(Panic),
    /// The runtime was shut down before it ended.
    #[error("the runtime was shut down before the routine ended")]
    ShutDown,
    /// It was never started.
    #[error("the routine was not started: {0}")]
    NotSpawned(#[from] SpawnError),
    /// Its value was taken by an earlier [`join_mut`](crate::routine::RoutineHandle::join_mut).
    #[error("the routine has been joined before")]
    AlreadyJoined,
}

impl JoinError {
    /// What the routine's panic said, where it panicked with a text.
    pub fn panic_message(&self) -> Option<&str> {
        match self {
            JoinError::Panicked(panic) => Some(panic.message()),
            _ => None,
        }
    }

    /// Goes on with the routine's panic in this thread, as [`std::panic::resume_unwind`] does.
    /// Gives the error back where it was no panic.
    pub fn resume_unwind(self) -> JoinError {
        match self {
            JoinError::Panicked(panic) => std::panic::resume_unwind(panic.into_payload()),
            other => other,
        }
    }
}

/// What a routine panicked with.
///
/// In a box: it is rare, and what every routine leaves for its joiner should be small.
pub struct Panic(Box<Panicked>);

struct Panicked {
    /// The routine's name.
    routine: Option<Box<str>>,
    /// What it said.
    message: Box<str>,
    /// What it panicked with. In a cell because it need not be `Sync`, and errors should be.
    payload: AtomicCell<Option<Box<dyn Any + Send + 'static>>>,
}

impl Panic {
    pub(crate) fn new(payload: Box<dyn Any + Send + 'static>) -> Self {
        let text = payload
            .downcast_ref::<&'static str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("(a payload that is no text)").into();
        Self(Box::new(Panicked { routine: None, message, payload: AtomicCell::new(Some(payload)) }))
    }

    /// The same, of a routine of this name.
    pub(crate) fn set_routine(&mut self, name: &str) {
        self.0.routine = Some(name.into());
    }

    /// The name of the routine, if it has one.
    pub fn routine(&self) -> Option<&str> {
        self.0.routine.as_deref()
    }

    /// What it said.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What it panicked with, as [`std::panic::catch_unwind`] gives it.
    pub fn into_payload(self) -> Box<dyn Any + Send + 'static> {
        self.0.payload.into_inner().expect("it is taken out only here")
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.routine() {
            Some(name) => write!(f, "the routine `{name}` panicked: {}", self.message()),
            None => write!(f, "the routine panicked: {}", self.message()),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Panic").field(&self.message()).finish()
    }
}

/// A routine-local was asked for after it had been dropped, at the end of its routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a routine-local was used after it had been dropped")]
pub struct AccessError;

/// A routine could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SpawnError {
    /// As many routines are alive as the runtime's configuration allows.
    #[error("the limit of {0} routines is reached; raise `max_routines` in the runtime's configuration")]
    LimitReached(usize),
    /// The runtime is shutting down or gone.
    #[error("the runtime is shut down")]
    ShutDown,
    /// The global runtime is not running yet, and the system refuses it its first threads. The next attempt may
    /// succeed; [`RustRoutineRuntime::try_global`](crate::runtime::RustRoutineRuntime::try_global) says what
    /// the system says.
    #[error("the system refuses the threads for the global runtime")]
    NoThread,
}

/// A timer could not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimerError {
    /// As many timers are set as the runtime's configuration allows.
    #[error("the limit of {0} timers is reached; raise `max_timers` in the runtime's configuration")]
    LimitReached(usize),
}

/// A runtime could not be started or reconfigured.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// The system refused a thread.
    #[error("could not start a worker thread: {0}")]
    Thread(#[source] std::io::Error),
    /// A setting makes no sense.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// The global runtime is running already, so that it is too late to configure it.
    #[error("the global runtime is running already; configure it before its first use")]
    AlreadyStarted,
}

impl<T> SendError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> TrySendError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            TrySendError::Full(value) | TrySendError::Closed(value) => value,
        }
    }

    /// Whether there was no room.
    pub fn is_full(&self) -> bool {
        matches!(self, TrySendError::Full(_))
    }

    /// Whether the channel is closed.
    pub fn is_closed(&self) -> bool {
        matches!(self, TrySendError::Closed(_))
    }
}

impl<T> SendTimeoutError<T> {
    /// The value that was not sent.
    pub fn into_inner(self) -> T {
        match self {
            SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => value,
        }
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendError(..)")
    }
}

impl<T> fmt::Debug for TrySendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_full() { "Full(..)" } else { "Closed(..)" })
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendTimeoutError::Timeout(_) => "Timeout(..)",
            SendTimeoutError::Closed(_) => "Closed(..)",
        })
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JoinError::Aborted => f.write_str("Aborted"),
            JoinError::Panicked(panic) => f.debug_tuple("Panicked").field(&panic.message()).finish(),
            JoinError::ShutDown => f.write_str("ShutDown"),
            JoinError::NotSpawned(error) => f.debug_tuple("NotSpawned").field(error).finish(),
            JoinError::AlreadyJoined => f.write_str("AlreadyJoined"),
        }
    }
}

impl<T> From<SendError<T>> for ChannelClosed {
    fn from(_: SendError<T>) -> Self {
        ChannelClosed
    }
}

impl From<RecvError> for ChannelClosed {
    fn from(_: RecvError) -> Self {
        ChannelClosed
    }
}

// What ends a wait is also among what ends an attempt, and a wait with a limit.
impl<T> From<SendError<T>> for TrySendError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        Self::Closed(value)
    }
}

impl<T> From<SendError<T>> for SendTimeoutError<T> {
    fn from(SendError(value): SendError<T>) -> Self {
        Self::Closed(value)
    }
}

impl From<RecvError> for TryRecvError {
    fn from(_: RecvError) -> Self {
        Self::Closed
    }
}

impl From<RecvError> for RecvTimeoutError {
    fn from(_: RecvError) -> Self {
        Self::Closed
    }
}

impl From<ReserveError> for TryReserveError {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Closed => Self::Closed,
            ReserveError::Unbuffered => Self::Unbuffered,
        }
    }
}

impl From<BroadcastRecvError> for TryBroadcastRecvError {
    fn from(error: BroadcastRecvError) -> Self {
        match error {
            BroadcastRecvError::Lagged(missed) => Self::Lagged(missed),
            BroadcastRecvError::Closed => Self::Closed,
        }
    }
}

impl From<BroadcastRecvError> for BroadcastRecvTimeoutError {
    fn from(error: BroadcastRecvError) -> Self {
        match error {
            BroadcastRecvError::Lagged(missed) => Self::Lagged(missed),
            BroadcastRecvError::Closed => Self::Closed,
        }
    }
}
