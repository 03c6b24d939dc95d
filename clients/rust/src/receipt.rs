//! What became of an envelope.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::oneshot;
use wigwag_proto::v1;

use crate::{
    error::{Error, reason},
    event::EnvelopeId,
    member::PeerId,
};

/// What became of an accepted envelope.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::Payload;
///
/// let receipt = room.send_with_receipt(&peer, Payload::Text("hello".into())).await?.await?;
/// println!("{}: {:?}", receipt.peer_id, receipt.outcome);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The receiver.
    pub peer_id: PeerId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an accepted envelope.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Outcome, Payload};
///
/// match room.send_with_receipt(&peer, Payload::Text("hello".into())).await?.await?.outcome {
///     Outcome::Delivered => println!("it has arrived"),
///     Outcome::Written => println!("it is on its way, to a peer that confirms nothing"),
///     Outcome::Undeliverable { reason } => println!("it may not have arrived: {reason}"),
///     _ => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The receiver's application has it.
    Delivered,
    /// It was put on the connection of a receiver that does not acknowledge.
    Written,
    /// Not confirmed: it was not delivered, or may have been without a word about it.
    Undeliverable {
        /// Why, as the API names it (`MAILBOX_FULL`, `EXPIRED`, …).
        reason: String,
    },
}

/// A receipt on its way. Resolves when the envelope was delivered, when it turned out that it will not be, or with
/// an error when it was refused or the session ended first. Dropping it changes nothing for the envelope.
///
/// A receiver without a connection may take its whole grace period (30 s by default) to answer.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::Payload;
///
/// let first = room.send_with_receipt(&peer, Payload::Text("one".into())).await?;
/// let second = room.send_with_receipt(&peer, Payload::Text("two".into())).await?;
/// // Both are on their way while this waits.
/// println!("{:?}, {:?}", first.await?.outcome, second.await?.outcome);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a receipt says nothing until it is awaited"]
pub struct PendingReceipt {
    id: EnvelopeId,
    answer: oneshot::Receiver<Result<Receipt, Error>>,
}

impl PendingReceipt {
    pub(crate) fn new(id: EnvelopeId, answer: oneshot::Receiver<Result<Receipt, Error>>) -> Self {
        Self { id, answer }
    }

    /// Which envelope this is about.
    ///
    /// ```no_run
    /// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
    /// use wigwag_client::Payload;
    ///
    /// let receipt = room.send_with_receipt(&peer, Payload::Text("hello".into())).await?;
    /// println!("sent as {}", receipt.id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn id(&self) -> EnvelopeId {
        self.id
    }
}

impl Future for PendingReceipt {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(cx).map(|answer| answer.unwrap_or_else(|_| Err(Error::closed())))
    }
}

impl From<v1::Receipt> for Receipt {
    fn from(receipt: v1::Receipt) -> Self {
        let outcome = match receipt.outcome() {
            v1::receipt::Outcome::Delivered => Outcome::Delivered,
            v1::receipt::Outcome::Written => Outcome::Written,
            v1::receipt::Outcome::Undeliverable => Outcome::Undeliverable { reason: receipt.reason },
            // An outcome this client does not know confirms nothing.
            v1::receipt::Outcome::Unspecified => Outcome::Undeliverable { reason: reason::PROTOCOL.into() },
        };
        Self { peer_id: receipt.peer_id.into(), outcome }
    }
}
