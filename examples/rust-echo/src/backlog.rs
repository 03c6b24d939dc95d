//! A bounded queue of messages for data channels.

use std::{collections::VecDeque, error::Error, fmt};

/// Maximum number of queued bytes, over all channels of a connection.
const CAPACITY: usize = 16 << 20;

/// Messages that a connection has received and not yet echoed, oldest first.
///
/// A data channel accepts a limited number of bytes at a time, and there is no way to slow down the sender. A peer that
/// sends without reading the echoes would fill this machine's memory, so the backlog is bounded.
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

/// The other side reads too slowly.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CAPACITY} bytes are waiting to be read by the other side: the connection is closed")
    }
}

impl Error for Full {}

impl<C: Copy + PartialEq> Backlog<C> {
    pub(crate) const fn new() -> Self {
        Self { messages: VecDeque::new(), bytes: 0 }
    }

    /// Appends a message. Fails if the capacity would be exceeded.
    pub(crate) fn push(&mut self, message: Message<C>) -> Result<(), Full> {
        let bytes = self.bytes + cost(&message);
        if bytes > CAPACITY {
            return Err(Full);
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        Ok(())
    }

    /// Passes the messages to `take` in order, until it returns false.
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

    /// Removes the messages for a channel that is closed.
    pub(crate) fn remove(&mut self, channel: C) {
        self.messages.retain(|message| message.channel != channel);
        self.bytes = self.messages.iter().map(cost).sum();
    }
}

/// Returns how much of the capacity a message uses, including the memory of an empty one.
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
    fn messages_that_are_not_taken_stay_in_order() {
        let mut backlog = Backlog::new();
        for channel in 1..=4 {
            backlog.push(message(channel, 10)).expect("room");
        }
        assert_eq!(flushed(&mut backlog, 2), [1, 2]);
        backlog.remove(3);
        assert_eq!(flushed(&mut backlog, 9), [4]);
        assert_eq!(backlog.bytes, 0);
    }

    #[test]
    fn it_is_bounded_and_accepts_messages_again_after_a_flush() {
        let mut backlog = Backlog::new();
        backlog.push(message(1, CAPACITY / 2)).expect("room");
        assert_eq!(backlog.push(message(2, CAPACITY / 2)), Err(Full));
        assert_eq!(flushed(&mut backlog, 9), [1]);
        backlog.push(message(2, CAPACITY / 2)).expect("room");
    }

    #[test]
    fn empty_messages_count_as_well() {
        let mut backlog = Backlog::new();
        let many = (0..CAPACITY).take_while(|_| backlog.push(message(1, 0)).is_ok()).count();
        assert!(many < CAPACITY / size_of::<Message<u8>>() + 1, "{many}");
    }
}
