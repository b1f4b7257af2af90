//! What is reported to the crate `tracing`, with the feature of this name; without it there is nothing.
//!
//! Under the target `rustroutines`: beginnings and ends of routines at the level `TRACE`, and at `WARN`
//! routines that were so long in one poll that their worker had to be relieved. Each with the routine's
//! number `id`, its `name` if it has one, and the `site` of its spawn.

use super::Ending;
use std::panic::Location;

/// Who a routine is.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "nobody is told"))]
pub(crate) struct Who<'a> {
    /// Its number.
    pub(crate) id: u64,
    /// Its name.
    pub(crate) name: Option<&'a str>,
    /// Where it was spawned.
    pub(crate) site: &'static Location<'static>,
}

/// Whether anybody is told.
pub(crate) const IS_ON: bool = cfg!(feature = "tracing");

#[cfg(not(feature = "tracing"))]
mod off {
    use super::{Ending, Who};

    #[inline]
    pub(crate) fn spawned(_: Who<'_>) {}

    #[inline]
    pub(crate) fn ended(_: Who<'_>, _: Ending) {}

    #[inline]
    pub(crate) fn late(_: Who<'_>) {}
}

#[cfg(feature = "tracing")]
mod on {
    use super::{Ending, Who};
    use tracing::{Level, event};

    /// A routine begins.
    pub(crate) fn spawned(who: Who<'_>) {
        let Who { id, name, site } = who;
        event!(target: "rustroutines", Level::TRACE, id, name, %site, "a routine was spawned");
    }

    /// A routine is over.
    pub(crate) fn ended(who: Who<'_>, ending: Ending) {
        let Who { id, name, site } = who;
        event!(target: "rustroutines", Level::TRACE, id, name, %site, ?ending, "a routine has ended");
    }

    /// A routine kept its worker for so long that another thread took the worker's place.
    pub(crate) fn late(who: Who<'_>) {
        let Who { id, name, site } = who;
        event!(
            target: "rustroutines", Level::WARN, id, name, %site,
            "a routine blocks or computes for long: another thread has taken its worker's place"
        );
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::{ended, late, spawned};
#[cfg(feature = "tracing")]
pub(crate) use on::{ended, late, spawned};

#[cfg(all(test, feature = "tracing", not(loom)))]
mod tests {
    use crate::routine::{Builder, yield_now};
    use crate::runtime::{RuntimeConfig, RustRoutineRuntime};
    use crate::suspend::Suspend;
    use std::fmt::{Debug, Write};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;
    use tracing::field::{Field, Visit};
    use tracing::{Event, Level, Metadata, Subscriber, span};

    /// Writes events down, a line each.
    #[derive(Clone, Default)]
    struct Notes(Arc<Mutex<Vec<(Level, String)>>>);

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, "{}={value:?} ", field.name()).unwrap();
        }
    }

    impl Subscriber for Notes {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "rustroutines"
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, event: &Event<'_>) {
            let mut line = Line(String::new());
            event.record(&mut line);
            self.0.lock().unwrap().push((*event.metadata().level(), line.0));
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn beginnings_ends_and_routines_that_hog_a_worker_are_reported_by_name() {
        let notes = Notes::default();
        tracing::subscriber::set_global_default(notes.clone()).expect("this is the only test that sets it");
        let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1)).unwrap();
        let (tx, rx) = std::sync::mpsc::channel();
        let hog = Builder::new().name("the hog").spawn_on(&runtime, move || async move {
            // Until another routine has run, which needs another thread.
            rx.recv_timeout(Duration::from_secs(120)).is_ok()
        });
        let other = runtime.spawn(move || async move {
            yield_now().await;
            tx.send(()).unwrap();
        });
        assert!(hog.unwrap().join().block().unwrap());
        other.join().block().unwrap();
        let found = |level, words: &[&str]| {
            let notes = notes.0.lock().unwrap();
            notes.iter().any(|(at, line)| *at == level && words.iter().all(|word| line.contains(word)))
        };
        assert!(found(Level::TRACE, &["a routine was spawned", "\"the hog\"", "report.rs:"]));
        assert!(found(Level::TRACE, &["a routine has ended", "\"the hog\"", "ending=Completed"]));
        // The report comes after the place has changed hands.
        while !found(Level::WARN, &["another thread has taken", "\"the hog\"", "report.rs:"]) {
            crate::platform::thread::sleep(Duration::from_millis(1));
        }
    }
}
