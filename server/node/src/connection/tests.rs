//! A connection by itself.

use std::time::Duration;

use futures_util::stream;

use super::*;
use crate::config::NodeConfig;

#[tokio::test(start_paused = true)]
async fn a_backend_that_takes_long_to_open_is_waited_for() {
    let node = Node::new(NodeConfig::default());
    let mut connection = Connection::new(node, Caller::default(), None, stream::pending());
    connection.stage = Stage::Opening(Box::pin(std::future::pending()), None);
    tokio::time::advance(Duration::from_secs(60)).await;
    let mut polls = 0;
    let polling = std::future::poll_fn(|cx| {
        polls += 1;
        assert!(polls < 50, "it asks to be polled again and again");
        Pin::new(&mut connection).poll_next(cx)
    });
    // The clock goes on when nobody has anything to do.
    assert!(tokio::time::timeout(Duration::from_secs(60), polling).await.is_err());
}
