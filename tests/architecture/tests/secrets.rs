//! No type that holds a secret derives `Debug`: it writes its `Debug` by hand, without the secret, so that neither a log line nor a
//! panic can print it. Generated messages of the API are left out, since nothing formats them.

use syn::visit::{self, Visit};
use syn::{Attribute, Fields, ItemMod, Meta};
use wigwag_architecture::{files_below, relative, repository};

/// Parts of the names of fields that hold secrets.
const SECRET: &[&str] = &["secret", "token", "credential", "password"];

/// Parts of the names of fields that do not, though they sound like it.
const HARMLESS: &[&str] = &["digest", "_file", "parameter", "_id", "_issuer", "_at", "_ms", "tokens"];

/// Types that hold text or bytes as they are.
const PLAIN: &[&str] = &["String", "str", "Bytes", "u8"];

#[derive(Default)]
struct Found {
    types: Vec<String>,
}

impl Found {
    fn look(&mut self, name: &str, attributes: &[Attribute], fields: &Fields) {
        if !derives_debug(attributes) {
            return;
        }
        for field in fields {
            let Some(ident) = &field.ident else { continue };
            let ident = ident.to_string();
            let sounds = |parts: &[&str]| parts.iter().any(|part| ident.contains(part));
            if sounds(SECRET) && !sounds(HARMLESS) && is_plain(&field.ty) {
                self.types.push(format!("{name}.{ident}"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.look(&item.ident.to_string(), &item.attrs, &item.fields);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        for variant in &item.variants {
            let name = format!("{}::{}", item.ident, variant.ident);
            self.look(&name, &item.attrs, &variant.fields);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // Tests print what they like.
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }
}

fn derives_debug(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("derive") && words(&list.tokens.to_string()).any(|word| word == "Debug"),
        _ => false,
    })
}

/// Whether a type is made of text or bytes.
fn is_plain(of: &syn::Type) -> bool {
    struct Names(Vec<String>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_ident(&mut self, name: &'ast proc_macro2::Ident) {
            self.0.push(name.to_string());
        }
    }
    let mut names = Names(Vec::new());
    names.visit_type(of);
    names.0.iter().any(|name| PLAIN.contains(&name.as_str()))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// Returns the types in a source that derive `Debug` and hold a secret, as `Type.field`.
fn unprotected(source: &str) -> Vec<String> {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(source).expect("the source can be parsed"));
    found.types
}

#[test]
fn no_type_that_holds_a_secret_derives_debug() {
    let root = repository();
    let mut files = files_below(&root.join("server"), &["rs"]);
    files.extend(files_below(&root.join("clients/rust/src"), &["rs"]));
    files.extend(files_below(&root.join("clients/cli/src"), &["rs"]));
    files.retain(|file| !relative(file, &root).split('/').any(|part| ["tests", "fuzz", "benches"].contains(&part)));
    assert!(files.len() > 100, "{}", files.len());
    let mut problems = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(&file).expect("the source can be read");
        problems.extend(unprotected(&source).iter().map(|found| format!("{}: {found}", relative(&file, &root))));
    }
    assert!(problems.is_empty(), "these derive Debug: write it by hand, or use Secret\n{}", problems.join("\n"));
}

#[test]
fn such_a_type_is_found() {
    let found = unprotected(
        "#[derive(Clone, Debug)] struct A { token: String, size: usize }
         #[derive(Debug)] enum B { C { password: Option<Box<str>> }, D }
         #[derive(Debug)] struct E { secret: [u8; 32] }
         #[derive(Debug)] struct F { secret: Secret, secret_digest: [u8; 32], token_file: String }
         #[derive(Clone)] struct G { token: String }",
    );
    assert_eq!(found, ["A.token", "B::C.password", "E.secret"]);
}
