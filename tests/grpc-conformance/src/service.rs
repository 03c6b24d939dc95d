//! What the methods of `ConformanceService` do, without what carries them.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::Message;
use prost_types::Any;
use tokio::time::sleep;
use tonic::{Code, Status, metadata::MetadataMap};

use crate::messages::{
    ConformancePayload, Error, Header, Outcome, RequestInfo, Response, RpcStatus, ServerStreamRequest, SingleRequest,
    StreamRequest, StreamResponseDefinition, UnaryResponseDefinition,
};

/// The messages of a call, encoded. A failed one is the last.
pub(crate) type Messages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// A method of the service that is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// One request, one response.
    Unary,
    /// One request, any number of responses.
    ServerStream,
    /// Any number of requests, one response.
    ClientStream,
    /// Any number of both.
    BidiStream,
}

impl Method {
    /// Returns the method that a request's path names.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/connectrpc.conformance.v1.ConformanceService/")? {
            "Unary" | "IdempotentUnary" => Self::Unary,
            "ServerStream" => Self::ServerStream,
            "ClientStream" => Self::ClientStream,
            "BidiStream" => Self::BidiStream,
            _ => return None,
        })
    }

    /// Returns whether a call has exactly one request.
    pub(crate) fn has_one_request(self) -> bool {
        matches!(self, Self::Unary | Self::ServerStream)
    }

    fn type_url(self) -> String {
        let name = match self {
            Self::Unary => "UnaryRequest",
            Self::ServerStream => "ServerStreamRequest",
            Self::ClientStream => "ClientStreamRequest",
            Self::BidiStream => "BidiStreamRequest",
        };
        format!("type.googleapis.com/connectrpc.conformance.v1.{name}")
    }
}

/// The response to a call.
pub(crate) struct Answer {
    /// Its header fields.
    pub(crate) headers: MetadataMap,
    /// Its messages. The last item is always the status, OK included, since it carries the trailers.
    pub(crate) messages: Messages,
}

impl Answer {
    /// Returns the answer to a call that fails before its first message.
    pub(crate) fn failed(status: Status) -> Self {
        Self { headers: MetadataMap::new(), messages: stream::iter([Err(status)]).boxed() }
    }
}

/// Answers a call.
pub(crate) async fn answer(method: Method, headers: &HeaderMap, requests: Messages) -> Answer {
    let info = request_info(headers);
    let answered = match method {
        Method::Unary | Method::ClientStream => answer_once(method, info, requests).await,
        Method::ServerStream => answer_server_stream(info, requests).await,
        Method::BidiStream => answer_bidi_stream(info, requests).await,
    };
    answered.unwrap_or_else(Answer::failed)
}

async fn answer_once(method: Method, mut info: RequestInfo, mut requests: Messages) -> Result<Answer, Status> {
    let mut definition = None;
    while let Some(request) = requests.next().await {
        let request = request?;
        if info.requests.is_empty() {
            definition = decode::<SingleRequest>(&request)?.response_definition;
        }
        info.requests.push(any(method, request));
    }
    let UnaryResponseDefinition { response_headers, response, response_trailers, response_delay_ms } =
        definition.unwrap_or_default();
    let last = match response {
        Some(Outcome::Error(error)) => (None, error_status(error, Some(&info), &response_trailers)),
        Some(Outcome::ResponseData(data)) => (Some(payload(data, Some(info))), ok(&response_trailers)),
        None => (Some(payload(Bytes::new(), Some(info))), ok(&response_trailers)),
    };
    let messages = stream::once(async move {
        pause(response_delay_ms).await;
        stream::iter(last.0.map(Ok).into_iter().chain([Err(last.1)]))
    });
    Ok(Answer { headers: metadata(&response_headers), messages: messages.flatten().boxed() })
}

async fn answer_server_stream(mut info: RequestInfo, mut requests: Messages) -> Result<Answer, Status> {
    let request = requests.next().await.ok_or_else(|| Status::unimplemented("the request has no message"))??;
    let definition = decode::<ServerStreamRequest>(&request)?.response_definition.unwrap_or_default();
    info.requests.push(any(Method::ServerStream, request));
    Ok(respond(definition, false, info, requests))
}

async fn answer_bidi_stream(mut info: RequestInfo, mut requests: Messages) -> Result<Answer, Status> {
    let Some(first) = requests.next().await else {
        return Ok(Answer::failed(ok(&[])));
    };
    let first = first?;
    let StreamRequest { response_definition, full_duplex } = decode(&first)?;
    info.requests.push(any(Method::BidiStream, first));
    if !full_duplex {
        while let Some(request) = requests.next().await {
            info.requests.push(any(Method::BidiStream, request?));
        }
    }
    Ok(respond(response_definition.unwrap_or_default(), full_duplex, info, requests))
}

/// The state of a stream of responses.
struct Responses {
    data: VecDeque<Bytes>,
    delay_ms: u32,
    error: Option<Error>,
    trailers: Vec<Header>,
    /// What was received since the last response.
    info: Option<RequestInfo>,
    first: bool,
    /// Whether the next response waits for a request.
    full_duplex: bool,
    requests: Messages,
    ended: bool,
}

/// Returns the response that a definition asks for.
fn respond(definition: StreamResponseDefinition, full_duplex: bool, info: RequestInfo, requests: Messages) -> Answer {
    let StreamResponseDefinition { response_headers, response_data, response_delay_ms, error, response_trailers } =
        definition;
    let responses = Responses {
        data: response_data.into(),
        delay_ms: response_delay_ms,
        error,
        trailers: response_trailers,
        info: Some(info),
        first: true,
        full_duplex,
        requests,
        ended: false,
    };
    let messages = stream::unfold(responses, |mut responses| async move {
        let next = responses.next().await?;
        Some((next, responses))
    });
    Answer { headers: metadata(&response_headers), messages: messages.boxed() }
}

impl Responses {
    async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        if self.ended {
            return None;
        }
        let message = self.message().await;
        self.ended = message.is_err();
        Some(message)
    }

    /// Returns the next message, or the status at the end.
    async fn message(&mut self) -> Result<Bytes, Status> {
        if self.full_duplex && !self.first && !self.data.is_empty() {
            match self.requests.next().await {
                Some(request) => {
                    let requests = vec![any(Method::BidiStream, request?)];
                    self.info = Some(RequestInfo { requests, ..RequestInfo::default() });
                }
                // The rest of the responses follows without requests.
                None => self.full_duplex = false,
            }
        }
        let Some(data) = self.data.pop_front() else {
            let info = self.info.as_ref().filter(|_| self.first);
            return Err(match self.error.take() {
                Some(error) => error_status(error, info, &self.trailers),
                None => ok(&self.trailers),
            });
        };
        self.first = false;
        pause(self.delay_ms).await;
        Ok(payload(data, self.info.take()))
    }
}

async fn pause(ms: u32) {
    if ms > 0 {
        sleep(Duration::from_millis(ms.into())).await;
    }
}

fn decode<M: Message + Default>(message: &Bytes) -> Result<M, Status> {
    M::decode(message.clone()).map_err(|error| Status::internal(error.to_string()))
}

fn any(method: Method, message: Bytes) -> Any {
    Any { type_url: method.type_url(), value: message.into() }
}

fn payload(data: Bytes, request_info: Option<RequestInfo>) -> Bytes {
    Response { payload: Some(ConformancePayload { data, request_info }) }.encode_to_vec().into()
}

fn request_info(headers: &HeaderMap) -> RequestInfo {
    let request_headers = headers
        .keys()
        .map(|name| Header {
            name: name.to_string(),
            value: headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into()).collect(),
        })
        .collect();
    let timeout_ms = headers.get("grpc-timeout").and_then(|value| timeout_ms(value.to_str().ok()?));
    RequestInfo { request_headers, timeout_ms, requests: Vec::new() }
}

/// Reads a `grpc-timeout`: at most eight digits and a unit.
fn timeout_ms(value: &str) -> Option<i64> {
    let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok()?;
    Some(match unit {
        "H" => number * 3_600_000,
        "M" => number * 60_000,
        "S" => number * 1000,
        "m" => number,
        "u" => number / 1000,
        "n" => number / 1_000_000,
        _ => return None,
    })
}

fn metadata(fields: &[Header]) -> MetadataMap {
    let mut headers = HeaderMap::new();
    for Header { name, value } in fields {
        for value in value {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
    }
    MetadataMap::from_headers(headers)
}

fn ok(trailers: &[Header]) -> Status {
    Status::with_metadata(Code::Ok, "", metadata(trailers))
}

/// Returns the status of an error, with what was received among its details.
fn error_status(mut error: Error, info: Option<&RequestInfo>, trailers: &[Header]) -> Status {
    if let Some(info) = info {
        error.details.push(Any { type_url: RequestInfo::TYPE_URL.to_owned(), value: info.encode_to_vec() });
    }
    let message = error.message.unwrap_or_default();
    let details = RpcStatus { code: error.code, message: message.clone(), details: error.details };
    Status::with_details_and_metadata(
        Code::from_i32(error.code),
        message,
        details.encode_to_vec().into(),
        metadata(trailers),
    )
}
