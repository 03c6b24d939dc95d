//! Receipts: whether an envelope was delivered.

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

/// The server's report on an accepted envelope.
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
    /// The recipient.
    pub peer_id: PeerId,
    /// Whether it was delivered.
    pub outcome: Outcome,
}

/// Whether an accepted envelope was delivered.
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::{Outcome, Payload};
///
/// match room.send_with_receipt(&peer, Payload::Text("hello".into())).await?.await?.outcome {
///     Outcome::Delivered => println!("delivered"),
///     Outcome::Written => println!("written to a peer that does not acknowledge"),
///     Outcome::Undeliverable { reason } => println!("not delivered, or not confirmed: {reason}"),
///     _ => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The recipient's application has received it.
    Delivered,
    /// It was written to the connection of a recipient that does not acknowledge.
    Written,
    /// It was not delivered, or its delivery could not be confirmed.
    Undeliverable {
        /// Why, as the API names it (`MAILBOX_FULL`, `EXPIRED`, …).
        reason: String,
    },
}

/// A future of a [`Receipt`]. Completes when the envelope was delivered or is known to be undeliverable; fails if the
/// envelope was refused or the session ended first. Dropping it does not affect the envelope.
///
/// With a recipient that has no connection this may take the recipient's grace period (30 s by default).
///
/// ```no_run
/// # async fn example(room: wigwag_client::Room, peer: wigwag_client::PeerId) -> Result<(), wigwag_client::Error> {
/// use wigwag_client::Payload;
///
/// let first = room.send_with_receipt(&peer, Payload::Text("one".into())).await?;
/// let second = room.send_with_receipt(&peer, Payload::Text("two".into())).await?;
/// // Both were sent before the first receipt is awaited.
/// println!("{:?}, {:?}", first.await?.outcome, second.await?.outcome);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a receipt does nothing unless it is awaited"]
pub struct PendingReceipt {
    id: EnvelopeId,
    answer: oneshot::Receiver<Result<Receipt, Error>>,
}

impl PendingReceipt {
    pub(crate) fn new(id: EnvelopeId, answer: oneshot::Receiver<Result<Receipt, Error>>) -> Self {
        Self { id, answer }
    }

    /// Returns the id of the envelope.
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
            // An outcome this client does not know confirms no delivery.
            v1::receipt::Outcome::Unspecified => Outcome::Undeliverable { reason: reason::PROTOCOL.into() },
        };
        Self { peer_id: receipt.peer_id.into(), outcome }
    }
}
