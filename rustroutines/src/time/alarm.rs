//! A timer that is nobody's operation: it wakes a waker by itself, for channels that time feeds.

use crate::driver::Driver;
use crate::driver::timer::TimerKey;
use crate::error::TimerError;
use crate::platform::clock::Instant;
use crate::platform::sync::Mutex;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;

/// One timer, which may be set again each time that it has fired. Dropping it takes the timer away.
pub(crate) struct Alarm {
    /// Keeps the time.
    driver: Arc<Driver>,
    /// The timer that was set last, whether or not it has fired.
    timer: Mutex<Option<TimerKey>>,
}

impl Alarm {
    /// An alarm that is not set, on the current runtime's clockwork.
    pub(crate) fn new() -> Self {
        Self { driver: crate::runtime::driver(), timer: Mutex::new(None) }
    }

    /// Wakes `waker` once `deadline` has passed: never before. What was set earlier must have fired.
    ///
    /// # Errors
    /// Where there are as many timers as there may be.
    pub(crate) fn set(&self, deadline: Instant, waker: Waker) -> Result<(), TimerError> {
        // Held while the timer goes in: it may fire at once and set the next, whose key must be the one
        // that stays. Nothing of the user's is called meanwhile; at most a sleeping worker is roused.
        let mut timer = self.timer.lock();
        *timer = Some(self.driver.insert(deadline, waker)?);
        Ok(())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let timer = self.timer.lock().take();
        if let Some(timer) = timer {
            self.driver.cancel(timer);
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alarm")
    }
}
