//! `wigwag send`: a message over RoomService, without a sender.

use std::path::{Path, PathBuf};

use clap::Args;
use wigwag_proto::v1::{AppData, Envelope, SendToRoomRequest, app_data::Content, envelope::Payload};

use crate::{exit::Exit, failure::Failure, globals::Globals, output::Output, remote, target::Target, text_input};

/// Largest message that is read; servers accept less (limits.max_frame_bytes), and say how much.
const MAX_MESSAGE: usize = 16 << 20;

/// Send a message to a room or one of its members, without joining.
///
/// It has no sender. Exit code 75 if it did not reach somebody because a mailbox is full.
#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Name of the room
    room: String,
    /// The text
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,
    /// Peer id of the only member who gets it
    #[arg(long, value_name = "PEER")]
    to: Option<String>,
    /// Send this file, - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Send the file as bytes rather than as text
    #[arg(long, requires = "file")]
    binary: bool,
    /// Idempotency key: the same command with the same key within 60 s sends nothing more
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

pub(crate) async fn run(arguments: &SendArgs, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let content = match (&arguments.text, arguments.file.as_deref().unwrap_or(Path::new("-"))) {
        (Some(text), _) => Content::Text(text.clone()),
        (None, file) if arguments.binary => Content::Binary(text_input::read_bytes(file, "the message", MAX_MESSAGE)?),
        (None, file) => Content::Text(text_input::read(file, "the message", MAX_MESSAGE)?),
    };
    let target = Target::resolve(globals, output)?;
    let envelope = Envelope {
        room: arguments.room.clone(),
        to: arguments.to.clone().unwrap_or_default(),
        payload: Some(Payload::Message(AppData { content: Some(content) })),
        ..Envelope::default()
    };
    let request =
        SendToRoomRequest { envelope: Some(envelope), request_id: arguments.request_id.clone().unwrap_or_default() };
    let response = remote::rooms(&target).await?.send_to_room(request).await?.into_inner();
    output.show(&response, || match response.accepted() {
        1 => "reached 1 member\n".to_owned(),
        count => format!("reached {count} members\n"),
    })?;
    if response.undeliverable.is_empty() {
        return Ok(Exit::Done);
    }
    let text = format!("not delivered to {}: their mailboxes are full", response.undeliverable.join(", "));
    Err(Failure::new(Exit::TryLater, text).with_reason("MAILBOX_FULL").with_hint("they do not read; send again later"))
}
