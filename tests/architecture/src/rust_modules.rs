//! The modules of Rust crates as the compiler sees them without tests, and what their names stand for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, Meta, UseTree, Visibility, punctuated::Punctuated};

/// Names a module of a [`Tree`].
pub type ModuleId = usize;

/// The modules of one or more crates.
#[derive(Default)]
pub struct Tree {
    /// Every module; an inline module has the file of the module around it.
    pub modules: Vec<Module>,
    roots: HashMap<String, ModuleId>,
}

/// One module.
pub struct Module {
    /// Its name; a crate's root has the name of its file without extension.
    pub name: String,
    /// The file that holds its items.
    pub file: PathBuf,
    /// The module around it.
    pub parent: Option<ModuleId>,
    /// The crate's root.
    pub root: ModuleId,
    /// Its items, without nested modules and what is compiled for tests only.
    pub items: Vec<Item>,
    names: BTreeMap<String, Vec<Binding>>,
    globs: Vec<UsePath>,
}

enum Binding {
    Item,
    Module(ModuleId),
    Import(UsePath),
}

/// A path as written, `a::b::c`.
#[derive(Debug, Clone)]
pub struct UsePath {
    /// Its segments.
    pub segments: Vec<String>,
    /// Whether it starts with `::`, which names another crate.
    pub global: bool,
}

/// What a path stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// An item with this name, defined in this module.
    Item(ModuleId, String),
    /// A module.
    Module(ModuleId),
}

impl Tree {
    /// Loads a crate: `name` is what `use` calls it, `root` its `lib.rs` or `main.rs`. The root of a library can be
    /// named by crates that are loaded with it.
    ///
    /// # Panics
    /// When a file cannot be read or parsed.
    pub fn load(&mut self, name: &str, root: &Path) {
        let id = self.modules.len();
        let stem = root.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if stem == "lib" {
            self.roots.insert(name.replace('-', "_"), id);
        }
        self.add_file(stem, root, root.parent().unwrap_or(root), None, id);
    }

    /// Returns the name of the top-level module a module is in; the root's own name for the root.
    pub fn top_level(&self, id: ModuleId) -> &str {
        let mut id = id;
        while let Some(parent) = self.modules[id].parent.filter(|&parent| self.modules[parent].parent.is_some()) {
            id = parent;
        }
        &self.modules[id].name
    }

    /// Says whether `inner` is `outer` or a module inside it.
    pub fn is_inside(&self, inner: ModuleId, outer: ModuleId) -> bool {
        let mut next = Some(inner);
        while let Some(id) = next {
            if id == outer {
                return true;
            }
            next = self.modules[id].parent;
        }
        false
    }

    /// Returns what a path written in module `at` stands for: the defining items, through re-exports. Empty for other
    /// crates and for what is not an item: a local variable, the prelude.
    pub fn resolve(&self, at: ModuleId, path: &UsePath) -> Vec<Definition> {
        self.resolve_guarded(at, path, &mut HashSet::new())
    }

    fn resolve_guarded(&self, at: ModuleId, path: &UsePath, seen: &mut HashSet<(ModuleId, String)>) -> Vec<Definition> {
        let mut segments = path.segments.iter().map(String::as_str).peekable();
        let Some(first) = segments.next() else { return Vec::new() };
        let mut found = match first {
            "crate" => vec![Definition::Module(self.modules[at].root)],
            "self" => vec![Definition::Module(at)],
            "super" => {
                let mut id = self.modules[at].parent;
                while segments.next_if_eq(&"super").is_some() {
                    id = id.and_then(|id| self.modules[id].parent);
                }
                id.map(Definition::Module).into_iter().collect()
            }
            _ if path.global => self.library(first),
            _ => {
                let named = self.lookup(at, first, seen);
                if named.is_empty() { self.library(first) } else { named }
            }
        };
        for segment in segments {
            // A function may have the name of a module; only the module has something inside.
            if found.iter().any(|definition| matches!(definition, Definition::Module(_))) {
                found.retain(|definition| matches!(definition, Definition::Module(_)));
            }
            let mut next = Vec::new();
            for definition in found {
                match definition {
                    Definition::Item(..) => next.push(definition),
                    Definition::Module(id) => {
                        let named = self.lookup(id, segment, seen);
                        // A name the syntax does not show, as of an item that a macro writes, belongs to its module.
                        if named.is_empty() && !seen.contains(&(id, segment.to_owned())) {
                            next.push(Definition::Item(id, segment.to_owned()));
                        } else {
                            next.extend(named);
                        }
                    }
                }
            }
            found = next;
        }
        found
    }

    fn library(&self, name: &str) -> Vec<Definition> {
        self.roots.get(name).map(|&id| Definition::Module(id)).into_iter().collect()
    }

    fn lookup(&self, at: ModuleId, name: &str, seen: &mut HashSet<(ModuleId, String)>) -> Vec<Definition> {
        if !seen.insert((at, name.to_owned())) {
            return Vec::new();
        }
        let module = &self.modules[at];
        let mut found = Vec::new();
        for binding in module.names.get(name).into_iter().flatten() {
            match binding {
                Binding::Item => found.push(Definition::Item(at, name.to_owned())),
                Binding::Module(id) => found.push(Definition::Module(*id)),
                Binding::Import(path) => {
                    let target = self.resolve_guarded(at, path, seen);
                    // What comes from a crate that is not loaded is known by the name it has here.
                    if target.is_empty() {
                        found.push(Definition::Item(at, name.to_owned()));
                    }
                    found.extend(target);
                }
            }
        }
        if found.is_empty() {
            for glob in &module.globs {
                for target in self.resolve_guarded(at, glob, seen) {
                    if let Definition::Module(id) = target {
                        found.extend(self.lookup(id, name, seen));
                    }
                }
            }
        }
        seen.remove(&(at, name.to_owned()));
        found
    }

    /// `directory` is where the files of the module's children are.
    fn add_file(
        &mut self,
        name: String,
        file: &Path,
        directory: &Path,
        parent: Option<ModuleId>,
        root: ModuleId,
    ) -> Option<ModuleId> {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (!for_tests(&parsed.attrs)).then(|| self.add_module(name, file, directory, parent, root, parsed.items))
    }

    fn add_module(
        &mut self,
        name: String,
        file: &Path,
        directory: &Path,
        parent: Option<ModuleId>,
        root: ModuleId,
        items: Vec<Item>,
    ) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module {
            name,
            file: file.to_owned(),
            parent,
            root,
            items: Vec::new(),
            names: BTreeMap::new(),
            globs: Vec::new(),
        });
        for item in items {
            if for_tests(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(module) => {
                    let child = module.ident.to_string();
                    let added = if let Some((_, items)) = module.content {
                        Some(self.add_module(child.clone(), file, &directory.join(&child), Some(id), root, items))
                    } else {
                        let path = match path_attribute(&module.attrs) {
                            Some(path) => file.parent().unwrap_or(file).join(path),
                            None => {
                                let plain = directory.join(format!("{child}.rs"));
                                if plain.exists() { plain } else { directory.join(&child).join("mod.rs") }
                            }
                        };
                        self.add_file(child.clone(), &path, &directory.join(&child), Some(id), root)
                    };
                    if let Some(added) = added {
                        self.bind(id, child, Binding::Module(added));
                    }
                }
                Item::Use(ref import) => {
                    for leaf in leaves(&import.tree, import.leading_colon.is_some()) {
                        match leaf.name {
                            Some(name) => self.bind(id, name, Binding::Import(leaf.path)),
                            None => self.modules[id].globs.push(leaf.path),
                        }
                    }
                    self.modules[id].items.push(item);
                }
                item => {
                    if let Some(name) = item_name(&item) {
                        self.bind(id, name, Binding::Item);
                    }
                    self.modules[id].items.push(item);
                }
            }
        }
        id
    }

    fn bind(&mut self, id: ModuleId, name: String, binding: Binding) {
        self.modules[id].names.entry(name).or_default().push(binding);
    }
}

/// One name that a `use` brings in.
pub struct Leaf {
    /// What it stands for.
    pub path: UsePath,
    /// What it is called here; `None` for `*`.
    pub name: Option<String>,
}

/// Returns every name that a `use` brings in.
pub fn leaves(tree: &UseTree, global: bool) -> Vec<Leaf> {
    let mut found = Vec::new();
    add_leaves(tree, &mut Vec::new(), global, &mut found);
    found
}

fn add_leaves(tree: &UseTree, prefix: &mut Vec<String>, global: bool, found: &mut Vec<Leaf>) {
    let mut add = |last: Option<String>, name: Option<String>, prefix: &[String]| {
        let segments = prefix.iter().cloned().chain(last).collect();
        found.push(Leaf { path: UsePath { segments, global }, name });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            add_leaves(&path.tree, prefix, global, found);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => add(None, prefix.last().cloned(), prefix),
        UseTree::Name(name) => add(Some(name.ident.to_string()), Some(name.ident.to_string()), prefix),
        UseTree::Rename(rename) => {
            let last = (rename.ident != "self").then(|| rename.ident.to_string());
            add(last, Some(rename.rename.to_string()), prefix);
        }
        UseTree::Glob(_) => add(None, None, prefix),
        UseTree::Group(group) => {
            for tree in &group.items {
                add_leaves(tree, prefix, global, found);
            }
        }
    }
}

/// Says whether an item is compiled for tests only.
pub fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        (path.is_ident("cfg") && attribute.parse_args::<Meta>().is_ok_and(|meta| needs_test(&meta)))
            || path.segments.last().is_some_and(|last| last.ident == "test")
    })
}

fn needs_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated).unwrap_or_default();
            (list.path.is_ident("all") && parts.iter().any(needs_test))
                || (list.path.is_ident("any") && !parts.is_empty() && parts.iter().all(needs_test))
        }
        Meta::NameValue(_) => false,
    }
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find(|attribute| attribute.path().is_ident("path")).and_then(|attribute| match &attribute.meta {
        Meta::NameValue(syn::MetaNameValue { value: syn::Expr::Lit(literal), .. }) => match &literal.lit {
            syn::Lit::Str(path) => Some(path.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Returns an item's attributes.
pub fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn item_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Says whether a `use` hands its names on to other modules.
pub fn hands_on(visibility: &Visibility) -> bool {
    !matches!(visibility, Visibility::Inherited)
}
