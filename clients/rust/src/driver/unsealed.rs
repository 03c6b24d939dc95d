//! In place of `sealing`, when this crate is built without it.

use wigwag_proto::v1;

use crate::{error::Error, member::PeerId};

/// Nobody has keys.
#[derive(Debug, Clone)]
pub(crate) enum Keys {}

/// Nobody has secrets.
#[derive(Debug, Clone)]
pub(crate) enum Secret {}

/// No keys.
#[allow(clippy::unused_async)]
pub(crate) async fn derive(_secret: Option<&Secret>, _room: &str) -> Result<Option<Keys>, Error> {
    Ok(None)
}

/// Never asked for: no room is sealed.
pub(crate) fn room_name() -> Result<String, Error> {
    Ok(String::new())
}

/// No seals.
#[derive(Debug, Default)]
pub(crate) struct Seals;

// The same interface, and nothing behind it.
#[allow(clippy::unused_self, clippy::unnecessary_wraps)]
impl Seals {
    pub(crate) fn new(_direct: Option<Keys>) -> Self {
        Self
    }

    pub(crate) fn asked(&mut self, _seq: u32, _keys: Option<Keys>) {}

    pub(crate) fn answered(&mut self, _seq: u32, _room: Option<&str>) {}

    pub(crate) fn left(&mut self, _room: &str) {}

    pub(crate) fn reset(&mut self) {}

    pub(crate) fn seal(&mut self, _me: &PeerId, _envelope: &mut v1::Envelope) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) fn open(&mut self, _me: &PeerId, _is_here: bool, _envelope: &mut v1::Envelope) -> Result<(), Error> {
        Ok(())
    }
}
