//! Server reflection (`grpc.reflection.v1` and `v1alpha`): the descriptors of what this server serves, and of its errors.
//!
//! A question without an answer gets an `error_response` and the stream goes on, as reflection.proto says. The service of
//! tonic-reflection ends the stream, does not find the values of enums and does not have the types of errors.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::{v1, v1alpha};

/// Largest request of health and reflection, in bytes. tonic reserves what a request announces, up to this limit (by
/// default 4 MiB).
pub(super) const MAX_REQUEST: usize = 16 * 1024;

const HEALTH: &str = "grpc.health.v1.Health";
const REFLECTION: [&str; 2] = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// Adds both versions of server reflection: v1 is the standard, older tools only support v1alpha. Lists `services`, those of
/// reflection and, if `health`, that of health.
pub(super) fn add(routes: Routes, services: Vec<&'static str>, health: bool) -> Routes {
    let health = health.then_some(HEALTH);
    let services = services.into_iter().chain(health).chain(REFLECTION).map(str::to_owned).collect();
    let reflection = Reflection(Arc::new(Index::new(services)));
    routes
        .add_service(
            v1::server_reflection_server::ServerReflectionServer::new(reflection.clone())
                .max_decoding_message_size(MAX_REQUEST),
        )
        .add_service(
            v1alpha::server_reflection_server::ServerReflectionServer::new(reflection)
                .max_decoding_message_size(MAX_REQUEST),
        )
}

/// The service, in both versions. Cheap to clone.
#[derive(Clone, Debug)]
struct Reflection(Arc<Index>);

/// A question, in either version.
enum Question {
    File(String),
    Symbol(String),
    Extension(String, i32),
    Extensions(String),
    Services,
}

/// The answer, in either version.
enum Answer {
    File(Bytes),
    /// The numbers of a message's extensions.
    Extensions(String, Vec<i32>),
    Services(Vec<String>),
}

/// Descriptors by the names under which clients look for them.
#[derive(Debug, Default)]
struct Index {
    services: Vec<String>,
    /// Encoded files by their names.
    files: HashMap<String, Bytes>,
    /// Encoded files by the full names of what they define.
    symbols: HashMap<String, Bytes>,
    /// Encoded files by the message that they extend, and the number of the field.
    extensions: HashMap<(String, i32), Bytes>,
}

impl Index {
    fn new(services: Vec<String>) -> Self {
        let mut index = Self { services, ..Self::default() };
        for encoded in [
            wigwag_proto::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            v1::FILE_DESCRIPTOR_SET,
            v1alpha::FILE_DESCRIPTOR_SET,
        ] {
            let files = FileDescriptorSet::decode(encoded).expect("the descriptors are built in and tested").file;
            files.into_iter().for_each(|file| index.add(&file));
        }
        let errors = FileDescriptorSet::decode(tonic_types::pb::FILE_DESCRIPTOR_SET);
        for mut file in errors.expect("the descriptors are built in and tested").file {
            // tonic-types compiles these files without their directory.
            if !file.name().contains('/') {
                file.name = Some(format!("google/rpc/{}", file.name()));
            }
            index.add(&file);
        }
        index
    }

    fn add(&mut self, file: &FileDescriptorProto) {
        if self.files.contains_key(file.name()) {
            return;
        }
        let encoded = Bytes::from(file.encode_to_vec());
        self.files.insert(file.name().to_owned(), encoded.clone());
        let scope = file.package();
        for message in &file.message_type {
            self.add_message(scope, message, &encoded);
        }
        for kind in &file.enum_type {
            self.add_enum(scope, kind, &encoded);
        }
        for service in &file.service {
            let name = self.add_symbol(scope, service.name(), &encoded);
            for method in &service.method {
                self.add_symbol(&name, method.name(), &encoded);
            }
        }
        for extension in &file.extension {
            self.add_extension(scope, extension, &encoded);
        }
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto, file: &Bytes) {
        let name = self.add_symbol(scope, message.name(), file);
        for nested in &message.nested_type {
            self.add_message(&name, nested, file);
        }
        for kind in &message.enum_type {
            self.add_enum(&name, kind, file);
        }
        for field in &message.field {
            self.add_symbol(&name, field.name(), file);
        }
        for oneof in &message.oneof_decl {
            self.add_symbol(&name, oneof.name(), file);
        }
        for extension in &message.extension {
            self.add_extension(&name, extension, file);
        }
    }

    /// Adds an enum and its values, which are siblings of the enum and not inside it.
    fn add_enum(&mut self, scope: &str, kind: &EnumDescriptorProto, file: &Bytes) {
        self.add_symbol(scope, kind.name(), file);
        for value in &kind.value {
            self.add_symbol(scope, value.name(), file);
        }
    }

    fn add_extension(&mut self, scope: &str, extension: &FieldDescriptorProto, file: &Bytes) {
        self.add_symbol(scope, extension.name(), file);
        let extended = extension.extendee().trim_start_matches('.').to_owned();
        self.extensions.insert((extended, extension.number()), file.clone());
    }

    fn add_symbol(&mut self, scope: &str, name: &str, file: &Bytes) -> String {
        let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        self.symbols.insert(full.clone(), file.clone());
        full
    }

    /// Answers a question, or says what is missing.
    fn answer(&self, question: Question) -> Result<Answer, (Code, String)> {
        let missing = |what: &str, name: &str| (Code::NotFound, format!("this server has no {what} {name}"));
        match question {
            Question::File(name) => {
                let file = self.files.get(&name).cloned();
                file.map(Answer::File).ok_or_else(|| missing("file", &name))
            }
            Question::Symbol(name) => {
                let file = self.symbols.get(name.trim_start_matches('.')).cloned();
                file.map(Answer::File).ok_or_else(|| missing("symbol", &name))
            }
            Question::Extension(name, number) => {
                let file = self.extensions.get(&(name.clone(), number)).cloned();
                file.map(Answer::File).ok_or_else(|| missing(&format!("extension {number} of"), &name))
            }
            Question::Extensions(name) if self.symbols.contains_key(&name) => {
                let of_this = self.extensions.keys().filter(|(extended, _)| *extended == name);
                let numbers = of_this.map(|(_, number)| *number).collect();
                Ok(Answer::Extensions(name, numbers))
            }
            Question::Extensions(name) => Err(missing("message", &name)),
            Question::Services => Ok(Answer::Services(self.services.clone())),
        }
    }
}

/// Implements one version. The two have the same messages in different packages.
macro_rules! serve {
    ($version:ident) => {
        #[tonic::async_trait]
        impl $version::server_reflection_server::ServerReflection for Reflection {
            type ServerReflectionInfoStream =
                Pin<Box<dyn Stream<Item = Result<$version::ServerReflectionResponse, Status>> + Send>>;

            async fn server_reflection_info(
                &self,
                requests: Request<Streaming<$version::ServerReflectionRequest>>,
            ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
                use $version::server_reflection_request::MessageRequest as Asked;
                use $version::server_reflection_response::MessageResponse as Reply;

                let index = self.0.clone();
                let answers = requests.into_inner().map(move |request| {
                    let request = request?;
                    let answered = match request.message_request.clone() {
                        Some(Asked::FileByFilename(name)) => index.answer(Question::File(name)),
                        Some(Asked::FileContainingSymbol(name)) => index.answer(Question::Symbol(name)),
                        Some(Asked::FileContainingExtension(of)) => {
                            index.answer(Question::Extension(of.containing_type, of.extension_number))
                        }
                        Some(Asked::AllExtensionNumbersOfType(name)) => index.answer(Question::Extensions(name)),
                        Some(Asked::ListServices(_)) => index.answer(Question::Services),
                        None => Err((Code::InvalidArgument, "the request is empty: set message_request".to_owned())),
                    };
                    let reply = match answered {
                        Ok(Answer::File(file)) => Reply::FileDescriptorResponse($version::FileDescriptorResponse {
                            file_descriptor_proto: vec![file.to_vec()],
                        }),
                        Ok(Answer::Extensions(base_type_name, extension_number)) => {
                            Reply::AllExtensionNumbersResponse($version::ExtensionNumberResponse {
                                base_type_name,
                                extension_number,
                            })
                        }
                        Ok(Answer::Services(names)) => {
                            let service = names.into_iter().map(|name| $version::ServiceResponse { name }).collect();
                            Reply::ListServicesResponse($version::ListServiceResponse { service })
                        }
                        Err((code, error_message)) => {
                            Reply::ErrorResponse($version::ErrorResponse { error_code: code as i32, error_message })
                        }
                    };
                    Ok($version::ServerReflectionResponse {
                        valid_host: request.host.clone(),
                        original_request: Some(request),
                        message_response: Some(reply),
                    })
                });
                Ok(Response::new(Box::pin(answers)))
            }
        }
    };
}

serve!(v1);
serve!(v1alpha);
