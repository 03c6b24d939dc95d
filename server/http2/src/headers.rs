//! From header fields to a request, and from a response to header fields (RFC 9113, section 8).

use std::str::from_utf8;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};

use super::hpack::{self, Field};

/// The fields of a header block.
#[derive(Debug, Default)]
pub(super) struct Fields {
    method: Option<Method>,
    scheme: Option<Scheme>,
    authority: Option<Authority>,
    path: Option<PathAndQuery>,
    protocol: Option<Arc<str>>,
    headers: HeaderMap,
    /// As [`super::Http2Limits::max_header_list`] counts.
    size: usize,
    /// A pseudo-header field after a regular one is malformed.
    regular: bool,
    malformed: bool,
}

/// A request's head.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) request: Request<()>,
    /// `:protocol` of an extended CONNECT.
    pub(super) protocol: Option<Arc<str>>,
    /// `content-length`.
    pub(super) declared: Option<u64>,
}

/// The request breaks the rules of section 8: an error of its stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Fields {
    /// Takes a field. Of what is over `max` bytes in all, only the size is noted.
    pub(super) fn take(&mut self, field: Field<'_>, max: u32) {
        self.size = self.size.saturating_add(field.name.len() + field.value.len() + 32);
        if self.is_over(max) || self.malformed {
            return;
        }
        let taken = match field.name {
            [b':', name @ ..] if !self.regular => self.pseudo(name, field.value),
            [b':', ..] => None,
            name => self.regular(name, field.value),
        };
        self.malformed = taken.is_none();
    }

    pub(super) fn is_over(&self, max: u32) -> bool {
        self.size > max as usize
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
            place.replace(value).is_none().then_some(())
        }
        match name {
            b"method" => once(&mut self.method, Method::from_bytes(value).ok()?),
            b"scheme" => once(&mut self.scheme, Scheme::try_from(value).ok()?),
            b"authority" => once(&mut self.authority, Authority::try_from(value).ok()?),
            b"path" => {
                // Empty, it would be read as "/".
                let path = PathAndQuery::from_maybe_shared(Bytes::copy_from_slice(value)).ok();
                once(&mut self.path, path.filter(|_| matches!(value, [b'/', ..] | b"*"))?)
            }
            b"protocol" => once(&mut self.protocol, from_utf8(value).ok()?.into()),
            _ => None,
        }
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) -> Option<()> {
        self.regular = true;
        // Upper case is malformed.
        let name = HeaderName::from_lowercase(name).ok()?;
        let value = HeaderValue::from_bytes(value).ok()?;
        if is_of_a_connection(&name) || (name == header::TE && value != "trailers") {
            return None;
        }
        self.headers.try_append(name, value).is_ok().then_some(())
    }

    /// The head of a request. `ends`: it has no body.
    pub(super) fn request(self, ends: bool) -> Result<RequestHead, Malformed> {
        let Self { method: Some(method), malformed: false, .. } = self else { return Err(Malformed) };
        let mut uri = http::uri::Parts::default();
        let plain_connect = method == Method::CONNECT && self.protocol.is_none();
        if self.protocol.is_some() && method != Method::CONNECT {
            return Err(Malformed);
        }
        if plain_connect {
            if self.scheme.is_some() || self.path.is_some() || self.authority.is_none() {
                return Err(Malformed);
            }
        } else {
            let (Some(scheme), Some(path)) = (self.scheme, self.path) else { return Err(Malformed) };
            // A URI has both or neither.
            uri.scheme = self.authority.is_some().then_some(scheme);
            uri.path_and_query = Some(path);
        }
        uri.authority = self.authority;
        let declared = declared(&self.headers)?;
        if ends && declared.is_some_and(|length| length != 0) {
            return Err(Malformed);
        }
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Malformed)?;
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = self.headers;
        Ok(RequestHead { request, protocol: self.protocol, declared })
    }

    /// The fields after a body.
    pub(super) fn trailers(self) -> Result<HeaderMap, Malformed> {
        let pseudo = self.method.is_some()
            || self.scheme.is_some()
            || self.authority.is_some()
            || self.path.is_some()
            || self.protocol.is_some();
        if pseudo || self.malformed { Err(Malformed) } else { Ok(self.headers) }
    }
}

/// Fields that belong to a connection of HTTP/1 (section 8.2.2).
fn is_of_a_connection(name: &HeaderName) -> bool {
    matches!(*name, header::CONNECTION | header::TRANSFER_ENCODING | header::UPGRADE)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

fn declared(headers: &HeaderMap) -> Result<Option<u64>, Malformed> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter().map(|value| {
        let digits = value.as_bytes();
        let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let length = from_utf8(digits).ok().filter(|_| all);
        length.and_then(|length| length.parse::<u64>().ok()).ok_or(Malformed)
    });
    let Some(first) = lengths.next().transpose()? else { return Ok(None) };
    for other in lengths {
        if other? != first {
            return Err(Malformed);
        }
    }
    Ok(Some(first))
}

/// The header block of a response.
pub(super) fn response(status: StatusCode, headers: &HeaderMap, block: &mut Vec<u8>) {
    hpack::put_status(status.as_u16(), block);
    trailers(headers, block);
}

/// The header block of trailers.
pub(super) fn trailers(headers: &HeaderMap, block: &mut Vec<u8>) {
    for (name, value) in headers {
        // Written for HTTP/1, they would make the response malformed.
        if !is_of_a_connection(name) {
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
            fields.take(Field { name: name.as_bytes(), value: value.as_bytes() }, 16_384);
        }
        fields
    }

    const GET: [(&str, &str); 4] =
        [(":method", "GET"), (":scheme", "http"), (":authority", "localhost:8080"), (":path", "/rooms?a=b")];

    #[test]
    fn a_request_is_read() {
        let list = [&GET[..], &[("te", "trailers"), ("x", "1"), ("x", "2"), ("content-length", "7")]].concat();
        let head = fields(&list).request(false).expect("well-formed");
        assert_eq!(head.request.uri(), "http://localhost:8080/rooms?a=b");
        assert_eq!(head.request.headers().get_all("x").iter().count(), 2);
        assert_eq!((head.declared, head.request.version()), (Some(7), Version::HTTP_2));
        let nameless = fields(&[GET[0], GET[1], GET[3]]).request(true).expect("well-formed");
        assert_eq!(nameless.request.uri(), "/rooms?a=b");
    }

    #[test]
    fn what_section_8_forbids_is_malformed() {
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
            assert!(fields(&list).request(false).is_err(), "{list:?}");
        }
        assert!(fields(&with(&[("content-length", "1")])).request(true).is_err(), "a body that never comes");
        assert!(fields(&GET).trailers().is_err());
        assert!(fields(&[("grpc-status", "0")]).trailers().is_ok());
    }

    #[test]
    fn both_forms_of_connect_are_read() {
        assert!(fields(&[(":method", "CONNECT"), (":authority", "a:1")]).request(false).is_ok());
        let extended = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "a"),
            (":path", "/v1/signal"),
        ];
        let head = fields(&extended).request(false).expect("well-formed");
        assert_eq!((head.protocol.as_deref(), head.request.uri().path()), (Some("websocket"), "/v1/signal"));
    }

    #[test]
    fn what_is_over_the_limit_is_only_counted() {
        let mut many = Fields::default();
        for _ in 0..100 {
            many.take(Field { name: b"x", value: &[b'y'; 67] }, 1_000);
        }
        assert!(many.is_over(1_000));
        assert_eq!(many.headers.len(), 10);
    }
}
