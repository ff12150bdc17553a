//! Whether plugins of a released version still fit.
//!
//! What a released interface has must be there, letter for letter: a guest was compiled against
//! it. More functions and more interfaces are fine. More exports of a world are not: the released
//! guests do not have them.

use std::collections::BTreeMap;

use wit_parser::{
    Function, InterfaceId, Resolve, Type, TypeDef, TypeDefKind, WorldId, WorldItem, WorldKey,
};

/// What shows up in a text where a kind of type cannot be compared yet.
const UNKNOWN_KIND: &str = "a kind of type that this check cannot compare";

/// Everything of a released package that the current one changed or dropped.
pub(crate) fn breaks(released: &Resolve, current: &Resolve) -> Vec<String> {
    let (old, new) = (items(released), items(current));
    old.iter()
        .filter_map(|(name, shape)| match new.get(name) {
            None => Some(format!("{name} is gone")),
            Some(_) if shape.contains(UNKNOWN_KIND) => Some(format!("{name} has {UNKNOWN_KIND}")),
            Some(now) if now != shape => Some(format!("{name} was `{shape}` and is `{now}`")),
            Some(_) => None,
        })
        .collect()
}

/// Everything that a guest is compiled against, with its shape.
fn items(resolve: &Resolve) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for (id, interface) in &resolve.interfaces {
        let name = interface_name(resolve, id);
        items.insert(format!("interface {name}"), String::new());
        for (function, item) in &interface.functions {
            items.insert(format!("function {name}.{function}"), signature(resolve, item));
        }
        for (type_name, id) in &interface.types {
            let shape = resolve.types.get(*id).map(|item| definition(resolve, item));
            items.insert(format!("type {name}.{type_name}"), shape.unwrap_or_default());
        }
    }
    for (id, world) in &resolve.worlds {
        for key in world.imports.iter().map(|(key, item)| link(resolve, key, item)) {
            items.insert(format!("world {}: import {key}", world.name), String::new());
        }
        items.insert(format!("world {}: exports", world.name), exports(resolve, id));
    }
    items
}

fn exports(resolve: &Resolve, world: WorldId) -> String {
    let world = resolve.worlds.get(world);
    let exports = world.into_iter().flat_map(|world| &world.exports);
    let mut names: Vec<String> = exports.map(|(key, item)| link(resolve, key, item)).collect();
    names.sort();
    names.join(", ")
}

/// An import or export of a world, without the version of its package.
fn link(resolve: &Resolve, key: &WorldKey, item: &WorldItem) -> String {
    let name = match key {
        WorldKey::Name(name) => name.clone(),
        WorldKey::Interface(id) => interface_name(resolve, *id),
    };
    match item {
        WorldItem::Function(function) => format!("{name}: {}", signature(resolve, function)),
        WorldItem::Interface { .. } | WorldItem::Type { .. } => name,
    }
}

fn interface_name(resolve: &Resolve, id: InterfaceId) -> String {
    let interface = resolve.interfaces.get(id);
    interface.and_then(|interface| interface.name.clone()).unwrap_or_else(|| "inline".to_owned())
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, reference(resolve, &parameter.ty)))
        .collect();
    let result = function.result.as_ref().map_or("()".to_owned(), |ty| reference(resolve, ty));
    format!("({}) -> {result}", parameters.join(", "))
}

/// A type where it is used: by name if it has one.
fn reference(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let Some(item) = resolve.types.get(*id) else { return UNKNOWN_KIND.to_owned() };
    item.name.clone().unwrap_or_else(|| definition(resolve, item))
}

/// What a type is made of.
fn definition(resolve: &Resolve, item: &TypeDef) -> String {
    let of = |ty: &Type| reference(resolve, ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or("_".to_owned(), of);
    match &item.kind {
        TypeDefKind::Record(record) => {
            joined("record", record.fields.iter().map(|f| format!("{}: {}", f.name, of(&f.ty))))
        }
        TypeDefKind::Variant(variant) => joined(
            "variant",
            variant.cases.iter().map(|case| match &case.ty {
                Some(ty) => format!("{}({})", case.name, of(ty)),
                None => case.name.clone(),
            }),
        ),
        TypeDefKind::Enum(cases) => joined("enum", cases.cases.iter().map(|c| c.name.clone())),
        TypeDefKind::Flags(flags) => joined("flags", flags.flags.iter().map(|f| f.name.clone())),
        TypeDefKind::Tuple(tuple) => joined("tuple", tuple.types.iter().map(of)),
        TypeDefKind::Option(ty) => format!("option<{}>", of(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", of(ty)),
        TypeDefKind::Result(result) => {
            format!("result<{}, {}>", optional(&result.ok), optional(&result.err))
        }
        TypeDefKind::Type(ty) => format!("= {}", of(ty)),
        _ => UNKNOWN_KIND.to_owned(),
    }
}

fn joined(kind: &str, parts: impl Iterator<Item = String>) -> String {
    format!("{kind} {{ {} }}", parts.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASED: &str = "
        package a:b@0.1.0;
        interface rank {
            record task { id: string, tags: list<string> }
            variant source { wait, other(string) }
            order: func(tasks: list<task>) -> result<list<s64>, string>;
        }
        interface log { write: func(line: string); }
        world ranker { import log; export rank; }
    ";

    fn changed(from: &str, to: &str) -> Vec<String> {
        assert!(RELEASED.contains(from), "{from}");
        let (mut released, mut current) = (Resolve::default(), Resolve::default());
        released.push_str("released.wit", RELEASED).unwrap();
        current.push_str("current.wit", &RELEASED.replace(from, to)).unwrap();
        breaks(&released, &current)
    }

    #[test]
    fn additions_of_functions_interfaces_and_imports_fit() {
        assert!(changed("interface log {", "interface log { flush: func();").is_empty());
        assert!(
            changed("interface log {", "interface clock { now: func() -> s64; } interface log {")
                .is_empty()
        );
        assert!(
            changed(
                "world ranker {",
                "interface state { get: func() -> u8; } world ranker { import state;"
            )
            .is_empty()
        );
        assert!(changed("@0.1.0", "@0.1.1").is_empty());
    }

    #[test]
    fn anything_else_does_not() {
        for (from, to, broken) in [
            ("tags: list<string>", "tags: list<u8>", "type rank.task"),
            ("id: string,", "id: string, more: u8,", "type rank.task"),
            ("wait, other(string)", "wait, age, other(string)", "type rank.source"),
            ("result<list<s64>, string>", "result<list<s64>>", "function rank.order"),
            (
                "interface log { write: func(line: string); }",
                "interface log {}",
                "function log.write",
            ),
            ("import log; ", "", "world ranker: import log"),
            ("export rank;", "export rank; export log;", "world ranker: exports"),
        ] {
            let found = changed(from, to);
            assert!(found.iter().any(|text| text.starts_with(broken)), "{from} → {to}: {found:?}");
        }
    }
}
