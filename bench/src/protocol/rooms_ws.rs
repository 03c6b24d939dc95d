//! The JSON of a common room server: `{type, targetUserId, sdp | candidate}` up, `fromUserId` down.

use super::{Client, Event, Sender, text, unexpected};
use crate::{
    signal::{Shape, Template},
    transport::ConnectionError,
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

impl Client for RoomsWs {
    fn receive(&mut self, message: &[u8], _out: &mut Sender<'_>) -> Result<Option<Event>, ConnectionError> {
        match text::string(message, r#""type":"#) {
            Some("ice-candidate" | "offer") => match self.shape.number(message) {
                Some(number) => Ok(Some(Event::Signal(number))),
                None => Err(unexpected(message)),
            },
            Some("participants") => Ok(Some(Event::Joined)),
            Some("participant-joined") => Ok(Some(Event::MemberJoined)),
            Some("participant-left") => Ok(None),
            _ => Err(unexpected(message)),
        }
    }

    fn id(&self) -> &str {
        &self.user
    }

    fn set_target(&mut self, to: &str, shape: Shape) {
        let json = shape.json();
        let message = match shape {
            Shape::Candidate => format!(r#"{{"type":"ice-candidate","targetUserId":"{to}","candidate":{json}}}"#),
            Shape::Description => format!(r#"{{"type":"offer","targetUserId":"{to}","sdp":{json}}}"#),
        };
        self.shape = shape;
        self.signal = Template::new(shape, message.into_bytes());
    }

    fn send_signal(&mut self, number: u32, out: &mut Sender<'_>) {
        out.compose(|message| self.signal.write(number, message));
    }
}
