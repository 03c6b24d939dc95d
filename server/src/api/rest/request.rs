//! Reads the path, the query and the message of a request.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use form_urlencoded::parse;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use wigwag_node::{error::ApiError, json, rooms::MAX_REQUEST};

use super::error::RestError;

/// A resource below `/v1/rooms/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// `{room}`
    Room,
    /// `{room}:send`
    Send,
    /// `{room}/members`
    Members,
    /// `{room}/members/{peer_id}`
    Member,
}

/// The path of a request below `/v1/rooms/`, and its query.
#[derive(Debug)]
pub(super) struct Target {
    /// Path segments after `/v1/rooms/`, still percent-encoded.
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl<S: Sync> FromRequestParts<S> for Target {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

/// The custom verb of `SendToRoom`. In a room name that ends with it, the colon must be encoded as `%3A`.
const SEND: &str = ":send";

/// The verb as some clients encode it. Rooms have no POST, so that in one it cannot be the end of a name.
const ENCODED_SEND: &str = "%3asend";

impl Target {
    pub(super) fn of(parts: &Parts) -> Self {
        let path = parts.uri.path().strip_prefix("/v1/rooms/").unwrap_or_default();
        let mut segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        if let [room] = &mut *segments
            && parts.method == Method::POST
            && room.to_ascii_lowercase().ends_with(ENCODED_SEND)
        {
            room.replace_range(room.len() - ENCODED_SEND.len().., SEND);
        }
        let query = parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { segments, query }
    }

    /// Returns the resource; `None` if there is none at this path.
    pub(super) fn resource(&self) -> Option<Resource> {
        let segments: Vec<&str> = self.segments.iter().map(String::as_str).collect();
        match *segments {
            ["", ..] | [SEND] => None,
            [room] if room.ends_with(SEND) => Some(Resource::Send),
            [_] => Some(Resource::Room),
            [_, "members"] => Some(Resource::Members),
            [_, "members", peer] if !peer.is_empty() => Some(Resource::Member),
            _ => None,
        }
    }

    /// Returns the room in the path.
    pub(super) fn room(&self) -> Result<String, ApiError> {
        let segment = self.segment(0);
        let sends = self.resource() == Some(Resource::Send);
        decode("room", segment.strip_suffix(SEND).filter(|_| sends).unwrap_or(segment))
    }

    /// Returns the peer id in the path.
    pub(super) fn peer_id(&self) -> Result<String, ApiError> {
        decode("peer_id", self.segment(2))
    }

    /// Returns the room in the path, which the message may repeat but not contradict.
    pub(super) fn same_room(&self, field: &'static str, named: &str) -> Result<String, ApiError> {
        let room = self.room()?;
        if named.is_empty() || named == room {
            Ok(room)
        } else {
            Err(ApiError::invalid(field, "names another room than the path: leave it out"))
        }
    }

    /// Returns a query parameter. `page_size` is accepted for `pageSize`, as in protobuf JSON.
    fn parameter<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.parameters(name).next_back()
    }

    fn parameters<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        let is = move |key: &str| key == name || key.contains('_') && camel(key) == name;
        self.query.iter().filter(move |(key, _)| is(key)).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a text parameter that may be repeated.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.parameters(name).map(str::to_owned).collect()
    }

    /// Returns a text parameter; empty if it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        self.parameter(name).unwrap_or_default().to_owned()
    }

    /// Returns a numeric parameter; 0 if it is missing.
    pub(super) fn number(&self, name: &'static str) -> Result<u32, ApiError> {
        match self.parameter(name) {
            None | Some("") => Ok(0),
            Some(text) => text.parse().map_err(|_| ApiError::invalid(name, "must be a number from 0 to 4294967295")),
        }
    }

    /// Returns a boolean parameter; false if it is missing.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.parameter(name) {
            None | Some("" | "false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::invalid(name, "must be true or false")),
        }
    }

    fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map(String::as_str).unwrap_or_default()
    }
}

/// Returns the user in the path of `SendToUser`; `None` if it does not end with the verb.
pub(super) fn user_of_send(path: &str) -> Result<Option<String>, ApiError> {
    let segment = path.strip_prefix("/v1/users/").unwrap_or_default();
    let before = |verb: &str| {
        let at = segment.len().checked_sub(verb.len()).filter(|at| *at > 0)?;
        let (user, end) = segment.split_at_checked(at)?;
        end.eq_ignore_ascii_case(verb).then_some(user)
    };
    [SEND, ENCODED_SEND].into_iter().find_map(before).map(|user| decode("user_id", user)).transpose()
}

fn decode(field: &'static str, segment: &str) -> Result<String, ApiError> {
    let text = percent_decode_str(segment).decode_utf8().map(Cow::into_owned);
    text.map_err(|_| ApiError::invalid(field, "is not UTF-8 once percent-decoded"))
}

fn camel(name: &str) -> String {
    let mut up = false;
    let letters = name.chars().filter_map(|c| match c {
        '_' => {
            up = true;
            None
        }
        c if std::mem::take(&mut up) => Some(c.to_ascii_uppercase()),
        c => Some(c),
    });
    letters.collect()
}

/// Returns the error for a request that depends on a version of the resource (RFC 9110, section 13). Rooms have no entity
/// tags, so that a condition on one cannot hold; to ignore it would change what its sender means to protect.
pub(super) fn failed_condition(request: &Request) -> Option<RestError> {
    let is = |name: header::HeaderName, text: &str| {
        request.headers().get(name).is_some_and(|value| value.as_bytes().trim_ascii() == text.as_bytes())
    };
    let conditional = |name| request.headers().contains_key(name);
    let failed = conditional(header::IF_NONE_MATCH) || conditional(header::IF_MATCH) && !is(header::IF_MATCH, "*");
    if request.method().is_safe() || !failed {
        return None;
    }
    let field = if conditional(header::IF_NONE_MATCH) { "if-none-match" } else { "if-match" };
    let error = ApiError::invalid(field, "cannot be checked, since rooms have no entity tags: leave the header out");
    Some(RestError::from(error).status(StatusCode::PRECONDITION_FAILED))
}

/// The message in the body, in protobuf JSON, and the body. An empty body is an empty message.
#[derive(Debug)]
pub(super) struct Message<T>(pub(super) T, pub(super) Bytes);

impl<S: Sync, T: DeserializeOwned + Default> FromRequest<S> for Message<T> {
    type Rejection = RestError;

    async fn from_request(request: Request, _: &S) -> Result<Self, RestError> {
        let (parts, body) = request.into_parts();
        let bytes = collect(body).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default(), bytes));
        }
        // Also prevents requests from HTML forms: pages of other origins need a CORS preflight for this content type.
        if !is_json(&parts.headers) {
            let error = ApiError::invalid("content-type", "must be application/json (with curl: --json)");
            return Err(RestError::from(error).status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let message = json::read(&bytes).map_err(|bad| bad.to_error())?;
        Ok(Self(message, bytes))
    }
}

/// Time until the whole body must be received.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

async fn collect(body: Body) -> Result<Bytes, RestError> {
    let Ok(collected) = timeout(BODY_TIMEOUT, Limited::new(body, MAX_REQUEST).collect()).await else {
        let error = ApiError::invalid("body", "was not received within 10 seconds");
        return Err(RestError::from(error).status(StatusCode::REQUEST_TIMEOUT));
    };
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(RestError::from(ApiError::too_large(MAX_REQUEST)).status(StatusCode::PAYLOAD_TOO_LARGE))
        }
        // The connection failed, so that the client does not receive this.
        Err(_) => Err(ApiError::invalid("body", "was not received completely").into()),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn target(uri: &str) -> Target {
        let (mut parts, _) = axum::http::Request::builder().uri(uri).body(()).expect("a request").into_parts();
        let Ok(target) = Target::from_request_parts(&mut parts, &()).await;
        target
    }

    #[tokio::test]
    async fn names_are_decoded_and_verbs_are_not_names() {
        for (path, resource, room) in [
            ("a%2Fb%20%C3%A9", Resource::Room, "a/b é"),
            ("a%3Asend", Resource::Room, "a:send"),
            ("a:b", Resource::Room, "a:b"),
            ("a:send", Resource::Send, "a"),
            ("a%3Asend:send", Resource::Send, "a:send"),
            ("a:send:send", Resource::Send, "a:send"),
            ("a:send/members", Resource::Members, "a:send"),
            ("members/members/members", Resource::Member, "members"),
        ] {
            let target = target(&format!("/v1/rooms/{path}")).await;
            assert_eq!(target.resource(), Some(resource), "{path}");
            assert_eq!(target.room().expect("a room"), room, "{path}");
        }
        for nothing in ["", ":send", "/members", "a/", "a/b", "a/members/", "a/members/b/c"] {
            assert_eq!(target(&format!("/v1/rooms/{nothing}")).await.resource(), None, "{nothing}");
        }
        for path in ["a%3Asend", "a%3asend"] {
            let request = axum::http::Request::post(format!("/v1/rooms/{path}")).body(()).expect("a request");
            let target = Target::of(&request.into_parts().0);
            assert_eq!((target.resource(), target.room().expect("a room").as_str()), (Some(Resource::Send), "a"));
        }
        assert!(target("/v1/rooms/%FF").await.room().is_err());
        let member = target("/v1/rooms/a/members/peerjs:x:y%2F1").await;
        assert_eq!(member.peer_id().expect("an id"), "peerjs:x:y/1");
    }

    #[tokio::test]
    async fn queries_are_read_by_either_name() {
        let page = target("/v1/rooms?page_size=5&pageToken=a%26b&ban=true&x=1").await;
        assert_eq!(page.number("pageSize").expect("a number"), 5);
        assert_eq!(page.text("pageToken"), "a&b");
        assert!(page.flag("ban").expect("a flag"));
        assert!(target("/v1/rooms?pageSize=-1").await.number("pageSize").is_err());
        assert!(target("/v1/rooms?ban=maybe").await.flag("ban").is_err());
    }
}
