//! The search for circles, tried on small trees of files.

use std::path::Path;

use tempfile::TempDir;
use wigwag_architecture::graph::Arrows;
use wigwag_architecture::rust_uses::RustFiles;
use wigwag_architecture::typescript;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }
    directory
}

/// Returns the arrows of a crate as `a.rs -> b.rs: Foo, bar`.
fn rust(files: &[(&str, &str)]) -> (Vec<String>, usize) {
    let directory = tree(files);
    let root = directory.path().join("lib.rs");
    let read = RustFiles::read(directory.path(), &[("small".to_owned(), root)]);
    summary(&read.arrows)
}

fn typescript(files: &[(&str, &str)]) -> (Vec<String>, usize) {
    let directory = tree(files);
    summary(&typescript::read(directory.path(), Path::new(directory.path())).1)
}

fn summary(arrows: &Arrows) -> (Vec<String>, usize) {
    let lines = arrows.iter().map(|(from, to, names)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        format!("{from} -> {to}: {}", names.join(", "))
    });
    (lines.collect(), arrows.circles().len())
}

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let (arrows, circles) = rust(&[
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B; pub struct A(B);"),
        ("b.rs", "pub struct B; fn f() { let _: super::a::A; }"),
    ]);
    assert_eq!(arrows, ["a.rs -> b.rs: B", "b.rs -> a.rs: A"]);
    assert_eq!(circles, 1);
}

#[test]
fn one_way_is_not_a_circle() {
    let (arrows, circles) = rust(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::{b::B, c}; fn f(_: B) { c::f(); c::g::<B>() }"),
        ("b.rs", "use super::c::*; pub struct B; fn g() { f() }"),
        ("c.rs", "pub fn f() {} pub fn g<T>() {}"),
    ]);
    assert_eq!(arrows, ["a.rs -> b.rs: B", "a.rs -> c.rs: f, g", "b.rs -> c.rs: *, f"]);
    assert_eq!(circles, 0);
}

#[test]
fn a_circle_of_three_files_is_one_circle() {
    let (_, circles) = rust(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "pub fn f() { crate::b::f() }"),
        ("b.rs", "pub fn f() { crate::c::f() }"),
        ("c.rs", "pub fn f() { crate::a::f() }"),
    ]);
    assert_eq!(circles, 1);
}

#[test]
fn a_child_that_uses_its_parent_is_a_circle_only_if_the_parent_uses_the_child() {
    let child = ("a/child.rs", "pub struct Child(super::Parent);");
    let (arrows, circles) =
        rust(&[("lib.rs", "mod a;"), ("a.rs", "mod child; pub use child::Child; pub struct Parent;"), child]);
    assert_eq!((arrows, circles), (vec!["a/child.rs -> a.rs: Parent".to_owned()], 0));
    let (arrows, circles) = rust(&[
        ("lib.rs", "mod a;"),
        ("a.rs", "mod child; pub use child::Child; pub struct Parent; fn f(_: &Child) {}"),
        child,
    ]);
    assert_eq!(arrows, ["a.rs -> a/child.rs: Child", "a/child.rs -> a.rs: Parent"]);
    assert_eq!(circles, 1);
}

#[test]
fn re_exports_are_followed_to_the_file_that_defines_the_item() {
    let (arrows, circles) = rust(&[
        ("lib.rs", "mod a; mod b; pub use a::Inner as Shown; mod c;"),
        ("a.rs", "mod inner; pub use self::inner::{Inner, Other as Renamed};"),
        ("a/inner.rs", "pub struct Inner; pub struct Other;"),
        ("b.rs", "use crate::a::Renamed; fn f(_: crate::Shown, _: Renamed) {}"),
        ("c.rs", "use super::a; fn f() -> a::Inner { todo!() }"),
    ]);
    assert_eq!(arrows, ["b.rs -> a/inner.rs: Inner, Other", "c.rs -> a/inner.rs: Inner"]);
    assert_eq!(circles, 0);
}

#[test]
fn arguments_of_macros_and_macros_are_uses() {
    let (arrows, _) = rust(&[
        ("lib.rs", "macro_rules! mine { () => { $crate::b::g() } } mod a; mod b;"),
        ("a.rs", "use crate::b::Kind; fn f(k: Kind) -> bool { mine!(); matches!(k, Kind::A) && dbg!(crate::b::f()) }"),
        ("b.rs", "pub enum Kind { A } pub fn f() -> bool { true } pub fn g() {}"),
    ]);
    assert_eq!(arrows, ["a.rs -> b.rs: Kind, f", "a.rs -> lib.rs: mine", "lib.rs -> b.rs: g"]);
}

#[test]
fn tests_do_not_count() {
    let (arrows, circles) = rust(&[
        ("lib.rs", "mod a; mod b; #[cfg(test)] mod tests; #[cfg(all(test, unix))] mod more;"),
        ("a.rs", "pub struct A(crate::b::B);"),
        (
            "b.rs",
            "pub struct B; #[cfg(test)] mod tests { use crate::a::A; } impl B { #[cfg(test)] fn a(_: crate::a::A) {} } \
             #[test] fn t() { crate::a::A; }",
        ),
        ("tests.rs", "use crate::a::A;"),
        ("more.rs", "use crate::a::A;"),
    ]);
    assert_eq!((arrows, circles), (vec!["a.rs -> b.rs: B".to_owned()], 0));
}

#[test]
fn code_that_is_also_compiled_without_tests_counts() {
    let (arrows, _) = rust(&[
        ("lib.rs", "mod a; #[cfg(any(fuzzing, test))] mod b;"),
        ("a.rs", "pub struct A;"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ]);
    assert_eq!(arrows, ["b.rs -> a.rs: A"]);
}

#[test]
fn other_crates_and_local_names_are_not_arrows() {
    let (arrows, _) = rust(&[
        ("lib.rs", "mod frame; mod a;"),
        ("frame.rs", "pub(crate) struct Frame;"),
        ("a.rs", "use std::frame::Frame; fn f(frame: Frame) { let x = frame; x.frame(); ::frame::f(); }"),
    ]);
    assert!(arrows.is_empty(), "{arrows:?}");
}

#[test]
fn typescript_files_that_import_each_other_are_a_circle() {
    let (arrows, circles) = typescript(&[
        ("a.ts", "import {\n  type B,\n  b as c,\n} from \"./b.js\";\nimport other from \"elsewhere\";\n"),
        ("b.ts", "import type { A } from './a';\nexport const b = 1;\n"),
    ]);
    assert_eq!(arrows, ["a.ts -> b.ts: B, b as c", "b.ts -> a.ts: A"]);
    assert_eq!(circles, 1);
}

#[test]
fn an_index_is_in_a_circle_only_if_a_file_below_imports_it() {
    let index = ("index.ts", "export { a } from \"./part/a.js\";\nexport * from \"./part/b.js\";\n");
    let b = ("part/b.ts", "export const b = 1;\n");
    let (arrows, circles) = typescript(&[index, b, ("part/a.ts", "import { b } from \"./b.js\";\n")]);
    assert_eq!(arrows, ["index.ts -> part/a.ts: a", "index.ts -> part/b.ts: *", "part/a.ts -> part/b.ts: b"]);
    assert_eq!(circles, 0);
    let (_, circles) = typescript(&[index, b, ("part/a.ts", "import { b } from \"../index.js\";\n")]);
    assert_eq!(circles, 1);
}

#[test]
fn a_circle_is_described_by_the_names_that_tie_it() {
    let mut arrows = Arrows::default();
    arrows.add("a.rs", "b.rs", "Foo");
    arrows.add("a.rs", "b.rs", "bar");
    arrows.add("b.rs", "a.rs", "Baz");
    arrows.add("b.rs", "c.rs", "Other");
    let circles = arrows.circles();
    assert_eq!(circles.len(), 1);
    assert_eq!(arrows.describe(&circles[0]), "circle of 2 files:\n  a.rs -> b.rs: Foo, bar\n  b.rs -> a.rs: Baz\n");
}
