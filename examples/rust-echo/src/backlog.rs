//! What waits for its data channel.

use std::{collections::VecDeque, error::Error, fmt};

/// Most bytes that wait, over all channels of a connection.
const CAPACITY: usize = 16 << 20;

/// Messages a connection has heard and not yet sent back, oldest first.
///
/// A data channel takes so many bytes at a time, and cannot be told to send fewer. Who sends for long without reading
/// what comes back would fill this machine's memory; so the backlog has an end.
#[derive(Debug)]
pub(crate) struct Backlog<C> {
    messages: VecDeque<Message<C>>,
    bytes: usize,
}

/// A message for the channel `C`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message<C> {
    pub(crate) channel: C,
    pub(crate) is_binary: bool,
    pub(crate) content: Vec<u8>,
}

/// The other side does not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CAPACITY} bytes wait to be read by the other side: it is cut off")
    }
}

impl Error for Full {}

impl<C: Copy + PartialEq> Backlog<C> {
    pub(crate) const fn new() -> Self {
        Self { messages: VecDeque::new(), bytes: 0 }
    }

    /// Adds the newest message, or says that it is one too many.
    pub(crate) fn push(&mut self, message: Message<C>) -> Result<(), Full> {
        let bytes = self.bytes + cost(&message);
        if bytes > CAPACITY {
            return Err(Full);
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        Ok(())
    }

    /// Offers the messages one after the other, until one is not taken.
    pub(crate) fn flush<E>(&mut self, mut take: impl FnMut(&Message<C>) -> Result<bool, E>) -> Result<(), E> {
        while let Some(message) = self.messages.front() {
            if !take(message)? {
                break;
            }
            self.bytes -= cost(message);
            self.messages.pop_front();
        }
        Ok(())
    }

    /// Forgets what waits for a channel that is closed.
    pub(crate) fn forget(&mut self, channel: C) {
        self.messages.retain(|message| message.channel != channel);
        self.bytes = self.messages.iter().map(cost).sum();
    }
}

/// What a message takes of the capacity. An empty one takes memory, too.
fn cost<C>(message: &Message<C>) -> usize {
    message.content.len() + size_of::<Message<C>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(channel: u8, bytes: usize) -> Message<u8> {
        Message { channel, is_binary: true, content: vec![channel; bytes] }
    }

    fn flushed(backlog: &mut Backlog<u8>, takes: usize) -> Vec<u8> {
        let mut taken = Vec::new();
        let result = backlog.flush(|message| {
            let takes = taken.len() < takes;
            if takes {
                taken.push(message.channel);
            }
            Ok::<_, ()>(takes)
        });
        assert_eq!(result, Ok(()));
        taken
    }

    #[test]
    fn what_is_not_taken_stays_in_order() {
        let mut backlog = Backlog::new();
        for channel in 1..=4 {
            backlog.push(message(channel, 10)).expect("room");
        }
        assert_eq!(flushed(&mut backlog, 2), [1, 2]);
        backlog.forget(3);
        assert_eq!(flushed(&mut backlog, 9), [4]);
        assert_eq!(backlog.bytes, 0);
    }

    #[test]
    fn it_has_an_end_and_room_again_when_something_was_taken() {
        let mut backlog = Backlog::new();
        backlog.push(message(1, CAPACITY / 2)).expect("room");
        assert_eq!(backlog.push(message(2, CAPACITY / 2)), Err(Full));
        assert_eq!(flushed(&mut backlog, 9), [1]);
        backlog.push(message(2, CAPACITY / 2)).expect("room");
    }

    #[test]
    fn empty_messages_fill_it_as_well() {
        let mut backlog = Backlog::new();
        let many = (0..CAPACITY).take_while(|_| backlog.push(message(1, 0)).is_ok()).count();
        assert!(many < CAPACITY / size_of::<Message<u8>>() + 1, "{many}");
    }
}
