//! WebSocket, gRPC, and a session.

use std::{io, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};
use wigwag_client::{Event, Session};
use wigwag_proto::v1::GetIceServersRequest;

use super::network::Network;
use crate::{duration::short, failure::Failure, join, remote, report::Report, target::Target};

/// Calls whose times are the latency.
const CALLS: usize = 5;

pub(super) async fn examine(
    network: &Network,
    target: &Target,
    origin: &str,
    idle: Option<Duration>,
    report: &mut Report,
) -> Result<(), Failure> {
    websocket(network, target, origin, report).await?;
    if !network.is_trusted {
        report.skipped("grpc", "the certificate is not good, see above")?;
        return report.skipped("session", "the certificate is not good, see above");
    }
    if grpc(target, report).await? {
        session(target, idle, report).await
    } else {
        report.skipped("session", "gRPC does not work, see above")
    }
}

async fn websocket(network: &Network, target: &Target, origin: &str, report: &mut Report) -> Result<(), Failure> {
    match network.within(greet(network, target, origin)).await {
        Ok(Greeting::Welcome) => report.ok("websocket", "a session opens"),
        Ok(Greeting::Refused(reason)) => report.ok("websocket", format!("the server answers ({reason})")),
        Ok(Greeting::Status(StatusCode::FORBIDDEN)) => report.wrong(
            "websocket",
            format!("pages of {origin} are refused"),
            format!("add {origin:?} to cors.allowed_origins: docs/browsers.md"),
        ),
        Ok(Greeting::Status(status)) => report.wrong(
            "websocket",
            format!("the upgrade is answered with {status}"),
            "let the proxy pass the headers Upgrade and Connection on (nginx: proxy_http_version 1.1): docs/proxies.md",
        ),
        Err(error) => report.wrong(
            "websocket",
            format!("no session: {error}"),
            "a proxy on the way may not pass WebSockets on: docs/proxies.md",
        ),
    }
}

enum Greeting {
    Welcome,
    /// The server refuses the session, for this reason: signaling works.
    Refused(String),
    Status(StatusCode),
}

/// Opens a session over a WebSocket. The token goes along only if the certificate is good.
async fn greet(network: &Network, target: &Target, origin: &str) -> io::Result<Greeting> {
    let stream = network.open().await?;
    let url = format!("ws://{}/v1/signal", network.authority);
    let mut request = url.into_client_request().map_err(io::Error::other)?;
    let headers = request.headers_mut();
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("wigwag.v1.json"));
    headers.insert(header::ORIGIN, origin.parse().map_err(io::Error::other)?);
    let (mut socket, _) = match client_async(request, stream).await {
        Ok(opened) => opened,
        Err(tungstenite::Error::Http(answer)) => return Ok(Greeting::Status(answer.status())),
        Err(error) => return Err(io::Error::other(error)),
    };
    let token = target.token.as_deref().filter(|_| network.is_trusted).unwrap_or_default();
    let hello = json!({ "hello": { "token": token, "client": "wigwag-doctor" } }).to_string();
    socket.send(Message::text(hello)).await.map_err(io::Error::other)?;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(io::Error::other)? else { continue };
        let frame: Value = serde_json::from_str(&text).map_err(io::Error::other)?;
        if let Some(error) = frame.get("error") {
            return Ok(Greeting::Refused(error["reason"].as_str().unwrap_or("no reason").to_owned()));
        }
        if frame.get("welcome").is_some() {
            let _ = socket.close(None).await;
            return Ok(Greeting::Welcome);
        }
    }
    Err(io::Error::other("the connection was closed without an answer"))
}

/// Returns whether calls arrive at the server, whatever it answers.
async fn grpc(target: &Target, report: &mut Report) -> Result<bool, Failure> {
    let remedy = "HTTP/2 must reach the server: the proxy has to speak it with clients and, for gRPC, with the server (nginx: grpc_pass): docs/proxies.md";
    let mut client = match remote::signaling(target).await {
        Ok(client) => client,
        Err(failure) => {
            report.wrong("grpc", failure.message, remedy)?;
            return Ok(false);
        }
    };
    let mut times = Vec::new();
    let mut servers = None;
    for _ in 0..CALLS {
        let began = Instant::now();
        match client.get_ice_servers(GetIceServersRequest {}).await {
            Ok(answer) => servers = Some(answer.into_inner().ice_servers.len()),
            Err(status) => {
                let failure = Failure::from(status);
                if matches!(&*failure.reason, "" | "UNREACHABLE" | "TIMEOUT" | "UNIMPLEMENTED") {
                    report.wrong("grpc", format!("a call fails: {}", failure.message), remedy)?;
                    return Ok(false);
                }
                if failure.reason == "RATE_LIMITED" {
                    break;
                }
            }
        }
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let milliseconds = |time: Option<&Duration>| time.map_or(0.0, Duration::as_secs_f64) * 1_000.0;
    let (median, longest) = (milliseconds(times.get(times.len() / 2)), milliseconds(times.last()));
    report.ok("grpc", format!("calls take {median:.1} ms, the longest of {} took {longest:.1} ms", times.len()))?;
    match servers {
        Some(0) => report.warning(
            "ice",
            "the server hands out no STUN or TURN servers: peers in different networks may not connect",
            "configure [ice], if your clients do not bring their own",
        )?,
        Some(count) => report.ok("ice", format!("STUN or TURN servers that are handed out: {count}"))?,
        None => {}
    }
    Ok(true)
}

async fn session(target: &Target, idle: Option<Duration>, report: &mut Report) -> Result<(), Failure> {
    let began = Instant::now();
    let session = match join::connect(target, "doctor").await {
        Ok(session) => session,
        Err(failure) if failure.reason == "TOKEN_MISSING" => {
            return report.skipped("session", "the server needs a token: give one with --token-file or WIGWAG_TOKEN");
        }
        Err(failure) => {
            let reason = if failure.reason.is_empty() { String::new() } else { format!(" ({})", failure.reason) };
            return report.wrong("session", format!("{}{reason}", failure.message), failure.hint);
        }
    };
    report.ok("session", format!("opened in {:.1} ms", began.elapsed().as_secs_f64() * 1_000.0))?;
    if let Some(idle) = idle {
        rest(&session, idle, report).await?;
    }
    session.close().await;
    Ok(())
}

/// Keeps the session without traffic but the server's heartbeats.
async fn rest(session: &Session, idle: Duration, report: &mut Report) -> Result<(), Failure> {
    let began = Instant::now();
    let mut events = session.events();
    let lost = timeout(idle, async {
        loop {
            match events.next().await {
                Some(Event::Reconnecting | Event::Reset { .. } | Event::Closed(_)) | None => return,
                Some(_) => {}
            }
        }
    });
    if lost.await.is_err() {
        return report.ok("idle", format!("the connection stayed for {} without traffic", short(idle)));
    }
    report.wrong(
        "idle",
        format!("the connection was cut after {} without traffic", short(began.elapsed())),
        "a proxy ends idle streams: make its time-outs longer than session.heartbeat_ms (10 s), such as \
         proxy_read_timeout, grpc_read_timeout, grpc_send_timeout and client_body_timeout of nginx: docs/proxies.md",
    )
}
