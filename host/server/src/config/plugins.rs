//! `[plugins]`: how plugins are run, and within which limits.

use std::{ops::RangeInclusive, path::PathBuf};

use hinny_plugins::Limits;

use super::{
    ConfigError, DatabaseConfig, DatabasePlace,
    section::{self, foreign_section, kind, section},
};

section! {
    /// How plugins are run.
    pub struct PluginsConfig {
        /// Where compiled plugins are kept. Only the user that runs hinny may write there. It can
        /// be deleted at any time; the next start is slower then.
        cache_directory: PathBuf = PathBuf::from("hinny-cache"),
        /// What rankers decided, see below.
        decisions: DecisionsConfig = DecisionsConfig::default(),
        /// The limits, see below.
        limits: Limits = Limits::default(),
    }
}

section! {
    /// What rankers decided is recorded, with the inputs that they read of each task, so that another
    /// ranker can be asked what it would have decided: `hinny plugin replay`.
    pub struct DecisionsConfig {
        /// Where. Without it: beside a database of `sqlite:`, as `hinny.db-decisions`, else in the
        /// working directory, as `hinny-decisions`. Each host has its own. It can be
        /// deleted at any time.
        directory: Option<PathBuf> = None,
        /// How much is kept, in MiB; the oldest makes room. A task takes some 10 bytes. 0: nothing is
        /// recorded.
        size_max_mb (0..=1_048_576): u32 = 256,
        /// How many of a hundred batches are recorded, of those with up to 1,000 tasks: what is
        /// pushed.
        sample_percent (0..=100): u32 = 100,
        /// The same for larger ones: parts of a new order of everything queued.
        sample_large_percent (0..=100): u32 = 10,
    }
}

foreign_section! {
    /// What each plugin may use. Deadlines count the time in which the plugin runs; waiting for a
    /// thread or for the database is not billed to it.
    Limits, ranges: limit_range, {
        /// Largest component that may be uploaded, in MiB. Plugins with a language runtime need 2
        /// to 20.
        component_mb: u32,
        /// Most memory of one instance, in MiB.
        memory_mb: u32,
        /// Stack of one call, in KiB.
        stack_kb: u32,
        /// Most elements of one table of an instance (function pointers).
        table_elements: u32,
        /// Most instances at one time, per world.
        instances: u32,
        /// Longest start of an instance, `configure` included, in milliseconds.
        configure_ms: u32,
        /// Longest `describe`, in milliseconds.
        describe_ms: u32,
        /// Longest `rank` of one batch, in milliseconds.
        rank_ms: u32,
        /// Longest `explain` of one batch, in milliseconds.
        explain_ms: u32,
        /// Longest `admit` of one list of drafts, in milliseconds.
        admit_ms: u32,
        /// Longest `handle` of one trigger, in milliseconds.
        handle_ms: u32,
        /// Longest call of a scheduler plugin by the clock on the wall, waiting for the database
        /// and for services included, in milliseconds.
        call_timeout_ms: u32,
        /// Most tasks of one batch; the host cuts longer ones.
        batch_tasks: u32,
        /// Most that one call may answer, or hand to the host in one import, in MiB.
        answer_mb: u32,
        /// Longest text for people (an error, a reason, a label), in bytes; the rest is cut.
        text_bytes: u32,
        /// Most terms in the explanation of one task.
        explanation_terms: u32,
        /// Most commands in the answer to one trigger.
        commands: u32,
        /// Most triggers that a scheduler plugin may ask for.
        interests: u32,
        /// Longest log line, in bytes; the rest is cut.
        log_line_bytes: u32,
        /// Most log lines of one call; the rest is only counted.
        log_lines: u32,
        /// Most calls of one scheduler plugin at one time.
        scheduler_calls: u32,
        /// Threads for ranker calls; 0: one more than there are cores.
        ranker_threads: u32,
        /// Most verifications at one time.
        verifications: u32,
        /// Most uploads that wait for their verification.
        verifications_waiting: u32,
        /// Longest verification, in seconds.
        verify_seconds: u32,
        /// Most compiled code kept in the cache folder, in MiB.
        cache_mb: u32,
    }
}

kind! {
    Limits: "a table",
    DecisionsConfig: "a table",
}

fn limit_range(name: &str) -> Option<RangeInclusive<u64>> {
    let ranges = Limits::default().ranges();
    let (_, _, range) = ranges.into_iter().find(|(known, ..)| *known == name)?;
    Some(u64::from(*range.start())..=u64::from(*range.end()))
}

impl PluginsConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.decisions.check_ranges("plugins.decisions")?;
        let values = self.limits.ranges().map(|(name, value, _)| (name, u64::from(value)));
        section::check_ranges::<Limits>("plugins.limits", &values)
    }
}

impl DecisionsConfig {
    /// How decisions are recorded beside a database; `None`: they are not.
    pub(crate) fn beside(
        &self,
        database: &DatabaseConfig,
    ) -> Option<hinny_plugins::DecisionsConfig> {
        let beside = || match database.place() {
            Ok(DatabasePlace::Sqlite(file)) => PathBuf::from(format!("{file}-decisions")),
            _ => PathBuf::from("hinny-decisions"),
        };
        (self.size_max_mb > 0).then(|| hinny_plugins::DecisionsConfig {
            folder: self.directory.clone().unwrap_or_else(beside),
            size_max_mb: self.size_max_mb,
            sample_percent: self.sample_percent,
            sample_large_percent: self.sample_large_percent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_recorded_beside_the_database_unless_a_folder_is_named() {
        let folder = |decisions: &DecisionsConfig, url: &str| {
            let database = DatabaseConfig { url: url.to_owned(), ..DatabaseConfig::default() };
            decisions.beside(&database).map(|decisions| decisions.folder)
        };
        let default = DecisionsConfig::default();
        let sqlite = "sqlite:///var/lib/hinny/hinny.db";
        assert_eq!(folder(&default, sqlite), Some("/var/lib/hinny/hinny.db-decisions".into()));
        assert_eq!(folder(&default, "postgres://h/db"), Some("hinny-decisions".into()));
        let named = DecisionsConfig { directory: Some("/srv/x".into()), ..default.clone() };
        assert_eq!(folder(&named, sqlite), Some("/srv/x".into()));
        assert_eq!(folder(&DecisionsConfig { size_max_mb: 0, ..named }, sqlite), None);
    }
}
