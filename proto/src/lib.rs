//! The `wigwag.v1` API as Rust types, generated from the `.proto` files beside this crate.
//!
//! The generated code is committed, so that a build does not need a protobuf compiler; `tests/generated.rs` regenerates
//! it and fails if it is stale.

#![forbid(unsafe_code)]

/// Package `wigwag.v1`: messages, and the clients and servers of both services.
// Generated code does not follow the lints of this workspace.
#[allow(clippy::all, missing_docs, unreachable_pub, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/wigwag.v1.rs"]
pub mod v1;

mod feature;
#[cfg(feature = "json")]
mod json;

pub use feature::FEATURES;
#[cfg(feature = "json")]
pub use json::Integer;

/// The package's file descriptors (`google.protobuf.FileDescriptorSet`), for server reflection. Also those that the errors'
/// details (`google.rpc`) import.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/wigwag.v1.bin");
