//! New ICE servers for a client before the credentials that it has expire.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::Now;

use crate::{
    ice::{IceServers, IceUser},
    node::Node,
};

/// The part of the credentials' life after which the client gets new ones.
const RENEWED_AFTER_PERCENT: u64 = 80;

/// The least time between two renewals, whatever the provider says.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// When to ask again after an answer that does not expire, which a provider gives that cannot be reached.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// The timer of a client's credentials.
pub(super) struct IceRenewal {
    node: Node,
    user: IceUser,
    state: State,
}

enum State {
    Waiting(Pin<Box<Sleep>>),
    Asking(Pin<Box<dyn Future<Output = IceServers> + Send>>),
}

impl IceRenewal {
    /// Creates the timer of credentials that expire at this time, in milliseconds since 1970.
    pub(super) fn new(node: Node, user: IceUser, expires_at_ms: u64, now: Now) -> Self {
        let state = State::Waiting(Box::pin(tokio::time::sleep(renewed_in(expires_at_ms, now))));
        Self { node, user, state }
    }

    /// Returns the new servers, once they are due and there.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<IceServers> {
        loop {
            match &mut self.state {
                State::Waiting(sleep) => {
                    ready!(sleep.as_mut().poll(cx));
                    let (node, user) = (self.node.clone(), self.user.clone());
                    self.state = State::Asking(Box::pin(async move { node.ice_servers(&user).await }));
                }
                State::Asking(asking) => {
                    let servers = ready!(asking.as_mut().poll(cx));
                    let next = servers.expires_at_ms.map_or(RETRY_AFTER, |at| renewed_in(at, self.node.now()));
                    self.state = State::Waiting(Box::pin(tokio::time::sleep_until(Instant::now() + next)));
                    if servers.expires_at_ms.is_some() {
                        return Poll::Ready(servers);
                    }
                }
            }
        }
    }
}

fn renewed_in(expires_at_ms: u64, now: Now) -> Duration {
    let left = expires_at_ms.saturating_sub(now.unix_ms);
    Duration::from_millis(left.saturating_mul(RENEWED_AFTER_PERCENT) / 100).max(MIN_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_at_four_fifths_of_their_life() {
        let now = Now { mono_ms: 0, unix_ms: 1_000_000 };
        assert_eq!(renewed_in(1_600_000, now), Duration::from_secs(480));
        assert_eq!(renewed_in(1_000_100, now), MIN_INTERVAL);
        assert_eq!(renewed_in(0, now), MIN_INTERVAL);
    }
}
