//! `hinny config --reference`: the page that documents every key.

use std::fmt::Write;

use serde_json::Value;

use super::{
    Config, ConnectorConfig, DispatcherConfig, RabbitmqQueueConfig, SchedulerConfig, TokenConfig,
    TrustedKeyConfig,
    outline::{PARTS, Part},
    print,
    section::Key,
};

const INTRODUCTION: &str = "\
# Configuration

<!-- Made from host/server/src/config by `cargo xtask fix`. Change it there. -->

hinny works without a configuration. What you write wins over the defaults, in this order:

1. `hinny.toml` in the working directory, or the file that `--config` or `HINNY_CONFIG` names;
2. environment variables: `HINNY_`, then the section and the key in upper case, with two underscores
   between the levels: `HINNY_API__LISTEN=0.0.0.0:8080`, `HINNY_PLUGINS__LIMITS__MEMORY_MB=128`.
   A value is TOML, or else text; a whole section can be given, too:
   `HINNY_SCHEDULERS='[{ id = \"jobs\" }]'`;
3. flags: `--listen`, `--database`, and `--set KEY=VALUE` for every key, such as
   `--set stop.drain_seconds=5`.

A text in the file may refer to environment variables of any name: `url = \"${DATABASE_URL}\"`, or with what counts
when the variable is not set or empty, `tasks_max = \"${QUEUE_MAX:-${OLD_QUEUE_MAX:-0}}\"`. The case of the name
does not matter; `$${` stands for `${`. So one file can serve programs that have names of their own.

A list, such as the schedulers, is replaced as a whole. Keys that hinny does not know are errors.
`hinny config` prints the result, with the origin of each value. Relative paths count from the
working directory.
";

/// The page, as Markdown.
pub fn reference() -> String {
    let defaults = defaults();
    let mut page = INTRODUCTION.to_owned();
    for part in PARTS {
        let _ = writeln!(page, "\n## `{}`\n\n{}\n", part.heading(), paragraph(part.about));
        let _ = writeln!(page, "| key | takes | default | what for |\n|---|---|---|---|");
        for key in part.own_keys() {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                key.name,
                key.takes().replace('|', "\\|"),
                default_of(part, &key, &defaults),
                paragraph(key.about).replace('|', "\\|"),
            );
        }
    }
    page
}

/// The defaults, with one element in each list.
fn defaults() -> Value {
    let mut config = Config { schedulers: vec![SchedulerConfig::default()], ..Config::default() };
    config.api.tokens = vec![TokenConfig::default()];
    config.plugins.trusted_keys = vec![TrustedKeyConfig::default()];
    config.connectors = vec![ConnectorConfig::default()];
    config.dispatchers = vec![DispatcherConfig::default()];
    config.rabbitmq.queues = vec![RabbitmqQueueConfig::default()];
    serde_json::to_value(config).unwrap_or_default()
}

fn default_of(part: &Part, key: &Key, defaults: &Value) -> String {
    if key.required {
        return "required".to_owned();
    }
    let element = if part.list { "/0" } else { "" };
    let pointer = format!("/{}{element}/{}", part.path.replace('.', "/"), key.name);
    match defaults.pointer(&pointer).and_then(print::literal) {
        Some(text) => format!("`{text}`"),
        None => "none".to_owned(),
    }
}

fn paragraph(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a test that writes its own file is asked to by name"
    )]
    fn the_page_in_the_repository_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        if std::env::var_os("HINNY_BLESS").is_some() {
            std::fs::write(&path, reference()).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == reference(),
            "docs/configuration.md is not as the configuration says; look at the difference, and \
             write it with `HINNY_BLESS=1 cargo test -p hinny-server reference`"
        );
    }

    #[test]
    fn every_number_has_a_unit_or_counts_and_a_range_that_its_default_is_in() {
        let defaults = defaults();
        for (part, key) in
            PARTS.iter().flat_map(|part| part.keys().into_iter().map(move |key| (part, key)))
        {
            let element = if part.list { "/0" } else { "" };
            let pointer = format!("/{}{element}/{}", part.path.replace('.', "/"), key.name);
            let Some(default) = defaults.pointer(&pointer).and_then(Value::as_u64) else {
                continue;
            };
            let range = key.range.as_ref();
            assert!(range.is_some_and(|range| range.contains(&default)), "{pointer}: {range:?}");
        }
    }

    #[test]
    fn every_key_is_in_the_reference() {
        let defaults = defaults();
        for part in PARTS {
            let pointer = format!("/{}", part.path.replace('.', "/"));
            let table = match defaults.pointer(&pointer) {
                Some(Value::Array(elements)) => &elements[0],
                Some(table) => table,
                None => panic!("`{}` is not a part of the configuration", part.path),
            };
            let mut written: Vec<_> =
                table.as_object().unwrap().keys().map(String::as_str).collect();
            let mut documented: Vec<_> = part.keys().iter().map(|key| key.name).collect();
            written.sort_unstable();
            documented.sort_unstable();
            assert_eq!(written, documented, "{}", part.path);
        }
    }
}
