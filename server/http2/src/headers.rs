//! Requests from header fields, and header fields from responses (RFC 9113, section 8).

use std::str::from_utf8;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};

use crate::hpack::{self, Field};
use crate::limits::FIELD_OVERHEAD;

/// The decoded fields of a header block.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    method: Option<Method>,
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    path: Option<PathAndQuery>,
    protocol: Option<Arc<str>>,
    headers: HeaderMap,
    /// The size that [`crate::Http2Limits::max_header_list`] limits.
    size: usize,
    /// The number of fields.
    count: usize,
    /// A regular field was received: pseudo-header fields after it are malformed (section 8.3).
    has_regular: bool,
    malformed: bool,
    /// `:path` is not empty, and not a path.
    bad_path: bool,
    /// An `:authority` that `Uri` cannot represent, for the `host` header.
    host: Option<HeaderValue>,
}

/// The header section of a request.
#[derive(Debug)]
pub(crate) struct RequestHead {
    pub(crate) request: Request<()>,
    /// `:protocol` of an extended CONNECT.
    pub(crate) protocol: Option<Arc<str>>,
    pub(crate) content_length: Option<u64>,
}

/// The request is malformed (section 8.1.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum MalformedRequest {
    /// Only its path, which the client may have from a user: answered with status 400.
    Path,
    /// A stream error.
    Other,
}

impl Fields {
    /// Adds a field. Once the fields exceed `max` bytes, only their size is counted.
    pub(crate) fn push(&mut self, field: Field<'_>, max: u32) {
        self.size = self.size.saturating_add(field.name.len() + field.value.len() + 32);
        self.count += 1;
        if self.exceed(max) || self.malformed {
            return;
        }
        let accepted = match field.name {
            [b':', name @ ..] if !self.has_regular => self.push_pseudo(name, field.value),
            [b':', ..] => None,
            name => self.push_regular(name, field.value),
        };
        self.malformed = accepted.is_none();
    }

    /// Returns whether the fields are larger than `max` bytes.
    pub(crate) fn exceed(&self, max: u32) -> bool {
        self.size > max as usize
    }

    /// Returns about how many bytes of memory the fields take.
    pub(crate) fn memory(&self) -> u32 {
        // `size` has 32 for each field already.
        u32::try_from(self.size + self.count * (FIELD_OVERHEAD - 32)).unwrap_or(u32::MAX)
    }

    fn push_pseudo(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
            field.replace(value).is_none().then_some(())
        }
        match name {
            b"method" => once(&mut self.method, Method::from_bytes(value).ok()?),
            b"scheme" => once(&mut self.scheme, Scheme::try_from(value).ok()?),
            b"authority" => match Authority::try_from(value) {
                Ok(authority) => once(&mut self.authority, authority).filter(|()| self.host.is_none()),
                Err(_) if is_encoded_authority(value) && self.authority.is_none() => {
                    once(&mut self.host, HeaderValue::from_bytes(value).ok()?)
                }
                Err(_) => None,
            },
            b"path" => {
                // An empty path is malformed; `PathAndQuery` would make it "/".
                let path = PathAndQuery::from_maybe_shared(Bytes::copy_from_slice(value)).ok();
                let path = path.filter(|_| matches!(value, [b'/', ..] | b"*"));
                self.bad_path |= path.is_none() && !value.is_empty();
                once(&mut self.path, path.or_else(|| self.bad_path.then(|| PathAndQuery::from_static("/")))?)
            }
            b"protocol" => once(&mut self.protocol, from_utf8(value).ok()?.into()),
            _ => None,
        }
    }

    fn push_regular(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        self.has_regular = true;
        // Section 8.2.1: upper case is malformed.
        let name = HeaderName::from_lowercase(name).ok()?;
        let value = HeaderValue::from_bytes(value).ok()?;
        if is_connection_specific(&name) || (name == header::TE && value != "trailers") {
            return None;
        }
        self.headers.try_append(name, value).is_ok().then_some(())
    }

    /// Returns the request. `ends_stream`: it does not have a body.
    pub(crate) fn into_request(self, ends_stream: bool) -> Result<RequestHead, MalformedRequest> {
        let Self { method: Some(method), malformed: false, .. } = self else { return Err(MalformedRequest::Other) };
        let mut uri = http::uri::Parts::default();
        let plain_connect = method == Method::CONNECT && self.protocol.is_none();
        if self.protocol.is_some() && method != Method::CONNECT {
            return Err(MalformedRequest::Other);
        }
        if plain_connect {
            if self.scheme.is_some() || self.path.is_some() || self.authority.is_none() {
                return Err(MalformedRequest::Other);
            }
        } else {
            let (Some(scheme), Some(path)) = (self.scheme, self.path) else { return Err(MalformedRequest::Other) };
            // `Uri` requires both scheme and authority, or neither.
            uri.scheme = self.authority.is_some().then_some(scheme);
            uri.path_and_query = Some(path);
        }
        uri.authority = self.authority;
        if self.bad_path {
            return Err(MalformedRequest::Path);
        }
        let mut headers = self.headers;
        if let Some(host) = self.host {
            headers.entry(header::HOST).or_insert(host);
        }
        let content_length = content_length(&headers)?;
        if ends_stream && content_length.is_some_and(|length| length != 0) {
            return Err(MalformedRequest::Other);
        }
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| MalformedRequest::Other)?;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        Ok(RequestHead { request, protocol: self.protocol, content_length })
    }

    /// Returns the trailers. Pseudo-header fields are malformed among them (section 8.1).
    pub(crate) fn into_trailers(self) -> Result<HeaderMap, MalformedRequest> {
        let has_pseudo = self.method.is_some()
            || self.scheme.is_some()
            || self.authority.is_some()
            || self.host.is_some()
            || self.path.is_some()
            || self.protocol.is_some();
        if has_pseudo || self.malformed { Err(MalformedRequest::Other) } else { Ok(self.headers) }
    }
}

/// Returns whether an authority is a registered name with percent-encoded bytes (RFC 3986, section 3.2.2), which `Authority`
/// does not admit. gRPC clients send one for a socket's path.
fn is_encoded_authority(value: &[u8]) -> bool {
    let mut rest = value;
    loop {
        rest = match rest {
            [] => return !value.is_empty(),
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(byte) => rest,
            _ => return false,
        };
    }
}

/// Returns whether a field has a meaning only for a connection of HTTP/1 (section 8.2.2).
fn is_connection_specific(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::TRANSFER_ENCODING | header::UPGRADE)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// Returns `content-length`. Several values are malformed unless they are equal (RFC 9110, section 8.6).
fn content_length(headers: &HeaderMap) -> Result<Option<u64>, MalformedRequest> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter().map(|value| {
        let digits = value.as_bytes();
        let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let length = from_utf8(digits).ok().filter(|_| all);
        length.and_then(|length| length.parse::<u64>().ok()).ok_or(MalformedRequest::Other)
    });
    let Some(first) = lengths.next().transpose()? else { return Ok(None) };
    for other in lengths {
        if other? != first {
            return Err(MalformedRequest::Other);
        }
    }
    Ok(Some(first))
}

/// Encodes the header block of a response.
pub(crate) fn put_response(status: StatusCode, headers: &HeaderMap, block: &mut Vec<u8>) {
    hpack::put_status(status.as_u16(), block);
    put_fields(headers, block);
}

/// Encodes regular fields, such as trailers.
pub(crate) fn put_fields(headers: &HeaderMap, block: &mut Vec<u8>) {
    for (name, value) in headers {
        // Services also write for HTTP/1; in HTTP/2 these fields would make the response malformed.
        if !is_connection_specific(name) {
            hpack::put_field(name.as_str().as_bytes(), value.as_bytes(), value.is_sensitive(), block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(list: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in list {
            fields.push(Field { name: name.as_bytes(), value: value.as_bytes() }, 16_384);
        }
        fields
    }

    const GET: [(&str, &str); 4] =
        [(":method", "GET"), (":scheme", "http"), (":authority", "localhost:8080"), (":path", "/rooms?a=b")];

    #[test]
    fn fields_become_a_request() {
        let list = [&GET[..], &[("te", "trailers"), ("x", "1"), ("x", "2"), ("content-length", "7")]].concat();
        let head = fields(&list).into_request(false).expect("well-formed");
        assert_eq!(head.request.uri(), "http://localhost:8080/rooms?a=b");
        assert_eq!(head.request.headers().get_all("x").iter().count(), 2);
        assert_eq!((head.content_length, head.request.version()), (Some(7), Version::HTTP_2));
        let without_authority = fields(&[GET[0], GET[1], GET[3]]).into_request(true).expect("well-formed");
        assert_eq!(without_authority.request.uri(), "/rooms?a=b");
    }

    #[test]
    fn section_8_violations_are_malformed() {
        let with = |more: &[(&'static str, &'static str)]| [&GET[..], more].concat();
        for list in [
            GET[1..].to_vec(),
            [GET[0], GET[2], GET[3]].to_vec(),
            GET[..3].to_vec(),
            with(&[(":method", "GET")]),
            with(&[(":status", "200")]),
            with(&[("x", "1"), (":path", "/")]),
            with(&[("X", "1")]),
            with(&[("x", "a\nb")]),
            with(&[("connection", "close")]),
            with(&[("te", "gzip")]),
            with(&[("content-length", "+1")]),
            with(&[("content-length", "1"), ("content-length", "2")]),
            with(&[(":protocol", "websocket")]),
            vec![(":method", "GET"), (":scheme", "http"), (":path", "")],
            vec![(":method", "CONNECT"), (":scheme", "http"), (":authority", "a"), (":path", "/")],
        ] {
            assert!(fields(&list).into_request(false).is_err(), "{list:?}");
        }
        assert!(
            fields(&with(&[("content-length", "1")])).into_request(true).is_err(),
            "END_STREAM and a content-length above 0"
        );
        for path in ["<", " ", "/ ", "rooms", "/?a={\"b\":1}"] {
            let list = [GET[0], GET[1], GET[2], (":path", path)];
            assert_eq!(fields(&list).into_request(true).err(), Some(MalformedRequest::Path), "{path:?}");
        }
        assert!(fields(&GET).into_trailers().is_err());
        assert!(fields(&[("grpc-status", "0")]).into_trailers().is_ok());
    }

    #[test]
    fn connect_and_extended_connect_become_requests() {
        assert!(fields(&[(":method", "CONNECT"), (":authority", "a:1")]).into_request(false).is_ok());
        let extended = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "a"),
            (":path", "/v1/signal"),
        ];
        let head = fields(&extended).into_request(false).expect("well-formed");
        assert_eq!((head.protocol.as_deref(), head.request.uri().path()), (Some("websocket"), "/v1/signal"));
    }

    #[test]
    fn percent_encoded_authority_becomes_the_host_header() {
        let list = |authority| [GET[0], GET[1], GET[3], (":authority", authority)];
        let head = fields(&list("%2Frun%2Fsocket")).into_request(true).expect("well-formed");
        assert_eq!((head.request.uri().path(), head.request.uri().authority()), ("/rooms", None));
        assert_eq!(head.request.headers()["host"], "%2Frun%2Fsocket");
        for authority in ["%2", "%zz", "a b", "a/b", "<"] {
            assert_eq!(fields(&list(authority)).into_request(true).err(), Some(MalformedRequest::Other), "{authority}");
        }
    }

    #[test]
    fn fields_above_the_limit_are_counted_and_dropped() {
        let mut many = Fields::default();
        for _ in 0..100 {
            many.push(Field { name: b"x", value: &[b'y'; 67] }, 1_000);
        }
        assert!(many.exceed(1_000));
        assert_eq!(many.headers.len(), 10);
    }
}
