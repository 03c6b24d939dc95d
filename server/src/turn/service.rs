//! Services that issue TURN credentials over HTTP.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde::Deserialize;
use wigwag_proto::v1::IceServer;

use crate::fetch::{FetchError, HttpUrlError};

/// Most servers of an answer, and URLs of each.
const MAX_SERVERS: usize = 16;
/// Longest URL, user name or credential, in bytes.
const MAX_TEXT: usize = 512;

/// A service that issues TURN credentials.
pub trait TurnService: fmt::Debug + Send + Sync + 'static {
    /// Returns its name, for the log.
    fn name(&self) -> &'static str;

    /// Returns whether its credentials are meant for one client each. Otherwise those of one answer are for all.
    fn is_per_client(&self) -> bool;

    /// Has it issue credentials for this time.
    fn issue(&self, ttl: Duration) -> Pin<Box<dyn Future<Output = Result<Issued, IssueError>> + Send + '_>>;
}

/// What a service has issued.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// The servers, with their credentials.
    pub servers: Vec<IceServer>,
    /// For how long they are good.
    pub ttl: Duration,
}

/// Why no credentials were issued. Nothing that the service answered is part of the text.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The request failed, or its status was not one of success.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The URL of the service cannot be made of the settings.
    #[error("not {0}")]
    Url(#[from] HttpUrlError),
    /// The secret cannot be sent.
    #[error("the secret has characters that HTTP does not allow in a field")]
    Secret,
    /// The answer has another form than documented.
    #[error("the answer is not what the service documents")]
    Form,
    /// The answer has no TURN server.
    #[error("the answer has no TURN server with credentials")]
    NoServer,
    /// The service does not answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
}

/// A server of an answer, as in the W3C dictionary `RTCIceServer`.
#[derive(Deserialize)]
pub(super) struct AnsweredServer {
    #[serde(default)]
    urls: Option<Urls>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    credential: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Many(Vec<String>),
}

/// Returns the servers of an answer whose URLs pass `keep`.
pub(super) fn servers(answered: Vec<AnsweredServer>, keep: fn(&str) -> bool) -> Result<Vec<IceServer>, IssueError> {
    if answered.len() > MAX_SERVERS {
        return Err(IssueError::Form);
    }
    let mut servers = Vec::new();
    for AnsweredServer { urls, username, credential } in answered {
        let urls = match urls {
            None => Vec::new(),
            Some(Urls::One(url)) => vec![url],
            Some(Urls::Many(urls)) => urls,
        };
        let (username, credential) = (username.unwrap_or_default(), credential.unwrap_or_default());
        let fits = urls.iter().chain([&username, &credential]).all(|text| text.len() <= MAX_TEXT);
        if urls.len() > MAX_SERVERS || !fits {
            return Err(IssueError::Form);
        }
        let has_credentials = !username.is_empty() && !credential.is_empty();
        let known = |url: &String| match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("stun" | "stuns") => true,
            Some("turn" | "turns") => has_credentials,
            _ => false,
        };
        let urls: Vec<String> = urls.into_iter().filter(|url| known(url) && keep(url)).collect();
        if !urls.is_empty() {
            servers.push(IceServer { urls, username, credential });
        }
    }
    let relays = servers.iter().any(|server| server.urls.iter().any(|url| url.starts_with("turn")));
    if relays { Ok(servers) } else { Err(IssueError::NoServer) }
}

/// Returns the fields of a request with this value of `authorization`.
pub(super) fn authorized(authorization: String) -> Result<HeaderMap, IssueError> {
    let mut value = HeaderValue::try_from(authorization).map_err(|_| IssueError::Secret)?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}
