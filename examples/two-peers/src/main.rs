//! Two peers join a room and exchange what a WebRTC connection needs: offer, answer and candidates; and a text.
//!
//! Start a server with `cargo run`, then in another terminal both peers at once:
//!
//!     cargo run -p two-peers
//!
//! or each in a separate terminal, in any order:
//!
//!     cargo run -p two-peers -- Ada
//!     cargo run -p two-peers -- Bob
//!
//! `WIGWAG_URL` is the server, by default `http://127.0.0.1:8080`. The session descriptions here are placeholders: an
//! application gets them from its WebRTC stack, and passes received ones to it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use wigwag_client::{Error, Event, IceCandidate, Payload, PeerId, Room, SdpType, Session, SessionDescription};

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = peers().await else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    ExitCode::FAILURE
}

async fn peers() -> Result<(), Error> {
    let url = std::env::var("WIGWAG_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".into());
    if let Some(name) = std::env::args().nth(1) {
        return run(&name, &join(&url, &name).await?).await;
    }
    let (ada, bob) = (join(&url, "Ada").await?, join(&url, "Bob").await?);
    tokio::try_join!(run("Ada", &ada), run("Bob", &bob)).map(|_| ())
}

async fn join(url: &str, name: &str) -> Result<(Session, Room), Error> {
    let session = Session::builder(url).display_name(name).connect().await?;
    let room = session.join("two-peers").await?;
    println!("{name}: joined {:?} as {}", room.name(), session.peer_id());
    Ok((session, room))
}

async fn run(name: &str, (session, room): &(Session, Room)) -> Result<(), Error> {
    // The peer that finds the other one already in the room makes the first offer.
    match room.found().first() {
        Some(other) => {
            println!("{name}: found {}, sending an offer", other.display_name);
            describe(room, &other.peer_id, SessionDescription::offer(SDP)).await?;
        }
        None => println!("{name}: waiting for another peer"),
    }
    let mut events = room.events();
    while let Some(event) = events.next().await {
        match event {
            Event::MemberJoined { member, .. } => println!("{name}: {} joined", member.display_name),
            Event::MemberLeft { reason, .. } => println!("{name}: the other left ({})", reason.unwrap_or_default()),
            Event::Envelope { from: Some(from), payload, .. } => match payload {
                Payload::Description(description) if description.kind == SdpType::Offer => {
                    println!("{name}: got an offer of {} bytes, answering", description.sdp.len());
                    describe(room, &from, SessionDescription::answer(SDP)).await?;
                }
                Payload::Description(description) => {
                    println!("{name}: got an {}, sending a text", description.kind.as_str());
                    let receipt = room.send_with_receipt(&from, Payload::Text(format!("hello from {name}"))).await?;
                    println!("{name}: the text was {:?}", receipt.await?.outcome);
                    break;
                }
                Payload::Candidate(candidate) if candidate.is_end_of_candidates() => {
                    println!("{name}: got the last candidate");
                }
                Payload::Candidate(candidate) => println!("{name}: got {}", candidate.candidate.unwrap_or_default()),
                Payload::Text(text) => {
                    println!("{name}: got the text {text:?}");
                    break;
                }
                other => println!("{name}: got {other:?}"),
            },
            _ => {}
        }
    }
    room.leave().await?;
    session.close().await;
    println!("{name}: done");
    Ok(())
}

async fn describe(room: &Room, to: &PeerId, description: SessionDescription) -> Result<(), Error> {
    room.send(to, description).await?;
    for port in [50_001, 50_002] {
        let line = format!("candidate:1 1 udp 2122260223 127.0.0.1 {port} typ host");
        let candidate = IceCandidate { candidate: Some(line), sdp_mid: Some("0".into()), ..IceCandidate::default() };
        room.send(to, candidate).await?;
    }
    room.send(to, IceCandidate::end_of_candidates()).await?;
    Ok(())
}
