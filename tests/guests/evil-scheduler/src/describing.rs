//! Sins of `describe`.

use hinny_plugin::scheduler::Interest;

use crate::{Descriptor, Sin};

pub(crate) const SINS: [&str; 14] = [
    "spin-in-describe",
    "trap-in-describe",
    "empty-name",
    "huge-name",
    "bad-version",
    "empty-task-type",
    "huge-task-type",
    "schema-that-is-no-json",
    "schema-that-is-no-schema",
    "huge-schema",
    "escapes-in-schema",
    "short-ticks",
    "too-many-interests",
    "unknown-interest",
];

pub(crate) fn describe(sin: &Sin) -> Descriptor {
    let mut descriptor = Descriptor {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task_type: "evil".to_owned(),
        data_schema: "true".to_owned(),
        interests: vec![
            Interest::Messages("evil".to_owned()),
            Interest::DueSchedules,
            Interest::FinishedTasks,
        ],
    };
    match sin.name.as_str() {
        "spin-in-describe" => spoiling::spin(),
        "trap-in-describe" => spoiling::trap(),
        "empty-name" => descriptor.name.clear(),
        "huge-name" => descriptor.name = "x".repeat(1 << 20),
        "bad-version" => "newest".clone_into(&mut descriptor.version),
        "empty-task-type" => descriptor.task_type.clear(),
        "huge-task-type" => descriptor.task_type = "x".repeat(1 << 20),
        "schema-that-is-no-json" => "{\"type\":".clone_into(&mut descriptor.data_schema),
        "schema-that-is-no-schema" => "{\"type\": 5}".clone_into(&mut descriptor.data_schema),
        "huge-schema" => {
            descriptor.data_schema = format!("{{\"description\": \"{}\"}}", spoiling::huge_text());
        }
        "escapes-in-schema" => {
            r#"{"properties": {"\u001b[31mred\r\n": {"type": 5}}}"#
                .clone_into(&mut descriptor.data_schema);
        }
        "short-ticks" => descriptor.interests.push(Interest::Ticks(1)),
        "too-many-interests" => {
            let more = (0..10_000).map(|at| Interest::Messages(format!("evil {at}")));
            descriptor.interests.extend(more);
        }
        "unknown-interest" => {
            descriptor.interests.push(Interest::Other("phase-of-the-moon".to_owned()));
        }
        _ => {}
    }
    descriptor
}
