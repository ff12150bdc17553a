//! Sins of `describe`.

use hinny_plugin::ranker::{Input, InputSource, InputType, Refresh};

use crate::{Descriptor, Sin};

pub(crate) const SINS: [&str; 14] = [
    "spin-in-describe",
    "trap-in-describe",
    "empty-name",
    "huge-name",
    "bad-version",
    "too-many-inputs",
    "bad-pointer",
    "huge-pointer",
    "unknown-source",
    "wrong-input-type",
    "empty-input-name",
    "same-input-name",
    "short-refresh",
    "unknown-refresh",
];

/// The inputs without a sin: when a task was pushed, and whether it is poisoned.
pub(crate) fn inputs() -> Vec<Input> {
    vec![input("created", InputSource::CreatedAt, InputType::Integer), poison("poison")]
}

fn input(name: &str, source: InputSource, kind: InputType) -> Input {
    Input { name: name.to_owned(), source, kind }
}

fn poison(name: &str) -> Input {
    input(name, InputSource::Pointer("/poison".to_owned()), InputType::Flag)
}

pub(crate) fn describe(sin: &Sin) -> Descriptor {
    let mut descriptor = Descriptor {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: inputs(),
        refresh: Refresh::Never,
    };
    let inputs = &mut descriptor.inputs;
    match sin.name.as_str() {
        "spin-in-describe" => spoiling::spin(),
        "trap-in-describe" => spoiling::trap(),
        "empty-name" => descriptor.name.clear(),
        "huge-name" => descriptor.name = "x".repeat(1 << 20),
        "bad-version" => "newest".clone_into(&mut descriptor.version),
        "too-many-inputs" => {
            inputs.extend((inputs.len()..65).map(|at| poison(&format!("poison {at}"))));
        }
        "bad-pointer" => inputs.push(Input::pointer("poison", InputType::Flag)),
        "huge-pointer" => {
            inputs.push(Input::pointer(format!("/{}", "x".repeat(1 << 20)), InputType::Flag));
        }
        "unknown-source" => {
            let source = InputSource::Other("phase-of-the-moon".to_owned());
            inputs.push(input("moon", source, InputType::Integer));
        }
        "wrong-input-type" => {
            inputs.push(input("created as text", InputSource::CreatedAt, InputType::Text));
        }
        "empty-input-name" => inputs.push(poison("")),
        "same-input-name" => inputs.push(poison("poison")),
        "short-refresh" => descriptor.refresh = Refresh::EveryMs(1),
        "unknown-refresh" => descriptor.refresh = Refresh::Other("at-full-moon".to_owned()),
        _ => {}
    }
    descriptor
}
