//! A connection without a transport.

mod store;

use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};

use super::*;
use crate::config::NodeConfig;

#[tokio::test(start_paused = true)]
async fn a_backend_that_takes_long_to_open_is_waited_for() {
    let node = Node::new(NodeConfig::default());
    let mut connection = Connection::new(node, Caller::default(), None, stream::pending());
    connection.state = State::Opening(Box::pin(std::future::pending()), None);
    tokio::time::advance(Duration::from_secs(60)).await;
    let mut polls = 0;
    let polling = std::future::poll_fn(|cx| {
        polls += 1;
        assert!(polls < 50, "the connection is polled in a busy loop");
        Pin::new(&mut connection).poll_next(cx)
    });
    // Tokio's paused clock advances when no task can run.
    assert!(tokio::time::timeout(Duration::from_secs(60), polling).await.is_err());
}

#[tokio::test]
async fn a_client_that_sends_without_end_takes_turns_with_others() {
    const MANY: usize = 100_000;
    let read = Arc::new(AtomicUsize::new(0));
    let input = stream::iter(0..MANY).map({
        let read = read.clone();
        move |_| {
            read.fetch_add(1, SeqCst);
            let body = Some(RawBody::Pong(pb::Pong {}));
            Some(Input::Frame(RawClientFrame { body, ..RawClientFrame::default() }))
        }
    });
    let node = Node::new(NodeConfig::default());
    let mut connection = Connection::with_hello(node, Caller::default(), None, input, pb::Hello::default());
    connection.next().await.expect("a welcome").expect("no error");
    for turn in 1..4 {
        // Every poll but the first was after the task had yielded.
        let yielded =
            std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut connection).poll_next(cx).is_pending())).await;
        assert!(yielded, "turn {turn}");
        assert!(read.load(SeqCst) <= (turn + 1) * INPUTS_PER_POLL, "{} frames in turn {turn}", read.load(SeqCst));
        tokio::task::yield_now().await;
    }
    assert!(connection.ready & source::INPUT != 0, "there is more to read");
}
