//! What lies in which queue, and who finds it there: without threads, so that nothing moves by itself.

use super::{LONG, join, settings, spawn, start};
use crate::platform::atomic::Ordering;
use crate::scheduler::queue::{CROWD, THEFTS, Vacant};
use crate::scheduler::{Scheduler, Task, monitor, worker};
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

/// A scheduler without threads, what two are made of, and tasks. Both have a place.
fn two_without_threads(name: &str, tasks: usize) -> (Arc<Scheduler>, [Vacant; 2], Vec<Task>) {
    let scheduler = Scheduler::new(settings(name, 2, 2, LONG));
    let threads = [(); 2].map(|()| scheduler.places.enlist(&scheduler.queues).unwrap());
    for (me, thread) in threads.iter().enumerate() {
        scheduler.places.line_up(me, &thread.remote, false);
    }
    let tasks = (0..tasks).map(|number| {
        spawn(&scheduler, move || ready(number)).detach();
        scheduler.queues.take_any().unwrap()
    });
    let tasks = tasks.collect();
    (scheduler, threads, tasks)
}

/// Each kind of queue by itself: who forgets one falls asleep over what is there.
#[test]
fn what_lies_in_any_queue_keeps_others_awake() {
    let (scheduler, [here, there], mut tasks) = two_without_threads("kinds", 1);
    let queues = &scheduler.queues;
    let task = tasks.pop().unwrap();
    let id = task.metadata().id;
    let mut held = Some(task);
    type Way<'a> = (&'a str, &'a dyn Fn(Task));
    let ways: [Way; 5] = [
        ("the injector", &|task| queues.injector.push(task)),
        ("a prompt lane", &|task| here.lanes.prompt.push(task)),
        ("what was in the prompt lane of a thread that is stuck", &|task| {
            here.lanes.prompt.push(task);
            assert!(queues.clear_out(&here.remote));
            assert!(here.lanes.prompt.is_empty() && queues.injector.is_empty());
        }),
        ("a deque", &|task| here.lanes.deque.push(task)),
        ("what was in the next slot of a thread that is stuck", &|task| {
            assert!(here.remote.own.next.swap(Some(task)).is_none());
            assert!(queues.is_empty(), "the next slot is its owner's");
            assert!(queues.clear_out(&here.remote));
        }),
    ];
    for (place, put) in ways {
        assert!(queues.is_empty(), "before {place}");
        put(held.take().unwrap());
        assert!(!queues.is_empty(), "{place}");
        let found = queues.steal(there.index, &there.lanes).unwrap_or_else(|| panic!("nothing in {place}"));
        assert_eq!(found.metadata().id, id);
        held = Some(found);
    }
    assert!(queues.is_empty());
    queues.injector.push(held.unwrap());
    scheduler.end_alone();
}

#[test]
fn what_is_prompt_stays_so_wherever_it_goes() {
    let scheduler = Scheduler::new(settings("prompt", 2, 2, LONG));
    let queues = &scheduler.queues;
    let (here, there) = (queues.add().unwrap(), queues.add().unwrap());
    // There is no thread: what is spawned lies in the injector.
    let spawned: Vec<_> = (0..8).map(|number| spawn(&scheduler, move || ready(number))).collect();
    for _ in 0..spawned.len() {
        here.lanes.prompt.push(queues.take_any().unwrap());
    }
    let stolen = queues.steal(there.index, &there.lanes).unwrap();
    assert!(!there.lanes.prompt.is_empty(), "it was one of several");
    assert!(there.lanes.deque.is_empty(), "the others are as prompt as they were");
    let prompt = stolen.metadata().id;
    for _ in 0..there.lanes.prompt.len() {
        here.lanes.deque.push(there.lanes.prompt.pop().unwrap());
    }
    while let Some(task) = here.lanes.prompt.pop() {
        queues.injector.push(task);
    }
    // Its thread loses its place; then its thread is stuck.
    here.lanes.prompt.push(stolen);
    assert!(queues.take_over(&here.lanes));
    let task = queues.take_injected(&there.lanes).unwrap();
    assert_eq!(task.metadata().id, prompt, "it goes before what is there already");
    here.lanes.prompt.push(task);
    assert!(queues.clear_out(&here.remote));
    assert_eq!(queues.take_injected(&there.lanes).unwrap().metadata().id, prompt);
    assert!(!queues.clear_out(&here.remote), "nothing is left");
    scheduler.end_alone();
    drop(spawned);
}

#[test]
fn who_steals_a_little_time_and_again_waits_for_a_crowd() {
    let (scheduler, [here, there], mut tasks) = two_without_threads("crowd", 4 * CROWD);
    let queues = &scheduler.queues;
    let mut start_one = || here.lanes.deque.push(tasks.pop().unwrap());
    let steal = || {
        let first = queues.steal(there.index, &there.lanes)?;
        let stolen: Vec<_> =
            std::iter::once(first).chain(std::iter::from_fn(|| there.lanes.deque.pop())).collect();
        Some(stolen.len())
    };
    // Between two thefts the other is in a new poll each time: it can be waited for.
    for poll in 0..CROWD as u64 {
        here.remote.own.pulse.store(2 * poll + 1, Ordering::Relaxed);
        start_one();
        assert_eq!(steal(), Some(1));
    }
    assert!(!here.remote.bursts.load(Ordering::Relaxed));
    // And now in one poll all the time: the last of those before was the first there.
    for _ in 1..THEFTS {
        start_one();
        assert_eq!(steal(), Some(1));
    }
    for _ in 1..CROWD {
        start_one();
        assert!(queues.is_empty(), "it is not for them");
    }
    assert_eq!(steal(), None);
    start_one();
    assert!(!queues.is_empty());
    assert!(steal().unwrap() > 1);
    assert_eq!(steal(), None, "less than a crowd is left");
    here.remote.bursts.store(false, Ordering::Relaxed);
    assert!(steal().is_some(), "the poll is over");
    scheduler.end_alone();
}

#[test]
fn a_burst_is_over_with_its_poll() {
    let scheduler = start(settings("over", 1, 1, LONG));
    let bursts = |now: Option<bool>| {
        worker::with(|worker| {
            let bursts = &worker.expect("a routine runs on a worker").remote().bursts;
            now.map_or_else(|| bursts.load(Ordering::Relaxed), |now| bursts.swap(now, Ordering::Relaxed))
        })
    };
    // As a thief that says so too late for the poll which it means.
    assert!(!join(spawn(&scheduler, move || ready(bursts(Some(true))))).unwrap());
    assert!(!join(spawn(&scheduler, move || ready(bursts(None)))).unwrap());
    scheduler.shut_down(Duration::ZERO);
}

#[test]
fn who_starts_one_after_another_keeps_its_place_while_they_are_run() {
    let (scheduler, [here, there], tasks) = two_without_threads("keeps", 1);
    let mut seen = Vec::new();
    let mut look = |started: u64, run_there: u64| {
        for (counter, more) in
            [(&here.remote.own.tally.spawned, started), (&there.remote.own.pulse, 2 * run_there)]
        {
            counter.fetch_add(more, Ordering::Relaxed);
        }
        monitor::look(&scheduler, &mut seen, Duration::from_millis(1));
        here.remote.placed.load(Ordering::Relaxed)
    };
    here.remote.own.pulse.store(1, Ordering::Relaxed);
    scheduler.queues.injector.push(tasks.into_iter().next().unwrap());
    assert!(look(1_000, 1_000), "it was not in this poll");
    assert!(!scheduler.queues.somebody_bursts());
    assert!(look(1_000, 1_000));
    assert!(scheduler.queues.somebody_bursts());
    assert!(!look(1_000, 1), "nobody runs what it starts");
    assert!(!look(1_000, 1));
    assert!(scheduler.queues.somebody_bursts(), "with or without a place");
    scheduler.places.line_up(here.index, &here.remote, false);
    assert!(!look(1, 1_000), "it does something else");
    assert!(!scheduler.queues.somebody_bursts(), "what it has started is for everybody");
    scheduler.end_alone();
}
