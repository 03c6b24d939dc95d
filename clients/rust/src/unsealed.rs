//! Replaces `sealing` when the feature `seal` is off: the same interface, without effect.

use wigwag_proto::v1;

use crate::{error::Error, member::PeerId};

/// No keys exist.
#[derive(Debug, Clone)]
pub(crate) enum Keys {}

/// No secrets exist.
#[derive(Debug, Clone)]
pub(crate) enum Secret {}

/// Returns no keys.
#[allow(clippy::unused_async)]
pub(crate) async fn derive(_secret: Option<&Secret>, _room: &str) -> Result<Option<Keys>, Error> {
    Ok(None)
}

/// Never called: no room is sealed.
pub(crate) fn room_name() -> Result<String, Error> {
    Ok(String::new())
}

/// Seals and opens nothing.
#[derive(Debug, Default)]
pub(crate) struct Seals;

#[allow(clippy::unused_self, clippy::unnecessary_wraps)]
impl Seals {
    pub(crate) fn new(_direct: Option<Keys>) -> Self {
        Self
    }

    pub(crate) fn join_requested(&mut self, _seq: u32, _keys: Option<Keys>) {}

    pub(crate) fn join_answered(&mut self, _seq: u32, _room: Option<&str>) {}

    pub(crate) fn left(&mut self, _room: &str) {}

    pub(crate) fn reset(&mut self) {}

    pub(crate) fn seal(&mut self, _me: &PeerId, _envelope: &mut v1::Envelope) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn open(&mut self, _me: &PeerId, _is_here: bool, _envelope: &mut v1::Envelope) -> Result<(), Error> {
        Ok(())
    }
}
