//! The way from the driver to the application: bounded queues, and what waits in front of a full one.

use std::collections::VecDeque;

use crate::event::Event;

/// Events that did not fit into their queue yet, in order.
///
/// Holds the events of one server frame at most: the driver reads no further frame before it is empty. That is how
/// an application that does not read makes the whole session wait, down to the network.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    waiting: VecDeque<(async_channel::Sender<Event>, Event)>,
}

impl Outlet {
    /// Hands an event on, now or as soon as there is room. A queue that nobody can read any more swallows it.
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

    /// Hands an event on if there is room, and drops it otherwise: for news that is stale by the time it is read.
    pub(crate) fn offer(&mut self, queue: &async_channel::Sender<Event>, event: Event) {
        if self.waiting.is_empty() {
            // Full and closed mean the same here.
            let _ = queue.try_send(event);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until everything is handed on. Safe to cancel.
    pub(crate) async fn flush(&mut self) {
        while let Some((queue, event)) = self.waiting.front() {
            // An error means that nobody can read any more.
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
        let mut outlet = Outlet::default();
        outlet.push(&queue, Event::Resumed);
        outlet.push(&queue, Event::Closed(None));
        outlet.offer(&queue, Event::Reconnecting);
        assert!(!outlet.is_empty());
        let reading = tokio::spawn(async move { [reader.recv().await, reader.recv().await] });
        outlet.flush().await;
        assert!(outlet.is_empty());
        let read = reading.await.expect("reader");
        assert!(matches!(read, [Ok(Event::Resumed), Ok(Event::Closed(None))]), "{read:?}");
    }

    #[tokio::test]
    async fn a_queue_without_readers_holds_nothing_up() {
        let (queue, reader) = async_channel::bounded(1);
        let mut outlet = Outlet::default();
        outlet.push(&queue, Event::Resumed);
        outlet.push(&queue, Event::Resumed);
        drop(reader);
        outlet.flush().await;
        outlet.push(&queue, Event::Resumed);
        assert!(outlet.is_empty());
    }
}
