//! The WIT package parses, every item is documented, and released worlds are never edited.

mod compatibility;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

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

#[test]
fn a_released_version_is_a_copy_that_nobody_edits() {
    let current = version(&parse(&wit_folder()));
    let frozen = released();
    assert!(
        frozen.iter().any(|(name, _)| *name == current),
        "wit/released/{current}/ is missing: copy wit/*.wit there when the version is released"
    );
    for (name, folder) in frozen {
        assert_eq!(name, version(&parse(&folder)), "the folder is named after the version");
        if name == current {
            assert_eq!(
                sources(&folder),
                sources(&wit_folder()),
                "wit/ has version {current}, which is released: raise the version first"
            );
        }
    }
}

#[test]
fn plugins_of_a_released_version_still_fit() {
    let current = parse(&wit_folder());
    for (name, folder) in released() {
        if compatible(&name) != compatible(&version(&current)) {
            // Served by an adapter in the host, against its own frozen copy.
            continue;
        }
        let breaks = compatibility::breaks(&parse(&folder), &current);
        assert!(
            breaks.is_empty(),
            "plugins of {name} do not fit any more; make this a new major version:\n  {}",
            breaks.join("\n  ")
        );
    }
}

/// The frozen versions, with their folders.
fn released() -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(wit_folder().join("released")).into_iter().flatten();
    entries
        .filter_map(Result::ok)
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect()
}

/// The WIT files of a folder, by name.
fn sources(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "wit"))
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

fn version(resolve: &Resolve) -> String {
    let packages = resolve.packages.iter().filter_map(|(_, package)| package.name.version.as_ref());
    packages.map(ToString::to_string).next().unwrap_or_default()
}

/// The part of a version that stays the same while plugins fit: `1`, or `0.1`.
fn compatible(version: &str) -> String {
    let parts = if version.starts_with("0.") { 2 } else { 1 };
    version.split('.').take(parts).collect::<Vec<_>>().join(".")
}
