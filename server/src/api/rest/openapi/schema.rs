//! Converts the protos to JSON schemas of their protobuf JSON, with their comments.

use std::{collections::BTreeMap, path::Path};

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, SourceCodeInfo,
    field_descriptor_proto::{Label, Type},
};
use serde_json::{Map, Value, json};

/// The messages, enums and methods of `wigwag.v1`, by their names without the package.
pub(super) struct Protos {
    messages: BTreeMap<String, Described<DescriptorProto>>,
    enums: BTreeMap<String, Described<EnumDescriptorProto>>,
    methods: BTreeMap<String, Method>,
    services: BTreeMap<String, Service>,
}

/// A service: its comment, and the names of its methods in order.
pub(super) struct Service {
    pub(super) description: String,
    pub(super) methods: Vec<String>,
}

/// A descriptor with its comment and those of its parts, by their index.
struct Described<T> {
    descriptor: T,
    comment: String,
    parts: Vec<String>,
}

/// A method of a service.
pub(super) struct Method {
    pub(super) request: String,
    pub(super) response: String,
    pub(super) streaming: bool,
    pub(super) client_streaming: bool,
    /// The first sentence of its comment.
    pub(super) summary: String,
    /// Its whole comment.
    pub(super) description: String,
}

/// A field of a message.
pub(super) struct Field {
    pub(super) json_name: String,
    pub(super) description: String,
    pub(super) schema: Value,
}

const PACKAGE: &str = ".wigwag.v1.";

impl Protos {
    pub(super) fn read(root: &Path) -> Self {
        let mut compiler = protox::Compiler::new([root]).expect("include path");
        let files = ["wigwag/v1/room_service.proto", "wigwag/v1/signaling_service.proto"];
        compiler.include_source_info(true).open_files(files).expect("protos compile");
        compiler.include_imports(true);
        let mut all = Self {
            messages: BTreeMap::new(),
            enums: BTreeMap::new(),
            methods: BTreeMap::new(),
            services: BTreeMap::new(),
        };
        for file in compiler.file_descriptor_set().file {
            if file.package() == "wigwag.v1" {
                all.add(&file);
            }
        }
        all
    }

    fn add(&mut self, file: &FileDescriptorProto) {
        let comments = Comments(file.source_code_info.clone().unwrap_or_default());
        for (index, message) in (0..).zip(&file.message_type) {
            self.add_message("", message, &[4, index], &comments);
        }
        for (index, descriptor) in (0..).zip(&file.enum_type) {
            self.add_enum("", descriptor, &[5, index], &comments);
        }
        for (at, service) in (0..).zip(&file.service) {
            let methods = service.method.iter().map(|method| method.name().to_owned()).collect();
            let described = Service { description: comments.at(&[6, at]), methods };
            self.services.insert(service.name().to_owned(), described);
            for (index, method) in (0..).zip(&service.method) {
                let description = comments.at(&[6, at, 2, index]);
                let first = description.split(". ").next().unwrap_or_default().split("\n\n").next().unwrap_or_default();
                let summary = format!("{}.", first.trim_end_matches('.'));
                let [request, response] = [method.input_type(), method.output_type()].map(short);
                let (streaming, client_streaming) = (method.server_streaming(), method.client_streaming());
                let described = Method { request, response, streaming, client_streaming, summary, description };
                self.methods.insert(method.name().to_owned(), described);
            }
        }
    }

    fn add_message(&mut self, outer: &str, message: &DescriptorProto, path: &[i32], comments: &Comments) {
        let name = format!("{outer}{}", message.name());
        for (index, nested) in (0..).zip(&message.nested_type) {
            self.add_message(&format!("{name}."), nested, &[path, &[3, index]].concat(), comments);
        }
        for (index, nested) in (0..).zip(&message.enum_type) {
            self.add_enum(&format!("{name}."), nested, &[path, &[4, index]].concat(), comments);
        }
        let parts = (0..).zip(&message.field).map(|(index, _)| comments.at(&[path, &[2, index]].concat())).collect();
        self.messages.insert(name, Described { descriptor: message.clone(), comment: comments.at(path), parts });
    }

    fn add_enum(&mut self, outer: &str, descriptor: &EnumDescriptorProto, path: &[i32], comments: &Comments) {
        let name = format!("{outer}{}", descriptor.name());
        let parts = (0..).zip(&descriptor.value).map(|(index, _)| comments.at(&[path, &[2, index]].concat())).collect();
        self.enums.insert(name, Described { descriptor: descriptor.clone(), comment: comments.at(path), parts });
    }

    pub(super) fn method(&self, name: &str) -> &Method {
        self.methods.get(name).unwrap_or_else(|| panic!("no method {name}"))
    }

    pub(super) fn service(&self, name: &str) -> &Service {
        self.services.get(name).unwrap_or_else(|| panic!("no service {name}"))
    }

    pub(super) fn field(&self, message: &str, name: &str) -> Option<Field> {
        let message = &self.messages[message];
        let index = message.descriptor.field.iter().position(|field| field.name() == name)?;
        let field = &message.descriptor.field[index];
        Some(Field {
            json_name: field.json_name().to_owned(),
            description: message.parts[index].clone(),
            schema: self.single(field),
        })
    }

    /// Returns the schemas of these messages and of all types of their fields.
    pub(super) fn schemas(&self, messages: impl Iterator<Item = String>) -> Map<String, Value> {
        let mut wanted: Vec<String> = messages.collect();
        let mut schemas = Map::new();
        while let Some(name) = wanted.pop() {
            if schemas.contains_key(&name) {
                continue;
            }
            if let Some(message) = self.messages.get(&name) {
                schemas.insert(name, self.object(message));
                let fields = message.descriptor.field.iter().filter(|field| field.type_name().starts_with(PACKAGE));
                let held = fields.map(|field| short(field.type_name()));
                wanted.extend(held.filter(|name| !self.is_map(name)));
            } else {
                schemas.insert(name.clone(), enumeration(&self.enums[&name]));
            }
        }
        schemas
    }

    fn is_map(&self, message: &str) -> bool {
        let options = self.messages.get(message).and_then(|message| message.descriptor.options.as_ref());
        options.is_some_and(|options| options.map_entry())
    }

    fn object(&self, message: &Described<DescriptorProto>) -> Value {
        let mut properties = Map::new();
        for (field, comment) in message.descriptor.field.iter().zip(&message.parts) {
            let mut schema = match field.label() {
                Label::Repeated if self.is_map(&short(field.type_name())) => {
                    let entry = &self.messages[&short(field.type_name())].descriptor;
                    json!({"type": "object", "additionalProperties": self.single(&entry.field[1])})
                }
                Label::Repeated => json!({"type": "array", "items": self.single(field)}),
                Label::Optional | Label::Required => self.single(field),
            };
            schema["description"] = comment.as_str().into();
            properties.insert(field.json_name().to_owned(), schema);
        }
        let mut description = message.comment.clone();
        for (index, oneof) in (0..).zip(&message.descriptor.oneof_decl) {
            let members = message.descriptor.field.iter().filter(|field| field.oneof_index == Some(index));
            let members = members.filter(|field| !field.proto3_optional()).map(FieldDescriptorProto::json_name);
            let members: Vec<&str> = members.collect();
            if members.len() > 1 {
                description +=
                    &format!(" At most one of these fields is set ({}): {}.", oneof.name(), members.join(", "));
            }
        }
        json!({"type": "object", "description": description, "properties": properties})
    }

    fn single(&self, field: &FieldDescriptorProto) -> Value {
        match field.r#type() {
            Type::String => json!({"type": "string"}),
            Type::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
            Type::Bool => json!({"type": "boolean"}),
            Type::Uint32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
            Type::Int32 => json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX}),
            Type::Message if field.type_name() == ".google.protobuf.Timestamp" => {
                json!({"type": "string", "format": "date-time"})
            }
            Type::Message | Type::Enum => {
                json!({"$ref": format!("#/components/schemas/{}", short(field.type_name()))})
            }
            other => panic!("add the JSON schema of {other:?}"),
        }
    }
}

fn enumeration(described: &Described<EnumDescriptorProto>) -> Value {
    let names: Vec<&str> = described.descriptor.value.iter().map(|value| value.name()).collect();
    let each = names.iter().zip(&described.parts).map(|(name, comment)| format!("- `{name}`: {comment}"));
    let description = format!("{}\n\n{}", described.comment, each.collect::<Vec<_>>().join("\n"));
    json!({"type": "string", "enum": names, "description": description})
}

fn short(full: &str) -> String {
    full.strip_prefix(PACKAGE).unwrap_or(full).to_owned()
}

struct Comments(SourceCodeInfo);

impl Comments {
    /// Returns the leading comment of the element at this path (`SourceCodeInfo.Location.path`), as Markdown.
    fn at(&self, path: &[i32]) -> String {
        let found = self.0.location.iter().find(|location| location.path == path);
        let text = found.and_then(|location| location.leading_comments.as_deref()).unwrap_or_default();
        as_markdown(text)
    }
}

/// Joins the lines of a comment to paragraphs and list items. A list of the protos is indented by one space more than
/// prose; its items begin with a dash, or with the number of a guarantee such as C1.
fn as_markdown(comment: &str) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut continues = false;
    for line in comment.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let text = line.trim();
        let first = text.split(' ').next().unwrap_or_default();
        let numbered = first.strip_prefix('C').is_some_and(|number| number.parse::<u8>().is_ok());
        let item = line.starts_with(' ') && (first == "-" || numbered);
        match blocks.last_mut() {
            _ if text.is_empty() => {}
            Some(block) if continues && !item => *block += &format!(" {text}"),
            _ if item => blocks.push(format!("- {}", text.trim_start_matches("- "))),
            _ => blocks.push(text.to_owned()),
        }
        continues = !text.is_empty();
    }
    let mut text = String::new();
    let mut in_list = false;
    for block in blocks {
        let item = block.starts_with("- ");
        let between = if text.is_empty() {
            ""
        } else if item && in_list {
            "\n"
        } else {
            "\n\n"
        };
        text += between;
        text += &block;
        in_list = item;
    }
    text
}

#[test]
fn comments_keep_their_paragraphs_and_lists() {
    let comment = " One\n two.\n\n Three:\n  - a\n    b\n  - c\n  C1 d\n     e\n\n Four.\n";
    assert_eq!(as_markdown(comment), "One two.\n\nThree:\n\n- a b\n- c\n- C1 d e\n\nFour.");
}
