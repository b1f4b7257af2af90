//! What belongs to the user finds no lock of a channel held: a waker that is woken or dropped, and a value that is
//! dropped, may use the channel. Each looks at it, which would never end under its lock, and is counted, so that a
//! case in which nobody looked is found out.

use rustroutines::channel::{
    BroadcastReceiver, BroadcastSender, Overflow, Receiver, Sender, broadcast_channel_with,
};
use rustroutines::prelude::*;
use rustroutines::select::Select;
use rustroutines_tests::ends;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Looks at a channel when it is woken, and when it is dropped. A waker of its own, and a value to be sent.
struct Looks {
    at: Box<dyn Fn() + Send + Sync>,
    looked: Arc<AtomicUsize>,
}

impl Looks {
    fn look(&self) {
        (self.at)();
        self.looked.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.look();
    }
}

/// What looks, and how often it has.
struct Probe<'a> {
    at: &'a (dyn Fn() -> Box<dyn Fn() + Send + Sync> + 'a),
    looked: Arc<AtomicUsize>,
}

impl Probe<'_> {
    fn value(&self) -> Looks {
        Looks { at: (self.at)(), looked: self.looked.clone() }
    }

    /// Polls it with a waker that looks, and that nobody else has. It has to wait.
    fn waits<O: Future + ?Sized>(&self, operation: Pin<&mut O>) {
        let waker = Waker::from(Arc::new(self.value()));
        assert!(operation.poll(&mut Context::from_waker(&waker)).is_pending());
    }
}

/// Carries `case` out with what looks by `at`.
fn looks(name: &str, at: &dyn Fn() -> Box<dyn Fn() + Send + Sync>, case: impl FnOnce(&Probe<'_>)) {
    let looked = Arc::new(AtomicUsize::new(0));
    case(&Probe { at, looked: looked.clone() });
    assert!(looked.load(Ordering::SeqCst) > 0, "{name}: nobody looked");
}

/// By a sender that keeps nothing open.
fn by_sender<T: Send + 'static>(tx: &Sender<T>) -> impl Fn() -> Box<dyn Fn() + Send + Sync> + use<T> {
    let weak = tx.downgrade();
    move || {
        let weak = weak.clone();
        Box::new(move || assert!(weak.upgrade().is_none_or(|tx| tx.len() < usize::MAX || tx.is_closed())))
    }
}

/// By a receiver: it finds the channel when the last sender has gone.
fn by_receiver<T: Send + 'static>(rx: &Receiver<T>) -> impl Fn() -> Box<dyn Fn() + Send + Sync> + use<T> {
    let rx = rx.clone();
    move || {
        let rx = rx.clone();
        Box::new(move || assert!(rx.len() < usize::MAX || rx.is_closed()))
    }
}

fn poll_once<O: Future + Unpin>(operation: &mut O) -> Poll<O::Output> {
    Pin::new(operation).poll(&mut Context::from_waker(Waker::noop()))
}

/// How the wait of a receiver ends.
#[test]
fn the_waker_of_a_receiver() {
    type Ending = fn(Sender<u32>, &Receiver<u32>);
    let endings: [(&str, Ending); 7] = [
        ("a value comes", |tx, _| tx.try_send(1).unwrap()),
        ("a send that is polled", |tx, _| {
            assert!(poll_once(&mut tx.send(1)).is_ready());
        }),
        ("a send that blocks", |tx, _| tx.send(1).block().unwrap()),
        ("a value into reserved room", |tx, _| tx.try_reserve().unwrap().send(1).unwrap()),
        ("a close by a sender", |tx, _| assert!(tx.close())),
        ("a close by a receiver", |_, rx| assert!(rx.close())),
        ("the last sender goes", |tx, _| drop(tx)),
    ];
    ends(move || {
        for (name, ending) in endings {
            for capacity in [0, 1, usize::MAX] {
                if capacity == 0 && name.contains("reserved") {
                    continue;
                }
                for selects in [false, true] {
                    let (tx, rx) = bounded_channel(capacity);
                    let (_open, quiet) = channel::<u32>();
                    looks(name, &by_receiver(&rx), |probe| {
                        let mut select = Select::new();
                        select.recv(&rx, drop);
                        select.recv(&quiet, drop);
                        let (mut recv, mut waits) = (rx.recv(), pin!(select.wait()));
                        if selects {
                            probe.waits(waits.as_mut());
                        } else {
                            probe.waits(Pin::new(&mut recv));
                        }
                        ending(tx, &rx);
                    });
                }
            }
        }
    });
}

/// How the wait of a sender ends.
#[test]
fn the_waker_of_a_sender() {
    type Ending = fn(&Sender<u32>, Receiver<u32>);
    let endings: [(&str, Ending); 7] = [
        ("its value is taken", |_, rx| assert!(rx.try_recv().is_ok())),
        ("a receive that is polled", |_, rx| assert!(poll_once(&mut rx.recv()).is_ready())),
        ("a receive that blocks", |_, rx| assert!(rx.recv().block().is_ok())),
        ("a receive with a limit", |_, rx| assert!(rx.recv_timeout(Duration::ZERO).block().is_ok())),
        ("a close by a sender", |tx, _| assert!(tx.close())),
        ("a close by a receiver", |_, rx| assert!(rx.close())),
        ("the last receiver goes", |_, rx| drop(rx)),
    ];
    ends(move || {
        for (name, ending) in endings {
            for capacity in [0, 1, 3] {
                for kind in ["send", "reserve", "select"] {
                    if capacity == 0 && kind == "reserve" {
                        continue;
                    }
                    let (tx, rx) = bounded_channel(capacity);
                    (0..capacity as u32).for_each(|n| tx.try_send(n).unwrap());
                    let (_open, quiet) = channel::<u32>();
                    looks(name, &by_sender(&tx), |probe| {
                        let mut select = Select::new();
                        select.send(&tx, || 9, drop);
                        select.recv(&quiet, drop);
                        let (mut send, mut reserve) = (tx.send(9), tx.reserve());
                        let mut waits = pin!(select.wait());
                        match kind {
                            "send" => probe.waits(Pin::new(&mut send)),
                            "reserve" => probe.waits(Pin::new(&mut reserve)),
                            _ => probe.waits(waits.as_mut()),
                        }
                        ending(&tx, rx);
                    });
                }
            }
        }
    });
}

/// Waits that are given up, or go on with another waker.
#[test]
fn the_waker_of_one_that_leaves_or_changes_it() {
    ends(|| {
        let (tx, rx) = channel::<u32>();
        let (full, _rest) = bounded_channel(1);
        full.try_send(0).unwrap();
        let in_vain = |name, probe: &Probe<'_>, mut operation: Pin<Box<dyn Future<Output = ()> + '_>>| {
            let before = probe.looked.load(Ordering::SeqCst);
            probe.waits(operation.as_mut());
            assert!(operation.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            assert!(probe.looked.load(Ordering::SeqCst) > before, "{name}: its waker is still kept");
            probe.waits(operation.as_mut());
            drop(operation);
        };
        looks("receives", &by_sender(&tx), |probe| {
            in_vain("receives", probe, Box::pin(async { assert!(rx.recv().await.is_err()) }));
        });
        looks("sends", &by_sender(&tx), |probe| {
            in_vain("sends", probe, Box::pin(async { assert!(tx.send(1).await.is_err()) }));
        });
        looks("sends to a full one", &by_sender(&full), |probe| {
            in_vain("sends to a full one", probe, Box::pin(async { assert!(full.send(1).await.is_err()) }));
        });
        looks("reserves", &by_sender(&full), |probe| {
            in_vain("reserves", probe, Box::pin(async { drop(full.reserve().await) }));
        });
        looks("selects", &by_sender(&tx), |probe| {
            let selects = async {
                let mut select = Select::new();
                select.recv(&rx, drop);
                select.send(&full, || 1, drop);
                select.wait().await;
            };
            in_vain("selects", probe, Box::pin(selects));
        });
    });
}

/// Those who are told because another leaves, or takes what it was given.
#[test]
fn the_waker_of_the_next_in_line() {
    ends(|| {
        for capacity in [0, 1] {
            let (tx, rx) = bounded_channel(capacity);
            looks("a value comes back", &by_sender(&tx), |probe| {
                let (mut leaves, mut next) = (rx.recv(), rx.recv());
                assert!(poll_once(&mut leaves).is_pending());
                probe.waits(Pin::new(&mut next));
                tx.try_send(1).unwrap();
                drop(leaves);
            });
            let (tx, rx) = bounded_channel(capacity);
            looks("the last value in hand is taken", &by_sender(&tx), |probe| {
                let (mut takes, mut next) = (rx.recv(), rx.recv());
                assert!(poll_once(&mut takes).is_pending());
                tx.try_send(1).unwrap();
                tx.close();
                probe.waits(Pin::new(&mut next));
                assert_eq!(poll_once(&mut takes), Poll::Ready(Ok(1)));
                assert_eq!(poll_once(&mut next), Poll::Ready(Err(RecvError)));
            });
        }
        let (tx, rx) = bounded_channel::<u32>(1);
        looks("the last permit goes", &by_sender(&tx), |probe| {
            let permit = tx.try_reserve().unwrap();
            tx.close();
            let mut recv = rx.recv();
            probe.waits(Pin::new(&mut recv));
            drop(permit);
            assert_eq!(poll_once(&mut recv), Poll::Ready(Err(RecvError)));
        });
        for (name, reserves) in [("a permit goes, one sends", false), ("a permit goes, one reserves", true)] {
            let (tx, _rx) = bounded_channel(1);
            looks(name, &by_sender(&tx), |probe| {
                let permit = tx.try_reserve().unwrap();
                let (mut send, mut reserve) = (tx.send(1), tx.reserve());
                if reserves {
                    probe.waits(Pin::new(&mut reserve));
                } else {
                    probe.waits(Pin::new(&mut send));
                }
                drop(permit);
            });
        }
        let (tx, rx) = bounded_channel(1);
        looks("promised room goes to the next", &by_sender(&tx), |probe| {
            tx.try_send(0).unwrap();
            let (mut leaves, mut next) = (tx.reserve(), tx.reserve());
            assert!(poll_once(&mut leaves).is_pending());
            probe.waits(Pin::new(&mut next));
            rx.try_recv().unwrap();
            drop(leaves);
            assert!(poll_once(&mut next).is_ready());
        });
    });
}

/// What is sent, and received by nobody.
#[test]
fn a_value_that_is_dropped() {
    type Way = fn(Sender<Looks>, Receiver<Looks>, &Probe<'_>);
    let ways: [(&str, Way); 6] = [
        ("the last receiver goes", |_tx, rx, _| drop(rx)),
        ("the last receiver goes, after others were received", |_tx, rx, _| {
            // What is left is in two places then.
            drop(rx.try_recv().ok());
            drop(rx);
        }),
        ("all goes", |tx, rx, _| drop((tx, rx))),
        ("a send is given up", |tx, _rx, probe| {
            let mut send = tx.send(probe.value());
            assert!(poll_once(&mut send).is_pending());
        }),
        ("a send that waits is refused", |tx, rx, probe| {
            let mut send = tx.send(probe.value());
            assert!(poll_once(&mut send).is_pending());
            rx.close();
            assert!(poll_once(&mut send).is_ready());
        }),
        ("a receiver goes with what it was given", |tx, rx, probe| {
            rx.try_iter().for_each(drop);
            let mut recv = Box::pin(rx.recv());
            assert!(poll_once(&mut recv).is_pending());
            assert!(tx.try_send(probe.value()).is_ok());
            drop(recv);
            drop(rx);
        }),
    ];
    ends(move || {
        for (name, way) in ways {
            let (tx, rx) = bounded_channel(4);
            looks(name, &by_sender(&tx), |probe| {
                (0..4).for_each(|_| assert!(tx.try_send(probe.value()).is_ok()));
                way(tx.clone(), rx, probe);
            });
        }
    });
}

/// By a sender of a broadcast, that keeps nothing open.
fn by_broadcast<T: Clone + Send + Sync + 'static>(
    tx: &Arc<BroadcastSender<T>>,
) -> impl Fn() -> Box<dyn Fn() + Send + Sync> + use<T> {
    let weak = Arc::downgrade(tx);
    move || {
        let weak = weak.clone();
        Box::new(move || assert!(weak.upgrade().is_none_or(|tx| tx.len() < usize::MAX || tx.is_closed())))
    }
}

#[test]
fn the_waker_of_a_broadcast() {
    type Ending = fn(&BroadcastSender<u32>, BroadcastReceiver<u32>);
    type Coming = fn(&BroadcastSender<u32>);
    let of_receivers: [(&str, Coming); 3] = [
        ("a value comes", |tx| assert_eq!(tx.try_send(1), Ok(1))),
        ("a send that is polled", |tx| assert!(poll_once(&mut tx.send(1)).is_ready())),
        ("a close", |tx| assert!(tx.close())),
    ];
    let of_senders: [(&str, Ending); 5] = [
        ("room is made", |_, rx| assert_eq!(rx.try_recv(), Ok(0))),
        ("room is made by a receive that is polled", |_, rx| assert!(poll_once(&mut rx.recv()).is_ready())),
        ("a receiver goes", |_, rx| drop(rx)),
        ("another sender sends", |tx, rx| {
            assert_eq!(rx.try_recv(), Ok(0));
            assert!(tx.try_send(7).is_err(), "the room is promised");
        }),
        ("a close", |tx, _| assert!(tx.close())),
    ];
    ends(move || {
        for (name, ending) in of_receivers {
            let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
            let tx = Arc::new(tx);
            looks(name, &by_broadcast(&tx), |probe| {
                let mut recv = rx.recv();
                probe.waits(Pin::new(&mut recv));
                ending(&tx);
                assert!(poll_once(&mut recv).is_ready());
            });
        }
        for (name, ending) in of_senders {
            let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
            let tx = Arc::new(tx);
            looks(name, &by_broadcast(&tx), |probe| {
                tx.try_send(0).unwrap();
                let mut send = tx.send(1);
                probe.waits(Pin::new(&mut send));
                ending(&tx, rx);
                assert!(poll_once(&mut send).is_ready());
            });
        }
        let (tx, rx) = broadcast_channel_with(1, Overflow::Wait);
        let tx = Arc::new(tx);
        looks("waits that are given up", &by_broadcast(&tx), |probe| {
            probe.waits(Pin::new(&mut rx.recv()));
            tx.try_send(0).unwrap();
            probe.waits(Pin::new(&mut tx.send(1)));
        });
        looks("room goes to the next", &by_broadcast(&tx), |probe| {
            let (mut leaves, mut next) = (tx.send(1), tx.send(2));
            assert!(poll_once(&mut leaves).is_pending());
            probe.waits(Pin::new(&mut next));
            assert_eq!(rx.try_recv(), Ok(0));
            drop(leaves);
            assert!(poll_once(&mut next).is_ready());
        });
    });
}

/// A value that looks, of which there are several.
#[derive(Clone)]
struct Several(#[expect(dead_code, reason = "it looks when the last of them goes")] Arc<Looks>);

#[test]
fn a_value_of_a_broadcast_that_is_dropped() {
    type Way = fn(&BroadcastSender<Several>, BroadcastReceiver<Several>, Several);
    let ways: [(&str, Way); 5] = [
        ("a newer one takes its place", |tx, _rx, newer| drop(tx.try_send(newer))),
        ("a newer one takes its place, by a send that is polled", |tx, _rx, newer| {
            drop(poll_once(&mut tx.send(newer)));
        }),
        ("the last receiver goes", |_tx, rx, _| drop(rx)),
        ("it was received by all", |_tx, rx, _| drop(rx.try_recv())),
        ("of two receivers one goes", |_tx, rx, _| {
            let other = rx.clone();
            drop(rx.try_recv());
            drop(other);
        }),
    ];
    ends(move || {
        for (name, way) in ways {
            let (tx, rx) = broadcast_channel_with(1, Overflow::DropOldest);
            let tx = Arc::new(tx);
            looks(name, &by_broadcast(&tx), |probe| {
                let value = || Several(Arc::new(probe.value()));
                assert!(tx.try_send(value()).is_ok());
                let newer = value();
                let before = probe.looked.load(Ordering::SeqCst);
                way(&tx, rx, newer.clone());
                assert!(probe.looked.load(Ordering::SeqCst) > before, "{name}: it is still there");
            });
        }
    });
}
