//! All sections and their keys, in the order in which they are shown.

use std::borrow::Cow;

use super::{
    api::{ApiConfig, TokenConfig},
    connector::ConnectorConfig,
    database::DatabaseConfig,
    dispatcher::DispatcherConfig,
    events::EventsConfig,
    log::LogConfig,
    plugins::{DecisionsConfig, PluginsConfig, TrustedKeyConfig},
    rabbitmq::{RabbitmqConfig, RabbitmqQueueConfig},
    scheduler::SchedulerConfig,
    section::{Key, Section},
    stop::StopConfig,
};

/// A table of the configuration, or a list of tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Where it is, such as `plugins.limits`.
    pub(crate) path: &'static str,
    /// Whether there are several.
    pub(crate) list: bool,
    /// What it is for.
    pub(crate) about: &'static [&'static str],
    keys: fn() -> Vec<Key>,
}

impl Part {
    const fn one<S: Section>(path: &'static str) -> Self {
        Self { path, list: false, about: S::ABOUT, keys: S::keys }
    }

    const fn list<S: Section>(path: &'static str) -> Self {
        Self { path, list: true, about: S::ABOUT, keys: S::keys }
    }

    /// As it is written at its head.
    pub(crate) fn heading(&self) -> String {
        if self.list { format!("[[{}]]", self.path) } else { format!("[{}]", self.path) }
    }

    /// Its keys.
    pub(crate) fn keys(&self) -> Vec<Key> {
        (self.keys)()
    }

    /// Its keys, without those that are parts of their own.
    pub(crate) fn own_keys(&self) -> impl Iterator<Item = Key> {
        let path = self.path;
        self.keys().into_iter().filter(move |key| {
            !PARTS.iter().any(|part| part.path == format!("{path}.{}", key.name))
        })
    }
}

/// All of them.
pub(crate) const PARTS: &[Part] = &[
    Part::one::<ApiConfig>("api"),
    Part::list::<TokenConfig>("api.tokens"),
    Part::one::<DatabaseConfig>("database"),
    Part::one::<LogConfig>("log"),
    Part::one::<PluginsConfig>("plugins"),
    Part::one::<DecisionsConfig>("plugins.decisions"),
    Part::list::<TrustedKeyConfig>("plugins.trusted_keys"),
    Part::one::<hinny_plugins::Limits>("plugins.limits"),
    Part::list::<ConnectorConfig>("connectors"),
    Part::list::<SchedulerConfig>("schedulers"),
    Part::one::<EventsConfig>("events"),
    Part::one::<RabbitmqConfig>("rabbitmq"),
    Part::list::<RabbitmqQueueConfig>("rabbitmq.queues"),
    Part::list::<DispatcherConfig>("dispatchers"),
    Part::one::<StopConfig>("stop"),
];

/// A path as people read it: `schedulers[0].ranker`.
pub(crate) fn display(path: &[&str]) -> String {
    let mut shown = String::new();
    for segment in path {
        if segment.bytes().all(|byte| byte.is_ascii_digit()) {
            shown.extend(["[", segment, "]"]);
        } else {
            if !shown.is_empty() {
                shown.push('.');
            }
            shown.push_str(segment);
        }
    }
    shown
}

/// The reverse of [`display`].
pub(crate) fn segments(shown: &str) -> Vec<&str> {
    shown.split(['.', '[', ']']).filter(|segment| !segment.is_empty()).collect()
}

/// What can be written at a path.
pub(crate) fn kind_of(path: &[&str]) -> Cow<'static, str> {
    let named: Vec<_> =
        path.iter().copied().filter(|part| part.parse::<usize>().is_err()).collect();
    let (name, section) = match named.split_last() {
        Some((name, section)) => (*name, section.join(".")),
        None => ("", String::new()),
    };
    let key = PARTS
        .iter()
        .filter(|part| part.path == section)
        .flat_map(Part::keys)
        .find(|key| key.name == name);
    match (key, PARTS.iter().find(|part| part.path == named.join("."))) {
        (Some(key), _) => key.takes(),
        (None, Some(part)) if part.list && named.len() == path.len() => "a list of tables".into(),
        (None, _) => "a table".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_it_was_shown() {
        let path = ["schedulers", "0", "ranker"];
        assert_eq!(display(&path), "schedulers[0].ranker");
        assert_eq!(segments(&display(&path)), path);
        assert_eq!(kind_of(&["api", "tokens", "1", "role"]), kind_of(&["api", "tokens", "role"]));
    }
}
