//! HTTP/1.1: the clock, and what web pages need.

use std::{
    io,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;

use super::network::Network;
use crate::{duration::short, failure::Failure, report::Report};

/// Clocks may be this far apart before tokens are refused.
const CLOCK_LEEWAY_MS: i64 = 10_000;

/// Longest answer that is read.
const MAX_ANSWER: usize = 64 << 10;

/// A call of gRPC-Web: `GetIceServers`, which every server answers, with an error if it needs a token.
const CALL: &str = "/wigwag.v1.SignalingService/GetIceServers";

pub(super) async fn examine(network: &Network, origin: &str, report: &mut Report) -> Result<(), Failure> {
    let began = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let health = send(network, Method::GET, "/health", HeaderMap::new(), Bytes::new()).await;
    let ended = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let (status, headers) = match health {
        Ok(answer) => answer,
        Err(error) => {
            return report.wrong(
                "http",
                format!("no answer over HTTP/1.1: {error}"),
                "is this the port of a web server?",
            );
        }
    };
    if status == StatusCode::OK {
        report.ok("http", format!("/health answers in {} ms", (ended - began).as_millis()))?;
    } else {
        let found = format!("/health answers {status}");
        report.warning("http", found, "a proxy may hide it; if not, the URL is not that of a Wigwag server")?;
    }
    clock(&headers, began, ended, report)?;
    preflight(network, origin, report).await?;
    grpc_web(network, origin, report).await
}

/// Compares the clocks by the header `Date`, which has whole seconds, and was written between `began` and `ended`.
fn clock(headers: &HeaderMap, began: Duration, ended: Duration, report: &mut Report) -> Result<(), Failure> {
    let date = headers.get(header::DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let Some(there) = date.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok()) else {
        return report.skipped("clock", "the answer has no Date");
    };
    let (least, most) = ahead_ms(there, began, ended);
    if -CLOCK_LEEWAY_MS <= least && most <= CLOCK_LEEWAY_MS {
        return report
            .ok("clock", format!("the clocks are at most {} s apart", least.abs().max(most.abs()) / 1_000 + 1));
    }
    if least <= CLOCK_LEEWAY_MS && -CLOCK_LEEWAY_MS <= most {
        let took = (ended - began).as_millis();
        return report.skipped("clock", format!("the answer took {took} ms: too long to compare the clocks"));
    }
    // By so much at least.
    let apart = short(Duration::from_millis(least.unsigned_abs().min(most.unsigned_abs())));
    let found =
        format!("the clock of the server is {apart} {} this one", if least > 0 { "ahead of" } else { "behind" });
    report.wrong(
        "clock",
        found,
        "tokens are refused when clocks are more than 10 s apart: run an NTP client on both machines",
    )
}

/// Returns by how many milliseconds the clock there is ahead of this one, at least and at most, if it showed a second between
/// these times.
fn ahead_ms(there: Duration, began: Duration, ended: Duration) -> (i64, i64) {
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let there = milliseconds(there);
    (there - milliseconds(ended), there + 1_000 - milliseconds(began))
}

async fn preflight(network: &Network, origin: &str, report: &mut Report) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    let Ok(value) = origin.parse() else {
        return report.wrong("origin", format!("{origin:?} is not an origin"), "write it as https://app.example.com");
    };
    headers.insert(header::ORIGIN, value);
    headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, header::HeaderValue::from_static("POST"));
    let asked = header::HeaderValue::from_static("content-type,x-grpc-web,authorization");
    headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, asked);
    let listed = format!(
        "add {origin:?} to cors.allowed_origins, or use the page's real origin with --origin: docs/browsers.md"
    );
    match send(network, Method::OPTIONS, CALL, headers, Bytes::new()).await {
        Err(error) => report.wrong("preflight", format!("no answer: {error}"), "let the proxy pass OPTIONS on"),
        Ok((status, headers)) => {
            let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).and_then(|value| value.to_str().ok());
            match allowed {
                Some(allowed) if status.is_success() && (allowed == "*" || allowed == origin) => {
                    report.ok("preflight", format!("pages of {origin} may call"))
                }
                Some(allowed) => {
                    report.wrong("preflight", format!("pages of {allowed} may call, and not those of {origin}"), listed)
                }
                None => report.wrong("preflight", format!("pages of {origin} may not call ({status})"), listed),
            }
        }
    }
}

async fn grpc_web(network: &Network, origin: &str, report: &mut Report) -> Result<(), Failure> {
    let mut headers = HeaderMap::new();
    let kind = header::HeaderValue::from_static("application/grpc-web+proto");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert("x-grpc-web", header::HeaderValue::from_static("1"));
    if let Ok(value) = origin.parse() {
        headers.insert(header::ORIGIN, value);
    }
    // An empty message, uncompressed.
    let remedy = "let the proxy pass /wigwag.v1. paths on unchanged: docs/proxies.md";
    match send(network, Method::POST, CALL, headers, Bytes::from_static(&[0; 5])).await {
        Err(error) => report.wrong("grpc-web", format!("no answer: {error}"), remedy),
        Ok((StatusCode::FORBIDDEN, _)) => report.wrong(
            "grpc-web",
            format!("calls of pages of {origin} are refused"),
            format!("add {origin:?} to cors.allowed_origins: docs/browsers.md"),
        ),
        Ok((status, headers)) => {
            let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("none");
            if status == StatusCode::OK && kind.starts_with("application/grpc-web") {
                report.ok("grpc-web", "calls are answered")
            } else {
                report.wrong("grpc-web", format!("the answer is not gRPC-Web: {status}, content-type {kind}"), remedy)
            }
        }
    }
}

/// Sends one request on a connection that is closed afterwards.
async fn send(
    network: &Network,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> io::Result<(StatusCode, HeaderMap)> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().map_err(io::Error::other)?;
    *request.headers_mut() = headers;
    request.headers_mut().insert(header::HOST, network.authority.parse().map_err(io::Error::other)?);
    let stream = network.open().await?;
    network
        .within(async {
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
            let connection = tokio::spawn(connection);
            let answer = sender.send_request(request).await.map_err(io::Error::other)?;
            let (parts, body) = answer.into_parts();
            Limited::new(body, MAX_ANSWER).collect().await.map_err(io::Error::other)?;
            connection.abort();
            Ok((parts.status, parts.headers))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_makes_no_clock_wrong() {
        let seconds = Duration::from_secs;
        assert_eq!(ahead_ms(seconds(100), seconds(100), seconds(100)), (0, 1_000), "a second has a begin and an end");
        assert_eq!(ahead_ms(seconds(100), seconds(100), seconds(130)), (-30_000, 1_000), "written at once");
        assert_eq!(ahead_ms(seconds(130), seconds(100), seconds(130)), (0, 31_000), "written at the end");
        assert_eq!(ahead_ms(seconds(3_700), seconds(100), seconds(130)), (3_570_000, 3_601_000), "an hour ahead");
    }
}
