//! What a component is, read from its bytes without compiling anything.

use hinny_core::plugin::World;
use wasmparser::{Encoding, Parser, Payload, Validator};

use crate::text;

/// The package of `wit/`.
const PACKAGE: &str = "hinny:plugin/";

/// The versions of the package that this host knows: 0.1 with any last number.
const KNOWN: (u64, u64) = (0, 1);

/// Longest name that is shown, in bytes.
const NAME_BYTES: usize = 200;

/// What a component is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Which world it is for.
    pub(crate) world: World,
    /// The interface that says so, with its version.
    pub(crate) export: String,
    /// What it imports, apart from the names of types.
    pub(crate) imports: Vec<Import>,
}

/// Something that a component imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// As the component writes it.
    pub(crate) name: String,
    /// The interface of the package that it is; `None`: of no version that this host knows.
    pub(crate) interface: Option<String>,
}

/// The imports and exports of the outermost component.
#[derive(Debug, Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

/// What every module and component begins with.
const MAGIC: &[u8] = b"\0asm";

/// Checks that bytes are a valid component, from the first to the last.
pub(crate) fn parse(bytes: &[u8]) -> Result<(), String> {
    if !bytes.starts_with(MAGIC) {
        return Err(format!(
            "it does not begin like WebAssembly, with `{}`, but with `{}`; hint: upload the `.wasm` file as it was built",
            MAGIC.escape_ascii(),
            bytes.get(..MAGIC.len()).unwrap_or(bytes).escape_ascii()
        ));
    }
    match Parser::new(0).parse(bytes, true) {
        Ok(wasmparser::Chunk::Parsed {
            payload: Payload::Version { encoding: Encoding::Module, .. },
            ..
        }) => {
            return Err("it is a core module, not a component; hint: build with `cargo xtask plugins`, or run `wasm-tools component new` on it".to_owned());
        }
        Ok(_) => {}
        Err(error) => return Err(not_wasm(&error)),
    }
    Validator::new().validate_all(bytes).map(drop).map_err(|error| not_wasm(&error))
}

fn not_wasm(error: &wasmparser::BinaryReaderError) -> String {
    format!(
        "not a valid WebAssembly component: {}, at byte {}; hint: upload the `.wasm` file as it was built",
        text::shown(error.message(), NAME_BYTES),
        error.offset()
    )
}

/// Reads what a valid component is.
pub(crate) fn read(bytes: &[u8]) -> Result<Shape, String> {
    let names = names(bytes).map_err(|error| not_wasm(&error))?;
    let (world, export) = world(&names.exports)?;
    let imports = names
        .imports
        .into_iter()
        .map(|name| Import { interface: interface(&name).map(str::to_owned), name })
        .filter(|import| import.interface.as_deref() != Some("types"))
        .collect();
    Ok(Shape { world, export, imports })
}

/// What a plugin needs and offers, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
}

/// What a component needs and offers; why not, when it is not one, or of no world.
pub fn interfaces(bytes: &[u8]) -> Result<Interfaces, String> {
    parse(bytes)?;
    let Names { imports, exports } = names(bytes).map_err(|error| not_wasm(&error))?;
    world(&exports)?;
    Ok(Interfaces { imports, exports })
}

fn names(bytes: &[u8]) -> Result<Names, wasmparser::BinaryReaderError> {
    let mut names = Names::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.imports.push(text::shown(import?.name.name, NAME_BYTES));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    names.exports.push(text::shown(export?.name.name, NAME_BYTES));
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn world(exports: &[String]) -> Result<(World, String), String> {
    let mut found = exports.iter().filter_map(|name| {
        let world = match interface(name)? {
            "ranker" => World::Ranker,
            "scheduler" => World::Scheduler,
            _ => return None,
        };
        Some((world, name.clone()))
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some((_, one)), Some((_, two))) => Err(format!(
            "it exports `{one}` and `{two}`, a plugin is of one world; hint: make two plugins of it"
        )),
        (None, _) => Err(no_world(exports)),
    }
}

fn no_world(exports: &[String]) -> String {
    if let Some(other) = exports.iter().find(|name| name.starts_with(PACKAGE)) {
        return format!(
            "it exports `{other}`, this host knows version {}.{} of the package; hint: build it against that version",
            KNOWN.0, KNOWN.1
        );
    }
    let listed = match exports {
        [] => "nothing".to_owned(),
        some => some.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    };
    format!(
        "it exports {listed}, expected `{PACKAGE}ranker` or `{PACKAGE}scheduler`; hint: start from `cargo xtask new-plugin`"
    )
}

/// The interface that a name stands for, if it is of the package in a known version.
pub(crate) fn interface(name: &str) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    let version = semver::Version::parse(version).ok()?;
    ((version.major, version.minor) == KNOWN && version.pre.is_empty()).then_some(interface)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component without anything in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
    /// A core module without anything in it.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn a_name_of_another_package_or_version_is_no_interface() {
        assert_eq!(interface("hinny:plugin/ranker@0.1.0"), Some("ranker"));
        assert_eq!(interface("hinny:plugin/ranker@0.1.7"), Some("ranker"));
        for other in [
            "hinny:plugin/ranker@0.2.0",
            "hinny:plugin/ranker@0.1.0-rc.1",
            "hinny:plugin/ranker",
            "evil:plugin/ranker@0.1.0",
        ] {
            assert_eq!(interface(other), None, "{other}");
        }
    }

    #[test]
    fn bytes_that_are_no_component_are_refused_by_name() {
        assert!(parse(MODULE).unwrap_err().starts_with("it is a core module, not a component"));
        let refused = parse(b"hello").unwrap_err();
        assert!(refused.starts_with("it does not begin like WebAssembly"), "{refused}");
        assert!(parse(&EMPTY[..5]).is_err());
        assert_eq!(parse(EMPTY), Ok(()));
    }

    #[test]
    fn a_component_of_no_world_is_refused_with_what_it_exports() {
        let refused = read(EMPTY).unwrap_err();
        assert!(refused.starts_with("it exports nothing, expected"), "{refused}");
        let refused = no_world(&["hinny:plugin/ranker@9.0.0".to_owned()]);
        assert!(refused.contains("this host knows version 0.1 of the package"), "{refused}");
    }
}
