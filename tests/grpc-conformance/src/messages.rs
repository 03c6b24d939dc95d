//! The messages of `connectrpc.conformance.v1`, as far as a server of gRPC needs them.

use prost_types::Any;

/// A header field or a trailer field.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Header {
    /// Its name.
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// Its values.
    #[prost(string, repeated, tag = "2")]
    pub(crate) value: Vec<String>,
}

/// A status that a call ends with.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Error {
    /// The gRPC code.
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    /// The gRPC message.
    #[prost(string, optional, tag = "2")]
    pub(crate) message: Option<String>,
    /// The details of a `google.rpc.Status`.
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

/// What the server received of a call.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RequestInfo {
    /// The header fields.
    #[prost(message, repeated, tag = "1")]
    pub(crate) request_headers: Vec<Header>,
    /// The time that the client gives the call.
    #[prost(int64, optional, tag = "2")]
    pub(crate) timeout_ms: Option<i64>,
    /// The messages.
    #[prost(message, repeated, tag = "3")]
    pub(crate) requests: Vec<Any>,
}

impl RequestInfo {
    /// The type URL of this message in an `Any`.
    pub(crate) const TYPE_URL: &str = "type.googleapis.com/connectrpc.conformance.v1.ConformancePayload.RequestInfo";
}

/// What a response carries.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConformancePayload {
    /// The bytes that the client asked for.
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) data: bytes::Bytes,
    /// What the server received.
    #[prost(message, optional, tag = "2")]
    pub(crate) request_info: Option<RequestInfo>,
}

/// Every response of the service.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Response {
    /// Its content.
    #[prost(message, optional, tag = "1")]
    pub(crate) payload: Option<ConformancePayload>,
}

/// A request of a call with one response: `UnaryRequest`, `ClientStreamRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SingleRequest {
    /// How to answer.
    #[prost(message, optional, tag = "1")]
    pub(crate) response_definition: Option<UnaryResponseDefinition>,
}

/// How to answer with one message.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct UnaryResponseDefinition {
    /// Header fields of the response.
    #[prost(message, repeated, tag = "1")]
    pub(crate) response_headers: Vec<Header>,
    /// A message or an error.
    #[prost(oneof = "Outcome", tags = "2, 3")]
    pub(crate) response: Option<Outcome>,
    /// Trailers of the response.
    #[prost(message, repeated, tag = "4")]
    pub(crate) response_trailers: Vec<Header>,
    /// Time to wait before the response.
    #[prost(uint32, tag = "6")]
    pub(crate) response_delay_ms: u32,
}

/// The outcome of a call with one response.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Outcome {
    /// Respond with these bytes.
    #[prost(bytes = "bytes", tag = "2")]
    ResponseData(bytes::Bytes),
    /// Fail.
    #[prost(message, tag = "3")]
    Error(Error),
}

/// A request of a call with a stream of responses: `ServerStreamRequest`, `BidiStreamRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamRequest {
    /// How to answer.
    #[prost(message, optional, tag = "1")]
    pub(crate) response_definition: Option<StreamResponseDefinition>,
    /// Whether each request is answered before the next is read. Only in `BidiStreamRequest`: field 2 is `request_data` in
    /// `ServerStreamRequest`, which the service reads as bytes.
    #[prost(bool, tag = "2")]
    pub(crate) full_duplex: bool,
}

/// `ServerStreamRequest`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ServerStreamRequest {
    /// How to answer.
    #[prost(message, optional, tag = "1")]
    pub(crate) response_definition: Option<StreamResponseDefinition>,
}

/// How to answer with a stream of messages.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StreamResponseDefinition {
    /// Header fields of the response.
    #[prost(message, repeated, tag = "1")]
    pub(crate) response_headers: Vec<Header>,
    /// The bytes of each response.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub(crate) response_data: Vec<bytes::Bytes>,
    /// Time to wait before each response.
    #[prost(uint32, tag = "3")]
    pub(crate) response_delay_ms: u32,
    /// The error at the end.
    #[prost(message, optional, tag = "4")]
    pub(crate) error: Option<Error>,
    /// Trailers of the response.
    #[prost(message, repeated, tag = "5")]
    pub(crate) response_trailers: Vec<Header>,
}

/// What the runner tells a server that it starts.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ServerCompatRequest {
    /// Largest message to accept, in bytes. 0 = any.
    #[prost(uint32, tag = "6")]
    pub(crate) message_receive_limit: u32,
}

/// Where a started server listens.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ServerCompatResponse {
    /// Host name or address.
    #[prost(string, tag = "1")]
    pub(crate) host: String,
    /// TCP port.
    #[prost(uint32, tag = "2")]
    pub(crate) port: u32,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RpcStatus {
    /// The gRPC code.
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    /// The gRPC message.
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    /// The details.
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}
