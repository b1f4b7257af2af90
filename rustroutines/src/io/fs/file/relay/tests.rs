//! What a job gets, and what it leaves.

use super::*;

/// Has a job begin with 0, which gets 1 and so on while it writes each piece. Gives what it has written and left.
fn carry(fails_at: Option<u8>) -> (Vec<u8>, Vec<u8>) {
    let relay = Relay::new();
    let (mut written, mut bytes, mut next) = (Vec::new(), vec![0], 0);
    assert_eq!(relay.hand_over(&mut vec![9]), Handed::TooLate, "no job has begun");
    relay.begin();
    let result = relay.carry(&mut bytes, |bytes| {
        next += 1;
        assert_eq!(relay.hand_over(&mut vec![next]), Handed::Over);
        assert_eq!(relay.hand_over(&mut vec![9]), Handed::NoRoom);
        if bytes.first().copied() == fails_at {
            return Err(());
        }
        written.append(bytes);
        Ok(())
    });
    assert_eq!(result.is_err(), fails_at.is_some());
    assert_eq!(relay.hand_over(&mut vec![9]), Handed::TooLate, "the job has ended");
    (written, bytes)
}

#[test]
fn a_job_ends_though_there_is_always_more() {
    let all: Vec<u8> = (0..TURNS as u8).collect();
    assert_eq!(carry(None), (all, vec![TURNS as u8]));
}

#[test]
fn what_fails_is_left_and_what_comes_after_it() {
    assert_eq!(carry(Some(0)), (vec![], vec![0, 1]));
    assert_eq!(carry(Some(3)), (vec![0, 1, 2], vec![3, 4]));
}

#[test]
fn buffers_change_places() {
    let relay = Relay::new();
    relay.begin();
    let (mut bytes, mut gathered) = (Vec::with_capacity(100), vec![1]);
    let result = relay.carry(&mut bytes, |bytes| {
        bytes.clear();
        if !gathered.is_empty() {
            assert_eq!(relay.hand_over(&mut gathered), Handed::Over);
        }
        Ok::<(), ()>(())
    });
    assert!(result.is_ok() && gathered.is_empty());
    assert!(bytes.is_empty() && bytes.capacity() >= 100, "the next job's");
}
