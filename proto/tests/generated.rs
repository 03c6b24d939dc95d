//! Regenerates the committed code without protoc. Fails, after writing the new files, when they were stale.

use std::{collections::BTreeSet, fs, path::Path};

use prost::Message;
use prost_types::FileDescriptorSet;

const FILES: &[&str] = &[
    "wigwag/v1/signaling_service.proto",
    "wigwag/v1/room_service.proto",
    "wigwag/v1/admin_service.proto",
    "wigwag/v1/feature.proto",
];

#[test]
fn committed_code_is_what_the_protos_generate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root]).expect("include path");
    compiler.include_source_info(true).include_imports(true).open_files(FILES).expect("protos compile");
    let with_comments = compiler.file_descriptor_set();

    let out = tempfile::tempdir().expect("temporary directory");
    tonic_prost_build::configure()
        .client_mod_attribute("wigwag.v1", "#[cfg(feature = \"client\")]")
        .server_mod_attribute("wigwag.v1", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .out_dir(out.path())
        .compile_fds(with_comments.clone())
        .expect("code generation");
    let code = fs::read(out.path().join("wigwag.v1.rs")).expect("generated code");

    // Reflection clients do not need the comments; without them the descriptor is a third of the size.
    let mut plain = with_comments;
    for file in &mut plain.file {
        file.source_code_info = None;
    }

    let json = json_code(&plain).into_bytes();

    // What `google/rpc/status.proto` and `error_details.proto` import: reflection clients read the details of errors.
    let imports = ["google/protobuf/any.proto", "google/protobuf/duration.proto"];
    let mut descriptors = protox::Compiler::new([root]).expect("include path");
    descriptors.include_imports(true).open_files(FILES.iter().chain(&imports)).expect("protos compile");
    let descriptors = descriptors.encode_file_descriptor_set();

    let mut stale = Vec::new();
    let files = [("wigwag.v1.rs", code), ("wigwag.v1.bin", descriptors), ("wigwag.v1.serde.rs", json)];
    for (name, fresh) in files {
        let committed = root.join("src/generated").join(name);
        if fs::read(&committed).ok().as_deref() != Some(&fresh) {
            fs::write(&committed, fresh).expect("write generated file");
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "{stale:?} were stale and have been rewritten: commit them");
}

/// What pbjson reads integers with. It does not accept a fraction or an exponent.
const PBJSON_INTEGER: &str = "::pbjson::private::NumberDeserialize";

/// Generates serde's traits for ProtoJSON with pbjson and fixes three deviations: `null` is the default of every field,
/// timestamps end in `Z`, and an integer may be written as `1.0` or `1e0`.
fn json_code(descriptors: &FileDescriptorSet) -> String {
    let mut generated = pbjson_build::Builder::new()
        .register_descriptors(&descriptors.encode_to_vec())
        .expect("descriptors")
        .ignore_unknown_fields()
        .generate(&[".wigwag.v1"], |_| Ok(Vec::new()))
        .expect("code generation");
    let (_, code) = generated.pop().expect("one package");
    let mut code = nullable(&String::from_utf8(code).expect("text"));
    assert!(code.contains(PBJSON_INTEGER), "pbjson's type for integers has the known name");
    code = code.replace(PBJSON_INTEGER, "super::Integer");
    for (field, json) in timestamps(descriptors) {
        let write = format!("serialize_field(\"{json}\", v)?;");
        let read = format!(" {field}__ = map_.next_value()?;");
        assert!(code.contains(&write) && code.contains(&read), "{field} is written and read");
        code = code
            .replace(&write, &format!("serialize_field(\"{json}\", &super::Canonical(*v))?;"))
            .replace(&read, &format!(" {field}__ = map_.next_value::<Option<super::Canonical>>()?.map(|v| v.0);"));
    }
    format!("use crate::v1::*;\n{code}")
}

/// Reads each required value as an `Option`: `Some(map_.next_value::<T>()? as i32)` and similar expressions.
fn nullable(code: &str) -> String {
    const VALUE: &str = "map_.next_value";
    let mut parts = code.split("Some(");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some(rest) = part.trim_start().strip_prefix(VALUE) else {
            out = out + "Some(" + part;
            continue;
        };
        // The content of the parentheses, and the rest after them.
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let (value, after) = rest.split_at(end.expect("a closing parenthesis"));
        let (kind, then) = value.trim().split_once("()?").expect("a value that is read");
        out += VALUE;
        if let Some(kind) = kind.strip_prefix("::<").and_then(|kind| kind.strip_suffix('>')) {
            out += &format!("::<Option<{kind}>>");
        }
        out += "()?";
        if !then.is_empty() {
            out += &format!(".map(|v| v{then})");
        }
        out += &after[1..];
    }
    out
}

/// Returns name and JSON name of the timestamp fields. A name that occurs in several messages is a timestamp in all.
fn timestamps(descriptors: &FileDescriptorSet) -> BTreeSet<(String, String)> {
    let fields = descriptors.file.iter().flat_map(|file| &file.message_type).flat_map(|message| &message.field);
    fields
        .filter(|field| field.type_name() == ".google.protobuf.Timestamp")
        .map(|field| (field.name().to_owned(), field.json_name().to_owned()))
        .collect()
}
