//! Delivers events to the application through bounded queues; keeps what does not fit.

use std::collections::VecDeque;

use crate::event::Event;

/// Events that did not fit into their queue yet, in order.
///
/// Holds the events of at most one server frame: the driver does not read the next frame until the backlog is empty.
/// This is the backpressure from an application that does not read its events to the network.
#[derive(Debug, Default)]
pub(crate) struct EventBacklog {
    waiting: VecDeque<(async_channel::Sender<Event>, Event)>,
}

impl EventBacklog {
    /// Delivers an event, now or as soon as its queue has room. Drops it if the queue has no readers left.
    pub(crate) fn push(&mut self, queue: &async_channel::Sender<Event>, event: Event) {
        if self.waiting.is_empty() {
            match queue.try_send(event) {
                Ok(()) | Err(async_channel::TrySendError::Closed(_)) => {}
                Err(async_channel::TrySendError::Full(event)) => self.waiting.push_back((queue.clone(), event)),
            }
        } else {
            self.waiting.push_back((queue.clone(), event));
        }
    }

    /// Delivers an event if its queue has room, otherwise drops it: for events that would be out of date when read.
    pub(crate) fn offer(&mut self, queue: &async_channel::Sender<Event>, event: Event) {
        if self.waiting.is_empty() {
            // Full and closed are treated alike.
            let _ = queue.try_send(event);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until everything is delivered. Cancel safe.
    pub(crate) async fn flush(&mut self) {
        while let Some((queue, event)) = self.waiting.front() {
            // Fails when the queue has no readers left.
            let _ = queue.send(event.clone()).await;
            self.waiting.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_keeps_the_order() {
        let (queue, reader) = async_channel::bounded(1);
        let mut backlog = EventBacklog::default();
        backlog.push(&queue, Event::Resumed);
        backlog.push(&queue, Event::Closed(None));
        backlog.offer(&queue, Event::Reconnecting);
        assert!(!backlog.is_empty());
        let reading = tokio::spawn(async move { [reader.recv().await, reader.recv().await] });
        backlog.flush().await;
        assert!(backlog.is_empty());
        let read = reading.await.expect("reader");
        assert!(matches!(read, [Ok(Event::Resumed), Ok(Event::Closed(None))]), "{read:?}");
    }

    #[tokio::test]
    async fn a_queue_without_readers_does_not_block() {
        let (queue, reader) = async_channel::bounded(1);
        let mut backlog = EventBacklog::default();
        backlog.push(&queue, Event::Resumed);
        backlog.push(&queue, Event::Resumed);
        drop(reader);
        backlog.flush().await;
        backlog.push(&queue, Event::Resumed);
        assert!(backlog.is_empty());
    }
}
