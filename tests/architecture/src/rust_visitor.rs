//! Finds the paths in the code of one module.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Stmt, TraitItem, VisRestricted};

use crate::rust_modules::{UsePath, attributes, for_tests, hands_on, leaves};

/// A path that a module's code names.
pub(crate) struct Mention {
    pub(crate) path: UsePath,
    pub(crate) kind: Kind,
}

/// How a path is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By a `use`.
    Import,
    /// By a `use` that hands the name on.
    ReExport,
    /// By `use path::*`.
    Glob,
    /// By an expression, a type or a pattern.
    Code,
    /// By `name!`.
    Macro,
}

/// Returns the paths that `items` name, tests left out.
pub(crate) fn mentions(items: &[Item]) -> Vec<Mention> {
    let mut visitor = Visitor::default();
    for item in items {
        visitor.visit_item(item);
    }
    visitor.found
}

#[derive(Default)]
struct Visitor {
    found: Vec<Mention>,
}

impl Visitor {
    fn add(&mut self, segments: Vec<String>, global: bool, kind: Kind) {
        self.found.push(Mention { path: UsePath { segments, global }, kind });
    }

    /// Adds what looks like a path in the arguments of a macro, which have no syntax until it is expanded.
    fn scan(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => {
                    self.scan(group.stream());
                    at += 1;
                }
                TokenTree::Ident(first) => {
                    let is_field =
                        at > 0 && is_punct(&tokens[at - 1], '.') && !(at > 1 && is_punct(&tokens[at - 2], '.'));
                    let global = at > 1 && is_separator(&tokens[at - 2..at]);
                    let mut segments = vec![first.to_string()];
                    at += 1;
                    while at + 2 < tokens.len() && is_separator(&tokens[at..at + 2]) {
                        let TokenTree::Ident(next) = &tokens[at + 2] else { break };
                        segments.push(next.to_string());
                        at += 3;
                    }
                    let called = tokens.get(at).is_some_and(
                        |token| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis),
                    );
                    let capital = segments[0].starts_with(char::is_uppercase);
                    if !is_field && (segments.len() > 1 || capital || called) {
                        self.add(segments, global, Kind::Code);
                    }
                }
                _ => at += 1,
            }
        }
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

fn is_separator(pair: &[TokenTree]) -> bool {
    matches!(pair, [TokenTree::Punct(first), TokenTree::Punct(second)]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs[..],
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Const(item) => &item.attrs[..],
            TraitItem::Fn(item) => &item.attrs,
            TraitItem::Type(item) => &item.attrs,
            TraitItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !for_tests(attributes) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = match statement {
            Stmt::Local(local) => &local.attrs[..],
            Stmt::Macro(call) => &call.attrs,
            _ => &[],
        };
        if !for_tests(attributes) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        for leaf in leaves(&import.tree, import.leading_colon.is_some()) {
            let kind = match leaf.name {
                _ if hands_on(&import.vis) => Kind::ReExport,
                Some(_) => Kind::Import,
                None => Kind::Glob,
            };
            self.found.push(Mention { path: leaf.path, kind });
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(segments, path.leading_colon.is_some(), Kind::Code);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let segments = call.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(segments, call.path.leading_colon.is_some(), Kind::Macro);
        self.scan(call.tokens.clone());
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}
