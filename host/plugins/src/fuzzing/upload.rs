//! Components that somebody uploads.

use hinny_core::plugin::World;

use super::assert_readable;
use crate::{config::Grants, shape, verify::check_imports};

/// A component as somebody uploads it: everything that is read of it before it is compiled.
pub fn upload(bytes: &[u8]) {
    if let Err(why) = shape::parse(bytes) {
        return assert_readable(&why);
    }
    let shape = match shape::read(bytes) {
        Ok(shape) => shape,
        Err(why) => {
            assert!(!why.starts_with("not a valid"), "it was valid a moment ago: {why}");
            return assert_readable(&why);
        }
    };
    assert_readable(&shape.export);
    for import in &shape.imports {
        assert_readable(&import.name);
    }
    let nothing = Grants {
        log: false,
        tasks: false,
        state: false,
        schedules: false,
        messages: false,
        connector: Vec::new(),
    };
    let with = |grants: &Grants| check_imports(&shape.imports, shape.world, grants);
    let (bare, full) = (with(&nothing), with(&Grants::anything()));
    for said in [&bare, &full] {
        if let Err(why) = said {
            assert_readable(why);
        }
    }
    // Without grants nothing can be imported, and a ranker never can.
    assert_eq!(bare.is_ok(), shape.imports.is_empty(), "{bare:?}");
    if shape.world == World::Ranker {
        assert_eq!(full.is_ok(), shape.imports.is_empty(), "{full:?}");
    }
    if full.is_ok() {
        let known = ["log", "tasks", "state", "schedules", "messages", "connector"];
        let all = shape.imports.iter().map(|import| import.interface.as_deref());
        for interface in all {
            assert!(interface.is_some_and(|name| known.contains(&name)), "{interface:?}");
        }
    }
}
