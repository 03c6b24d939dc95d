//! `wigwag ice`: tries the STUN and TURN servers that a server hands out.

mod exchange;
mod url;

use std::net::SocketAddr;

use clap::Args;
use stun_types::{
    attribute::{
        AttributeStaticType as _, AttributeType, ErrorCode, Nonce, RawAttribute, Realm, Username, XorMappedAddress,
    },
    message::{
        BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
        MessageWrite as _, MessageWriteExt as _, MessageWriteVec, Method,
    },
};
use tokio::time::{Instant, timeout};
use wigwag_proto::v1::{GetIceServersRequest, IceServer};

use self::{exchange::Wire, url::IceUrl};
use crate::{exit::Exit, failure::Failure, globals::Globals, output::Output, remote, report::Report, target::Target};

/// Requests and attributes of TURN (RFC 8656).
const ALLOCATE: Method = Method::new(0x003);
const REFRESH: Method = Method::new(0x004);
const LIFETIME: AttributeType = AttributeType::new(0x000d);
const XOR_RELAYED_ADDRESS: AttributeType = AttributeType::new(0x0016);
const REQUESTED_TRANSPORT: AttributeType = AttributeType::new(0x0019);

/// UDP, and three bytes that are reserved.
const UDP: [u8; 4] = [17, 0, 0, 0];

/// Try each STUN and TURN server that the server hands out, from here, with the credentials that it gives.
///
/// Of a STUN server an address is asked for (binding), of a TURN server a relay (allocation, which is given back). Servers over
/// TLS (stuns:, turns:) are listed and not tried. Credentials are not shown. Exit code 1 if one does not work.
#[derive(Debug, Args)]
pub(crate) struct IceArgs {}

pub(crate) async fn run(globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let target = Target::resolve(globals, output)?;
    let answer = remote::signaling(&target).await?.get_ice_servers(GetIceServersRequest {}).await?.into_inner();
    let mut report = Report::new(output, &target.url);
    if answer.ice_servers.is_empty() {
        report.warning(
            "ice",
            "the server hands out no STUN or TURN servers",
            "configure [ice]: without a TURN server, peers with some kinds of NAT do not connect",
        )?;
    }
    for server in &answer.ice_servers {
        for text in &server.urls {
            let Some(url) = IceUrl::parse(text) else {
                report.wrong(
                    text,
                    "this is not a STUN or TURN URL",
                    "write it as turn:turn.example.com:3478?transport=udp",
                )?;
                continue;
            };
            if url.is_tls {
                report.skipped(text, "servers over TLS are not tried")?;
                continue;
            }
            let began = Instant::now();
            match timeout(target.timeout, attempt(&url, server)).await {
                Ok(Ok(found)) => report.ok(text, format!("{found} ({} ms)", began.elapsed().as_millis()))?,
                Ok(Err(Trouble { found, remedy })) => report.wrong(text, found, remedy)?,
                Err(_) => report.wrong(text, "no answer in time", UNREACHABLE)?,
            }
        }
    }
    report.end()
}

const UNREACHABLE: &str = "is it running, and does a firewall let this port through, for UDP as well?";

/// What is wrong, and what to do.
struct Trouble {
    found: String,
    remedy: &'static str,
}

impl Trouble {
    fn new(found: impl Into<String>, remedy: &'static str) -> Self {
        Self { found: found.into(), remedy }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string(), UNREACHABLE)
    }
}

/// Asks for an address or a relay; returns what it got.
async fn attempt(url: &IceUrl, server: &IceServer) -> Result<String, Trouble> {
    let mut wire = Wire::connect(url).await?;
    if url.is_turn {
        return allocate(&mut wire, server).await;
    }
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    let answer = wire.exchange(&request).await?;
    let answer = parse(&answer)?;
    match answer.attribute::<XorMappedAddress>() {
        Ok(address) => Ok(format!("this machine is {}", address.addr(answer.transaction_id()))),
        Err(_) => Err(refused(&answer)),
    }
}

/// Allocates a relay and gives it back.
async fn allocate(wire: &mut Wire, server: &IceServer) -> Result<String, Trouble> {
    let mut request = Message::builder_request(ALLOCATE, MessageWriteVec::new());
    let transport = RawAttribute::new(REQUESTED_TRANSPORT, &UDP);
    request.add_attribute(&transport).map_err(unwritable)?;
    let challenge = wire.exchange(&request.finish()).await?;
    let challenge = parse(&challenge)?;
    let (Ok(realm), Ok(nonce)) = (challenge.attribute::<Realm>(), challenge.attribute::<Nonce>()) else {
        return Err(if challenge.has_class(MessageClass::Success) {
            Trouble::new(
                "it relays for everyone, without credentials",
                "let it ask for them (coturn: lt-cred-mech, use-auth-secret)",
            )
        } else {
            refused(&challenge)
        });
    };
    let answer = wire.exchange(&authenticated(ALLOCATE, &transport, server, realm.realm(), nonce.nonce())?).await?;
    let answer = parse(&answer)?;
    if !answer.has_class(MessageClass::Success) {
        return Err(refused(&answer));
    }
    let relay = relayed(&answer).map_or_else(|| "a relay".to_owned(), |address| format!("the relay {address}"));
    let at_once = RawAttribute::new(LIFETIME, &[0; 4]);
    // It ends by itself after ten minutes.
    let _ = wire.exchange(&authenticated(REFRESH, &at_once, server, realm.realm(), nonce.nonce())?).await;
    Ok(format!("it gives {relay}"))
}

fn authenticated(
    method: Method,
    attribute: &RawAttribute<'_>,
    server: &IceServer,
    realm: &str,
    nonce: &str,
) -> Result<Vec<u8>, Trouble> {
    let mut request = Message::builder_request(method, MessageWriteVec::new());
    request.add_attribute(attribute).map_err(unwritable)?;
    request.add_attribute(&Username::new(&server.username).map_err(unwritable)?).map_err(unwritable)?;
    request.add_attribute(&Realm::new(realm).map_err(unwritable)?).map_err(unwritable)?;
    request.add_attribute(&Nonce::new(nonce).map_err(unwritable)?).map_err(unwritable)?;
    let credentials = LongTermKeyCredentials::new(server.username.clone(), server.credential.clone(), realm.to_owned());
    let credentials = MessageIntegrityCredentials::from(credentials);
    request.add_message_integrity(&credentials, IntegrityAlgorithm::Sha1).map_err(unwritable)?;
    Ok(request.finish())
}

/// Reads the address of the relay, which is written as a mapped address is.
fn relayed(answer: &Message<'_>) -> Option<SocketAddr> {
    let raw = answer.raw_attribute(XOR_RELAYED_ADDRESS)?;
    let mapped = RawAttribute::new(XorMappedAddress::TYPE, &raw.value);
    Some(XorMappedAddress::try_from(&mapped).ok()?.addr(answer.transaction_id()))
}

fn parse(answer: &[u8]) -> Result<Message<'_>, Trouble> {
    let not_stun =
        |error| Trouble::new(format!("the answer is not STUN: {error}"), "is it the port of a STUN or TURN server?");
    Message::from_bytes(answer).map_err(not_stun)
}

fn refused(answer: &Message<'_>) -> Trouble {
    let Ok(error) = answer.attribute::<ErrorCode>() else {
        return Trouble::new("the answer has neither an address nor an error", "is it a STUN or TURN server?");
    };
    let found = format!("it answers {} {}", error.code(), error.reason());
    let remedy = match error.code() {
        401 => {
            "the credentials are refused: ice.turn_secret must be the secret of the TURN server (coturn: static-auth-secret), and their clocks must agree"
        }
        403 => "the TURN server does not permit this client: see its lists of addresses",
        437 | 438 => "try again",
        486 => "too many relays of this user: raise the quota of the TURN server (coturn: user-quota)",
        508 => "no relay port is free: raise the range of ports of the TURN server (coturn: min-port, max-port)",
        _ => "see the log of the TURN server",
    };
    Trouble::new(found, remedy)
}

fn unwritable(error: impl std::fmt::Display) -> Trouble {
    Trouble::new(format!("the request cannot be written: {error}"), "are the credentials too long?")
}
