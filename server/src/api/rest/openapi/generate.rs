//! Generates `openapi.json`: the operation of each path, its messages and its errors.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use super::schema::Protos;

/// A method of `RoomService` and its path.
struct Operation {
    /// The method's name in the service.
    rpc: &'static str,
    method: &'static str,
    path: &'static str,
    /// Fields of the request that travel in the query.
    query: &'static [&'static str],
    body: Body,
    /// HTTP statuses of its errors, besides 403.
    errors: &'static [u16],
}

/// The body of a request.
#[derive(PartialEq)]
enum Body {
    None,
    /// The request message; may be left out, since all of its fields have defaults.
    Optional,
    Required,
}

const OPERATIONS: [Operation; 13] = [
    Operation {
        rpc: "ListRooms",
        method: "get",
        path: "/v1/rooms",
        query: &["page_size", "page_token"],
        body: Body::None,
        errors: &[400],
    },
    Operation {
        rpc: "CreateRoom",
        method: "post",
        path: "/v1/rooms",
        query: &[],
        body: Body::Optional,
        errors: &[400, 408, 409, 412, 413, 415, 429],
    },
    Operation {
        rpc: "WatchRooms",
        method: "get",
        path: "/v1/rooms:watch",
        query: &["room", "features"],
        body: Body::None,
        errors: &[400],
    },
    Operation {
        rpc: "GetRoom",
        method: "get",
        path: "/v1/rooms/{room}",
        query: &[],
        body: Body::None,
        errors: &[400, 404],
    },
    Operation {
        rpc: "UpdateRoom",
        method: "patch",
        path: "/v1/rooms/{room}",
        query: &["update_mask"],
        body: Body::Optional,
        errors: &[400, 404, 408, 412, 413, 415],
    },
    Operation {
        rpc: "EndRoom",
        method: "delete",
        path: "/v1/rooms/{room}",
        query: &[],
        body: Body::None,
        errors: &[400, 404, 412],
    },
    Operation {
        rpc: "SendToRoom",
        method: "post",
        path: "/v1/rooms/{room}:send",
        query: &[],
        body: Body::Required,
        errors: &[400, 404, 408, 412, 413, 415, 429],
    },
    Operation {
        rpc: "ListMembers",
        method: "get",
        path: "/v1/rooms/{room}/members",
        query: &["page_size", "page_token"],
        body: Body::None,
        errors: &[400, 404],
    },
    Operation {
        rpc: "GetMember",
        method: "get",
        path: "/v1/rooms/{room}/members/{peer_id}",
        query: &[],
        body: Body::None,
        errors: &[400, 404],
    },
    Operation {
        rpc: "UpdateMember",
        method: "patch",
        path: "/v1/rooms/{room}/members/{peer_id}",
        query: &[],
        body: Body::Optional,
        errors: &[400, 404, 408, 412, 413, 415, 501],
    },
    Operation {
        rpc: "SendToUser",
        method: "post",
        path: "/v1/users/{user_id}:send",
        query: &[],
        body: Body::Required,
        errors: &[400, 404, 408, 412, 413, 415, 429, 501],
    },
    Operation {
        rpc: "CreateTicket",
        method: "post",
        path: "/v1/tickets",
        query: &[],
        body: Body::Required,
        errors: &[400, 408, 412, 413, 415, 429, 501],
    },
    Operation {
        rpc: "RemoveMember",
        method: "delete",
        path: "/v1/rooms/{room}/members/{peer_id}",
        query: &["ban"],
        body: Body::None,
        errors: &[400, 404, 412, 429],
    },
];

const ABOUT: &str = "RoomService of the package wigwag.v1 over HTTP, for backends and tools: the same calls, messages and \
    rules as over gRPC, in protobuf JSON. Fields have their default when they are missing, and unknown ones are ignored. \
    Names in paths are percent-encoded; a room name that ends with `:send` is written with `%3Asend`. Without \
    authentication the server only answers callers on the same machine, without a proxy between them; the setting `room_service` \
    moves these paths to the admin listener, or switches them off.";

#[test]
fn the_committed_document_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let protos = Protos::read(&root.join("../proto"));
    let mut paths = Map::new();
    for operation in &OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = describe(&protos, operation);
    }
    let mut schemas = protos.schemas(OPERATIONS.iter().flat_map(|operation| {
        let rpc = protos.method(operation.rpc);
        let request = (operation.body != Body::None).then(|| rpc.request.clone());
        request.into_iter().chain([rpc.response.clone()])
    }));
    schemas.insert("Status".to_owned(), status());
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Wigwag rooms", "version": "v1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas},
    });
    // The order must not depend on `serde_json/preserve_order`, which other crates may enable.
    document.sort_all_objects();
    compare(&document, &root.join("src/api/rest/openapi/openapi.json"));
}

/// What the page `/docs` shows of `SignalingService`: its methods, and the schemas of their messages.
#[test]
fn the_committed_description_of_signaling_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let protos = Protos::read(&root.join("../proto"));
    let service = protos.service("SignalingService");
    let methods = service.methods.iter().map(|name| {
        let method = protos.method(name);
        json!({
            "name": name,
            "request": method.request,
            "response": method.response,
            "clientStreaming": method.client_streaming,
            "serverStreaming": method.streaming,
            "description": method.description,
        })
    });
    let methods: Vec<Value> = methods.collect();
    let messages = service.methods.iter().flat_map(|name| {
        let method = protos.method(name);
        [method.request.clone(), method.response.clone()]
    });
    let mut document = json!({
        "services": [{"name": "SignalingService", "description": service.description, "methods": methods}],
        "schemas": protos.schemas(messages),
    });
    document.sort_all_objects();
    compare(&document, &root.join("src/api/rest/docs/signaling.json"));
}

fn compare(document: &Value, committed: &Path) {
    let fresh = format!("{document:#}\n");
    if fs::read_to_string(committed).ok().as_deref() != Some(&fresh) {
        fs::write(committed, fresh).expect("write the document");
        panic!("{} was stale and has been rewritten: commit it", committed.display());
    }
}

fn describe(protos: &Protos, operation: &Operation) -> Value {
    let rpc = protos.method(operation.rpc);
    let in_path =
        ["room", "peer_id", "user_id"].into_iter().filter(|name| operation.path.contains(&format!("{{{name}}}")));
    let in_path = in_path.map(|name| {
        // In SendToRoom the room is a field of the envelope, in all other requests a field of the request.
        let description = protos.field(&rpc.request, name).map_or("Room name.".to_owned(), |field| field.description);
        json!({"name": name, "in": "path", "required": true, "description": description, "schema": name_schema()})
    });
    let in_query = operation.query.iter().map(|name| {
        if *name == "update_mask" {
            return update_mask();
        }
        let field = protos.field(&rpc.request, name).expect("a field of the request");
        json!({"name": field.json_name, "in": "query", "description": field.description, "schema": field.schema})
    });
    let parameters: Vec<Value> = in_path.chain(in_query).collect();

    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(&rpc.response, &rpc.summary, rpc.streaming));
    for status in operation.errors.iter().chain([&403]) {
        let content = json!({"application/json": {"schema": reference("Status")}});
        responses.insert(status.to_string(), json!({"description": meaning(*status), "content": content}));
    }
    let mut described = json!({
        "operationId": operation.rpc,
        "summary": rpc.summary,
        "description": rpc.description,
        "tags": [tag(operation.path)],
        "parameters": parameters,
        "responses": responses,
    });
    if operation.body != Body::None {
        described["requestBody"] = json!({
            "required": operation.body == Body::Required,
            "content": {"application/json": {"schema": reference(&rpc.request)}},
        });
    }
    described
}

fn tag(path: &str) -> &'static str {
    match path {
        "/v1/users/{user_id}:send" => "users",
        "/v1/tickets" => "tickets",
        path if path.contains("/members") => "members",
        _ => "rooms",
    }
}

/// The one parameter that is not a field of the request.
fn update_mask() -> Value {
    let description = "The fields to change, in lowerCamelCase, separated by commas. Each must be in the body; others in the \
                       body remain unchanged. Without it, and with `*`, every field in the body changes. May also be in \
                       the body, as `updateMask`.";
    json!({"name": "updateMask", "in": "query", "description": description, "schema": {"type": "string"}})
}

fn success(response: &str, summary: &str, streaming: bool) -> Value {
    if streaming {
        let description = format!(
            "Server-sent events. The data of each is a {response}. An error ends the stream with an event of the type \
             `status`, whose data is a Status."
        );
        json!({"description": description, "content": {"text/event-stream": {"schema": {"type": "string"}}}})
    } else {
        json!({"description": summary, "content": {"application/json": {"schema": reference(response)}}})
    }
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// 1 to 128 bytes of UTF-8 without control characters; OpenAPI counts characters.
fn name_schema() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"})
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "A field has an invalid value: INVALID_FIELD.",
        403 => "The caller, or the web page it comes from, may not do this: FORBIDDEN.",
        404 => {
            "There is no such room or member: ROOM_NOT_FOUND, PEER_NOT_FOUND. Or RoomService is not served here: \
                UNIMPLEMENTED."
        }
        408 => "The body was not received within 10 seconds: INVALID_FIELD.",
        409 => "There is a room of that name already: ROOM_EXISTS.",
        412 => "The request has an If-Match or If-None-Match header, which cannot be checked: INVALID_FIELD.",
        413 => "The body is larger than 128 KiB: FRAME_TOO_LARGE.",
        415 => "The body is not application/json: INVALID_FIELD.",
        429 => "A limit is reached, of rooms, request ids or bans: LIMIT_EXCEEDED.",
        501 => "This version does not support the call: UNIMPLEMENTED.",
        other => panic!("describe status {other}"),
    }
}

fn status() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "description": "An error (google.rpc.Status). Compare the reason in its ErrorInfo, never the message.",
        "required": ["code", "message", "details"],
        "properties": {
            "code": {"type": "integer", "description": "A google.rpc.Code.", "minimum": 1, "maximum": 16},
            "message": {"type": "string", "description": "For people: what is wrong and what to do about it."},
            "details": {
                "type": "array",
                "description": "The first is a google.rpc.ErrorInfo; a BadRequest or a RetryInfo may follow.",
                "items": {
                    "type": "object",
                    "required": ["@type"],
                    "properties": {
                        "@type": text,
                        "reason": {"type": "string", "description": "A value of ErrorReason without its prefix."},
                        "domain": {"type": "string", "description": "Always \"wigwag\"."},
                        "metadata": {"type": "object", "additionalProperties": text},
                        "fieldViolations": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {"field": text, "description": text},
                            },
                        },
                        "retryDelay": {"type": "string", "description": "Seconds, such as \"1.500s\"."},
                    },
                },
            },
        },
    })
}
