//! Arrows between Rust files: a file uses another one if its code names an item that is defined there.
//!
//! Paths are followed through re-exports to the defining file. `mod x;` is not an arrow, neither is `pub use x::Item;` of a
//! child by its parent; code of the parent that uses the child's item is. Methods are not followed, since that needs types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::graph::Arrows;
use crate::relative;
use crate::rust_modules::{Definition, ModuleId, Tree, UsePath, leaves};
use crate::rust_visitor::{Kind, mentions};

/// The files of some crates and the arrows between them.
pub struct RustFiles {
    /// Every file, and the top-level module it belongs to.
    pub files: BTreeMap<String, String>,
    /// Which file uses which.
    pub arrows: Arrows,
}

impl RustFiles {
    /// Reads crates given as (name, root file); names of files are relative to `base`.
    ///
    /// # Panics
    /// When a file cannot be read or parsed.
    pub fn read(base: &Path, crates: &[(String, PathBuf)]) -> Self {
        let mut tree = Tree::default();
        for (name, root) in crates {
            tree.load(name, root);
        }
        let mut files = BTreeMap::new();
        let mut arrows = Arrows::default();
        for id in 0..tree.modules.len() {
            let from = relative(&tree.modules[id].file, base);
            for target in uses(&tree, id) {
                let to = relative(&tree.modules[target.0].file, base);
                arrows.add(&from, &to, &target.1);
            }
            files.entry(from).or_insert_with(|| tree.top_level(id).to_owned());
        }
        Self { files, arrows }
    }
}

/// Returns the items that the code of a module uses, as (defining module, name).
fn uses(tree: &Tree, id: ModuleId) -> BTreeSet<(ModuleId, String)> {
    let mut found = BTreeSet::new();
    for mention in mentions(&tree.modules[id].items) {
        let mut definitions = tree.resolve(id, &mention.path);
        if mention.kind == Kind::Macro && definitions.is_empty() {
            definitions = textual_macro(tree, id, &mention.path);
        }
        for definition in definitions {
            match definition {
                Definition::Item(module, _) if mention.kind == Kind::ReExport && tree.is_inside(module, id) => {}
                Definition::Item(module, name) => _ = found.insert((module, name)),
                Definition::Module(module) if mention.kind == Kind::Glob => _ = found.insert((module, "*".to_owned())),
                Definition::Module(_) => {}
            }
        }
    }
    found
}

/// A macro can be called without a path in the modules inside the one that defines it.
fn textual_macro(tree: &Tree, id: ModuleId, path: &UsePath) -> Vec<Definition> {
    let mut next = if path.segments.len() == 1 { tree.modules[id].parent } else { None };
    while let Some(outer) = next {
        let found = tree.resolve(outer, path);
        if !found.is_empty() {
            return found;
        }
        next = tree.modules[outer].parent;
    }
    Vec::new()
}

/// Returns the `pub use` of items of the crates `names`, other than the crate's own, with the file each is in.
///
/// # Panics
/// When a file cannot be read or parsed.
pub fn handed_on(crates: &[(String, PathBuf)], names: &BTreeSet<String>) -> Vec<(PathBuf, String)> {
    let mut tree = Tree::default();
    for (name, root) in crates {
        tree.load(name, root);
    }
    let mut found = Vec::new();
    for module in &tree.modules {
        for item in &module.items {
            let syn::Item::Use(import) = item else { continue };
            for leaf in leaves(&import.tree, import.leading_colon.is_some()) {
                let foreign = leaf.path.segments.first().is_some_and(|first| names.contains(first));
                if foreign && matches!(import.vis, syn::Visibility::Public(_)) {
                    found.push((module.file.clone(), leaf.path.segments.join("::")));
                }
            }
        }
    }
    found
}
