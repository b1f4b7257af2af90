//! Channels as cases of a [`Select`].

use super::{Receiver, Sender};
use crate::error::{RecvError, SendError};
use crate::select::Select;

impl<'a, T: 'a> Select<'a, T> {
    /// Adds a case that receives from `receiver`. Gives the case's number.
    pub fn recv<U: Send>(
        &mut self,
        receiver: &'a Receiver<U>,
        then: impl FnMut(Result<U, RecvError>) -> T + Send + 'a,
    ) -> usize {
        self.lasting_case(|| receiver.recv(), then)
    }

    /// Adds a case that sends what `value` makes; it is called once for each round. A value that is not
    /// sent in a round is dropped. Gives the case's number.
    pub fn send<U: Send>(
        &mut self,
        sender: &'a Sender<U>,
        mut value: impl FnMut() -> U + Send + 'a,
        then: impl FnMut(Result<(), SendError<U>>) -> T + Send + 'a,
    ) -> usize {
        self.case(move || sender.send(value()), then)
    }
}
