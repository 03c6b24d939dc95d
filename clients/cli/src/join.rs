//! `wigwag join`: a member of a room at a terminal.

mod view;

use clap::Args;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    sync::mpsc,
    time::timeout,
};
use wigwag_client::{Event, JoinOptions, Payload, PeerId, Room, Session};

use self::view::View;
use crate::{exit::Exit, failure::Failure, globals::Globals, output::Output, target::Target};

/// Lines that were typed and are not sent yet. When it is full, reading waits.
const LINES: usize = 16;

/// Join a room: shows who comes, who goes and what arrives, and sends the lines that you type.
///
/// A line goes to all members; `/to PEER TEXT` sends to one, `/members` lists them, `/quit` or the end of the input leaves. Of
/// session descriptions and candidates only the kind and the size are shown.
#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// Name of the room
    room: String,
    /// Name that the others see
    #[arg(long, value_name = "NAME", default_value = "wigwag")]
    name: String,
    /// Only show: do not read standard input
    #[arg(long)]
    no_input: bool,
    /// Send each text back to its sender
    #[arg(long)]
    echo: bool,
}

pub(crate) async fn run(arguments: &JoinArgs, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let target = Target::resolve(globals, output)?;
    let session = connect(&target, &arguments.name).await?;
    let room = session.join_with(&arguments.room, JoinOptions::default()).await?;
    let view = View::new(output);
    view.joined(&session, &room)?;
    let ended = take_part(arguments, &session, &room, view).await;
    if ended.is_ok() {
        // Ends after everything that was sent before, so that nothing typed is lost. The room may be gone.
        let _ = room.leave().await;
        session.close().await;
    }
    ended
}

/// Opens a session.
pub(crate) async fn connect(target: &Target, name: &str) -> Result<Session, Failure> {
    target.uri()?;
    let mut builder = Session::builder(&target.url).display_name(name);
    if let Some(token) = &target.token {
        builder = builder.token(token);
    }
    if let Some(ca) = &target.ca {
        builder = builder.ca_certificate(ca.clone());
    }
    match timeout(target.timeout, builder.connect()).await {
        Ok(connected) => connected.map_err(|error| match &*error.reason {
            "UNREACHABLE" => Failure::unreachable(&target.url, &error.message),
            _ => error.into(),
        }),
        Err(_) => Err(Failure::unreachable(&target.url, "no answer in time").with_hint("wait longer with --timeout")),
    }
}

async fn take_part(arguments: &JoinArgs, session: &Session, room: &Room, view: View) -> Result<Exit, Failure> {
    let mut lines = if arguments.no_input { None } else { Some(read_lines()) };
    let (mut of_room, mut of_session) = (room.events(), session.events());
    loop {
        let event = tokio::select! {
            event = of_room.next() => event,
            event = of_session.next() => event,
            line = next_line(&mut lines) => {
                match line {
                    Some(line) if line.trim() != "/quit" => obey(&line, room, &view).await?,
                    _ => return Ok(Exit::Done),
                }
                continue;
            }
            pressed = tokio::signal::ctrl_c() => {
                return match pressed {
                    Ok(()) => Ok(Exit::Done),
                    Err(error) => Err(Failure::new(Exit::Defect, format!("cannot wait for Ctrl-C: {error}"))),
                };
            }
        };
        let Some(event) = event else { return Ok(Exit::Done) };
        view.event(room, &event)?;
        match event {
            Event::Envelope { from: Some(from), payload: Payload::Text(text), room: Some(_), .. } if arguments.echo => {
                room.send(&from, Payload::Text(text)).await?;
            }
            Event::Left { reason, .. } => {
                let text = format!("no longer a member: {reason}");
                return Err(Failure::new(Exit::Failed, text).with_reason(reason));
            }
            Event::Reset { reason, .. } => {
                return Err(Failure::new(Exit::TryLater, format!("the session was lost: {reason}"))
                    .with_reason(reason)
                    .with_hint("join again"));
            }
            Event::Closed(Some(error)) => return Err(error.into()),
            Event::Closed(None) => return Ok(Exit::Done),
            _ => {}
        }
    }
}

/// Sends a line, or does what its command says.
async fn obey(line: &str, room: &Room, view: &View) -> Result<(), Failure> {
    if let Some(rest) = line.strip_prefix("/to ") {
        let Some((to, text)) = rest.trim_start().split_once(' ') else {
            view.remark("write it as /to PEER TEXT");
            return Ok(());
        };
        let Some(to) = find(room, to) else {
            view.remark(&format!("there is no member {to}: /members lists them"));
            return Ok(());
        };
        room.send(&to, Payload::Text(text.to_owned())).await?;
    } else if line.trim() == "/members" {
        view.members(room);
    } else if line.starts_with('/') && !line.starts_with("//") {
        view.remark("the commands are /to PEER TEXT, /members and /quit; begin a text with // to send a /");
    } else if !line.is_empty() {
        let text = if line.starts_with("//") { &line[1..] } else { line };
        room.broadcast(Payload::Text(text.to_owned())).await?;
    }
    Ok(())
}

/// Finds a member by peer id, or by a display name that only one has.
fn find(room: &Room, wanted: &str) -> Option<PeerId> {
    let members = room.members();
    let by_id = members.iter().find(|member| member.peer_id.as_str() == wanted);
    let mut by_name = members.iter().filter(|member| member.display_name == wanted);
    let named = by_name.next().filter(|_| by_name.next().is_none());
    by_id.or(named).map(|member| member.peer_id.clone())
}

/// Reads standard input line by line.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(LINES);
    tokio::spawn(async move {
        let mut input = BufReader::new(tokio::io::stdin()).lines();
        while let Ok(Some(line)) = input.next_line().await {
            if sender.send(line).await.is_err() {
                break;
            }
        }
    });
    lines
}

/// Waits for a line; without input for ever. `None` at the end of the input.
async fn next_line(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}
