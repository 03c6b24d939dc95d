//! A connection without a transport.

use std::time::Duration;

use futures_util::stream;

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
