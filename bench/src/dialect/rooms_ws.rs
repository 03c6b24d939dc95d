//! The JSON of a common room server: `{type, targetUserId, sdp | candidate}` up, `fromUserId` down.

use super::{Dialect, Heard, Say, text, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::Broken,
};

/// One user, whose room and id stand in the URL.
#[derive(Debug)]
pub(crate) struct RoomsWs {
    user: String,
    shape: Shape,
    signal: Template,
}

impl RoomsWs {
    /// The path of its WebSocket.
    pub(crate) fn path(room: &str, user: &str) -> String {
        format!("/?roomId={room}&userId={user}&userName={user}")
    }

    /// The user with this id.
    pub(crate) fn new(user: String) -> Self {
        Self { user, shape: Shape::Candidate, signal: Template::default() }
    }
}

impl Dialect for RoomsWs {
    fn hear(&mut self, message: &[u8], _say: &mut Say<'_>) -> Result<Option<Heard>, Broken> {
        match text::string(message, r#""type":"#) {
            Some("ice-candidate" | "offer") => match self.shape.number(message) {
                Some(number) => Ok(Some(Heard::Signal(number))),
                None => Err(unexpected(message)),
            },
            Some("participants") => Ok(Some(Heard::Joined)),
            Some("participant-joined") => Ok(Some(Heard::Member)),
            Some("participant-left") => Ok(None),
            _ => Err(unexpected(message)),
        }
    }

    fn id(&self) -> &str {
        &self.user
    }

    fn aim(&mut self, to: &str, shape: Shape) {
        let json = shape.json();
        let message = match shape {
            Shape::Candidate => format!(r#"{{"type":"ice-candidate","targetUserId":"{to}","candidate":{json}}}"#),
            Shape::Description => format!(r#"{{"type":"offer","targetUserId":"{to}","sdp":{json}}}"#),
        };
        self.shape = shape;
        self.signal = Template::new(shape, message.into_bytes());
    }

    fn speak(&mut self, number: u32, say: &mut Say<'_>) {
        say.compose(|out| self.signal.write(number, out));
    }
}
