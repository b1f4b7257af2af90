//! How a runtime is set up.

use crate::error::RuntimeError;
use crate::platform::system::threads::{allowed_cpus, node_file};
use crate::platform::thread::available_parallelism;
use crate::scheduler::{Pinning, Settings, Topology};
use std::time::Duration;

/// Threads that may wait or be stuck, beyond the workers.
const SPARE_THREADS: usize = 512;
/// Threads of the blocking pool.
const BLOCKING_THREADS: usize = 512;
/// How long a thread that is not needed stays.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// More workers than this are a mistake.
const MOST_WORKERS: usize = 4096;

/// The settings of a runtime.
///
/// What is not set here is taken from the environment, and what is not there either has a default:
///
/// | setting                | variable                           | default                     |
/// |------------------------|------------------------------------|-----------------------------|
/// | `workers`              | `RUSTROUTINES_WORKERS`             | the CPUs that are available |
/// | `max_threads`          | `RUSTROUTINES_MAX_THREADS`         | `workers` + 512             |
/// | `max_routines`         | `RUSTROUTINES_MAX_ROUTINES`        | no limit                    |
/// | `max_timers`           | `RUSTROUTINES_MAX_TIMERS`          | no limit                    |
/// | `max_blocking_threads` | `RUSTROUTINES_MAX_BLOCKING_THREADS`| 512                         |
/// | `thread_name`          |                                    | `rustroutines`              |
/// | `keep_alive`           | `RUSTROUTINES_KEEP_ALIVE_MS`       | 10 s                        |
/// | `pinning`              | `RUSTROUTINES_PINNING`             | `none`                      |
/// | `dump_on_signal`       | `RUSTROUTINES_DUMP_ON_SIGNAL`      | no signal                   |
///
/// `RUSTROUTINES_PINNING` is `none`, `node` or `processor`.
///
/// # Examples
/// ```
/// use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
///
/// let config = RuntimeConfig::new().workers(2).max_routines(10_000).thread_name("shop");
/// let runtime = RustRoutineRuntime::with_config(config)?;
/// # Ok::<(), rustroutines::error::RuntimeError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct RuntimeConfig {
    workers: Option<usize>,
    max_threads: Option<usize>,
    max_routines: Option<usize>,
    max_timers: Option<usize>,
    max_blocking_threads: Option<usize>,
    thread_name: Option<String>,
    keep_alive: Option<Duration>,
    pinning: Option<Pinning>,
    #[cfg(unix)]
    dump_on_signal: Option<i32>,
}

impl RuntimeConfig {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many routines run at once.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// How many worker threads there may be, with those that are stuck in a poll or block in one. While
    /// so many block that no thread is left, the others wait for one of them, and
    /// [`RuntimeStats::refused_threads`](super::RuntimeStats::refused_threads) counts the attempts to have
    /// one more. Threads that are not needed any more end after [`keep_alive`](Self::keep_alive).
    pub fn max_threads(mut self, threads: usize) -> Self {
        self.max_threads = Some(threads);
        self
    }

    /// How many routines may be alive at once. Without a limit none is counted on the way.
    pub fn max_routines(mut self, routines: usize) -> Self {
        self.max_routines = Some(routines);
        self
    }

    /// How many timers may be set at once: each sleep that waits has one, each wait with a time limit, each
    /// `after` and `tick`, and each deadline of a socket.
    ///
    /// Beyond the limit whoever needs another one panics, with the text of
    /// [`TimerError::LimitReached`](crate::error::TimerError::LimitReached): a routine ends with it, and its
    /// joiner hears it; the others go on. So a server sheds what it cannot serve in time. A ticker whose next
    /// timer is refused ends: its channel is closed. What needs no timer works as ever: no time, a deadline
    /// that is past, and one that never comes.
    /// [`RuntimeStats::refused_timers`](super::RuntimeStats::refused_timers) counts the refusals.
    ///
    /// # Examples
    /// ```
    /// use rustroutines::Suspend;
    /// use rustroutines::error::JoinError;
    /// use rustroutines::runtime::{RuntimeConfig, RustRoutineRuntime};
    /// use rustroutines::time::sleep;
    /// use std::time::Duration;
    ///
    /// let runtime = RustRoutineRuntime::with_config(RuntimeConfig::new().workers(1).max_timers(1))?;
    /// let first = runtime.spawn(|| sleep(Duration::from_secs(3_600)));
    /// let second = runtime.spawn(|| sleep(Duration::from_secs(3_600)));
    /// let Err(JoinError::Panicked(panic)) = second.join().block() else { panic!("it got a timer") };
    /// assert!(panic.message().contains("the limit of 1 timers is reached"));
    /// assert_eq!(runtime.stats().refused_timers, 1);
    /// # first.abort();
    /// # Ok::<(), rustroutines::error::RuntimeError>(())
    /// ```
    pub fn max_timers(mut self, timers: usize) -> Self {
        self.max_timers = Some(timers);
        self
    }

    /// How many threads the pool for blocking calls may have.
    pub fn max_blocking_threads(mut self, threads: usize) -> Self {
        self.max_blocking_threads = Some(threads);
        self
    }

    /// What the names of the threads begin with.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.thread_name = Some(name.into());
        self
    }

    /// How long a thread stays that is not needed: one of the blocking pool without a job, or one that took
    /// over from a worker which was stuck or blocked.
    pub fn keep_alive(mut self, keep_alive: Duration) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }

    /// Whether worker threads stay on certain processors. Linux only; elsewhere, and where the system does
    /// not allow it, they run anywhere.
    pub fn pinning(mut self, pinning: Pinning) -> Self {
        self.pinning = Some(pinning);
        self
    }

    /// Prints a [`Dump`](super::Dump) to the standard error when the process gets this signal, and goes on:
    /// 3 is `SIGQUIT`, as by Ctrl-\\ in a terminal. The signal does nothing else any more in this process.
    /// The environment variable is `RUSTROUTINES_DUMP_ON_SIGNAL`. Only on Unix.
    ///
    /// With a signal that cannot be caught, or that comes from an error of the program's own (such as
    /// `SIGSEGV`), the runtime does not start.
    #[cfg(unix)]
    pub fn dump_on_signal(mut self, signal: i32) -> Self {
        self.dump_on_signal = Some(signal);
        self
    }

    /// The signal that is to print a dump.
    #[cfg(unix)]
    pub(super) fn signal(&self) -> Result<Option<i32>, RuntimeError> {
        const VARIABLE: &str = "RUSTROUTINES_DUMP_ON_SIGNAL";
        let complaint = |text| RuntimeError::Config(format!("{VARIABLE} is `{text}`, which is not a number"));
        match (self.dump_on_signal, std::env::var(VARIABLE)) {
            (None, Ok(text)) => text.trim().parse().map(Some).map_err(|_| complaint(text)),
            (set, _) => Ok(set),
        }
    }

    /// Everything decided, with the process's environment.
    pub(crate) fn settings(self) -> Result<Settings, RuntimeError> {
        self.settings_in(|name| std::env::var(name).ok())
    }

    /// Everything decided, with `environment` to look variables up.
    fn settings_in(self, environment: impl Fn(&str) -> Option<String>) -> Result<Settings, RuntimeError> {
        let number =
            |set: Option<usize>, variable: &str| match (set, environment(variable)) {
                (Some(set), _) => Ok(Some(set)),
                (None, None) => Ok(None),
                (None, Some(text)) => text.trim().parse().map(Some).map_err(|_| {
                    RuntimeError::Config(format!("{variable} is `{text}`, which is not a number"))
                }),
            };
        let workers = match number(self.workers, "RUSTROUTINES_WORKERS")? {
            Some(workers) => workers,
            None => available_parallelism().map_or(1, |cpus| cpus.get()).min(MOST_WORKERS),
        };
        check(workers > 0, || "`workers` is 0: nothing would run".into())?;
        check(workers <= MOST_WORKERS, || {
            format!("`workers` is {workers}; at most {MOST_WORKERS} make sense")
        })?;
        let max_threads =
            number(self.max_threads, "RUSTROUTINES_MAX_THREADS")?.unwrap_or(workers + SPARE_THREADS);
        check(max_threads >= workers, || {
            format!("`max_threads` is {max_threads}, less than the {workers} workers")
        })?;
        let max_routines = number(self.max_routines, "RUSTROUTINES_MAX_ROUTINES")?;
        check(max_routines != Some(0), || "`max_routines` is 0: nothing could be spawned".into())?;
        let max_timers = number(self.max_timers, "RUSTROUTINES_MAX_TIMERS")?.unwrap_or(usize::MAX);
        let max_blocking = number(self.max_blocking_threads, "RUSTROUTINES_MAX_BLOCKING_THREADS")?
            .unwrap_or(BLOCKING_THREADS);
        check(max_blocking > 0, || "`max_blocking_threads` is 0: blocking calls would wait for ever".into())?;
        let name = self.thread_name.unwrap_or_else(|| "rustroutines".into());
        check(!name.contains('\0'), || "`thread_name` contains a zero byte".into())?;
        let keep_alive = match self.keep_alive {
            Some(keep_alive) => keep_alive,
            None => number(None, "RUSTROUTINES_KEEP_ALIVE_MS")?
                .map_or(KEEP_ALIVE, |millis| Duration::from_millis(millis as u64)),
        };
        let pinning = match (self.pinning, environment("RUSTROUTINES_PINNING")) {
            (Some(pinning), _) => pinning,
            (None, None) => Pinning::None,
            (None, Some(text)) => pinning_of(&text)?,
        };
        let topology = Topology::read(node_file, allowed_cpus().as_deref());
        Ok(Settings {
            workers,
            max_threads,
            max_routines,
            max_timers,
            max_blocking,
            keep_alive,
            name,
            pinning,
            topology,
        })
    }
}

fn pinning_of(text: &str) -> Result<Pinning, RuntimeError> {
    match text.trim() {
        "none" => Ok(Pinning::None),
        "node" => Ok(Pinning::Node),
        "processor" => Ok(Pinning::Processor),
        _ => Err(RuntimeError::Config(format!(
            "RUSTROUTINES_PINNING is `{text}`, which is none of `none`, `node` and `processor`"
        ))),
    }
}

fn check(holds: bool, complaint: impl FnOnce() -> String) -> Result<(), RuntimeError> {
    if holds { Ok(()) } else { Err(RuntimeError::Config(complaint())) }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn complaint(config: RuntimeConfig, environment: &[(&str, &str)]) -> String {
        let find =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        config.settings_in(find).unwrap_err().to_string()
    }

    #[test]
    fn what_is_set_beats_the_environment_which_beats_the_default() {
        let find = |name: &str| (name == "RUSTROUTINES_WORKERS").then(|| " 3 ".to_string());
        assert_eq!(RuntimeConfig::new().settings_in(find).unwrap().workers, 3);
        assert_eq!(RuntimeConfig::new().workers(5).settings_in(find).unwrap().workers, 5);
        let settings = RuntimeConfig::new().settings_in(|_| None).unwrap();
        assert!(settings.workers > 0);
        assert_eq!(settings.max_threads, settings.workers + SPARE_THREADS);
        assert_eq!((settings.max_routines, settings.max_timers), (None, usize::MAX));
        assert_eq!((settings.keep_alive, settings.pinning), (KEEP_ALIVE, Pinning::None));
        let find = |name: &str| match name {
            "RUSTROUTINES_MAX_THREADS" => Some("99".into()),
            "RUSTROUTINES_MAX_ROUTINES" => Some("7".into()),
            "RUSTROUTINES_MAX_TIMERS" => Some("8".into()),
            "RUSTROUTINES_MAX_BLOCKING_THREADS" => Some("3".into()),
            "RUSTROUTINES_KEEP_ALIVE_MS" => Some("250".into()),
            "RUSTROUTINES_PINNING" => Some("node".into()),
            _ => None,
        };
        let settings = RuntimeConfig::new().settings_in(find).unwrap();
        assert_eq!((settings.max_threads, settings.max_routines, settings.max_blocking), (99, Some(7), 3));
        assert_eq!(settings.max_timers, 8);
        assert_eq!((settings.keep_alive, settings.pinning), (Duration::from_millis(250), Pinning::Node));
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        assert!(complaint(RuntimeConfig::new().workers(0), &[]).contains("`workers` is 0"));
        assert!(complaint(RuntimeConfig::new().workers(4).max_threads(3), &[]).contains("less than the 4"));
        assert!(complaint(RuntimeConfig::new().max_routines(0), &[]).contains("`max_routines` is 0"));
        assert!(complaint(RuntimeConfig::new().max_blocking_threads(0), &[]).contains("blocking"));
        assert!(complaint(RuntimeConfig::new().thread_name("a\0b"), &[]).contains("zero byte"));
        let environment = [("RUSTROUTINES_PINNING", "tightly")];
        assert!(complaint(RuntimeConfig::new(), &environment).contains("`tightly`"));
        let environment = [("RUSTROUTINES_WORKERS", "many")];
        assert!(complaint(RuntimeConfig::new(), &environment).contains("RUSTROUTINES_WORKERS is `many`"));
    }
}
