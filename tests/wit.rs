//! The WIT package parses, every item is documented, and released worlds are never edited.

use std::path::{Path, PathBuf};

use wit_parser::{Docs, Resolve, Stability};

fn wit_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn parse(folder: &Path) -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_dir(folder).unwrap_or_else(|error| panic!("{}: {error:#}", folder.display()));
    resolve
}

#[test]
fn every_item_is_documented_and_says_since_when() {
    let resolve = parse(&wit_folder());
    let mut missing = Vec::new();
    let mut check = |name: String, docs: &Docs, stability: Option<&Stability>| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            missing.push(format!("{name}: no documentation"));
        }
        if stability.is_some_and(Stability::is_unknown) {
            missing.push(format!("{name}: no @since"));
        }
    };
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        check(name.clone(), &interface.docs, Some(&interface.stability));
        for (function, item) in &interface.functions {
            check(format!("{name}.{function}"), &item.docs, Some(&item.stability));
        }
    }
    for (_, world) in &resolve.worlds {
        check(world.name.clone(), &world.docs, Some(&world.stability));
    }
    for (_, item) in &resolve.types {
        let wit_parser::TypeOwner::Interface(_) = item.owner else { continue };
        let Some(name) = item.name.clone() else { continue };
        // `use types.{…}` makes an alias of a documented type.
        if matches!(item.kind, wit_parser::TypeDefKind::Type(wit_parser::Type::Id(_))) {
            continue;
        }
        check(name.clone(), &item.docs, Some(&item.stability));
        match &item.kind {
            wit_parser::TypeDefKind::Record(record) => {
                for field in &record.fields {
                    check(format!("{name}.{}", field.name), &field.docs, None);
                }
            }
            wit_parser::TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    check(format!("{name}.{}", case.name), &case.docs, None);
                }
            }
            _ => {}
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
