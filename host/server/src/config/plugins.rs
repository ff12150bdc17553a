//! `[plugins]`: how plugins are run, and within which limits.

use std::{ops::RangeInclusive, path::PathBuf};

use hinny_core::plugin::Slot;
use hinny_plugins::{Limits, PublicKey, TrustedKey};

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
        /// A folder to look into every two seconds: `NAME.wasm` in it is uploaded, with the signature in
        /// `NAME.wasm.sig`, and activated as `NAME.toml` says: `slot = "jobs/ranker"`, and, if it is to
        /// be tried first, `rollout = "shadow"` or `"canary 5%"`; a table `settings` has its settings.
        /// What a person decided later counts more. Without a folder, none is watched.
        folder: Option<PathBuf> = None,
        /// What rankers decided, see below.
        decisions: DecisionsConfig = DecisionsConfig::default(),
        /// Whose plugins may run, see below. With any key, a plugin that none of them signed is
        /// kept, and does not become active anywhere.
        trusted_keys: Vec<TrustedKeyConfig> = Vec::new(),
        /// The limits, see below.
        limits: Limits = Limits::default(),
    }
}

section! {
    /// A key whose signatures count. `hinny plugin keygen` makes one; so does
    /// `openssl genpkey -algorithm ed25519`.
    pub struct TrustedKeyConfig {
        /// Whose it is: shown in logs, and with each signature.
        name (required): String = String::new(),
        /// The public key in PEM, or a file with it.
        key (required): String = String::new(),
        /// The slots for which it may sign, such as `jobs/ranker`; without any, all.
        slots: Vec<String> = Vec::new(),
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
    Vec<TrustedKeyConfig>: "a list of tables",
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
        for (place, key) in self.trusted_keys.iter().enumerate() {
            key.validate(place)?;
        }
        let values = self.limits.ranges().map(|(name, value, _)| (name, u64::from(value)));
        section::check_ranges::<Limits>("plugins.limits", &values)
    }
}

impl PluginsConfig {
    /// The keys whose signatures count; those in files are read now.
    pub(crate) fn read_trusted_keys(&self) -> Result<Vec<TrustedKey>, ConfigError> {
        self.each_trusted_key().into_iter().collect()
    }

    /// The same, each with what is wrong with it.
    pub(crate) fn each_trusted_key(&self) -> Vec<Result<TrustedKey, ConfigError>> {
        let mut keys: Vec<Result<TrustedKey, _>> = Vec::new();
        for (place, config) in self.trusted_keys.iter().enumerate() {
            let before: Vec<_> = keys.iter().flatten().collect();
            let key = config.read(place);
            let key = key.and_then(|key| is_new(&key, place, &before).map(|()| key));
            keys.push(key);
        }
        keys
    }
}

/// Checks that a key is none of those before it.
fn is_new(key: &TrustedKey, place: usize, before: &[&TrustedKey]) -> Result<(), ConfigError> {
    let at = |name: &str| format!("plugins.trusted_keys[{place}].{name}");
    ConfigError::unless(
        before.iter().all(|other| other.name != key.name),
        &at("name"),
        &key.name,
        || ("another key has that name", "give each key its own, logs show it"),
    )?;
    ConfigError::unless(
        before.iter().all(|other| other.key != key.key),
        &at("key"),
        key.key.fingerprint(),
        || ("the key is there twice", "write it once, with the slots of both"),
    )
}

impl TrustedKeyConfig {
    /// Checks what can be checked without reading a file.
    fn validate(&self, place: usize) -> Result<(), ConfigError> {
        let at = |name: &str| format!("plugins.trusted_keys[{place}].{name}");
        ConfigError::unless(!self.name.is_empty(), &at("name"), &self.name, || {
            ("it is empty", "write whose key it is")
        })?;
        ConfigError::unless(!self.key.is_empty(), &at("key"), &self.key, || {
            ("it is empty", "write the public key in PEM, or a file with it")
        })?;
        self.slots(place)?;
        Ok(())
    }

    fn read(&self, place: usize) -> Result<TrustedKey, ConfigError> {
        let at = format!("plugins.trusted_keys[{place}].key");
        let slots = self.slots(place)?;
        let pem = if self.key.contains("-----BEGIN") {
            self.key.clone()
        } else {
            std::fs::read_to_string(&self.key).map_err(|error| {
                let hint = "write the public key in PEM, or a file with it; relative paths count from the working directory";
                ConfigError::invalid(&at, &self.key, format!("the file cannot be read: {error}"), hint)
            })?
        };
        // A key that was pasted where another belongs is not shown.
        let shown = if self.key.contains("-----BEGIN") { "***" } else { &self.key };
        let key = PublicKey::from_pem(&pem).map_err(|error| {
            let text = error.to_string();
            let (why, hint) = text.split_once("; hint: ").unwrap_or((&text, ""));
            ConfigError::invalid(&at, shown, why, hint)
        })?;
        Ok(TrustedKey { name: self.name.clone(), key, slots })
    }

    fn slots(&self, place: usize) -> Result<Vec<Slot>, ConfigError> {
        let key = format!("plugins.trusted_keys[{place}].slots");
        let slot = |slot: &String| {
            let hint = "correct it, or leave `slots` out for all of them";
            slot.parse().map_err(|error| ConfigError::invalid(&key, slot, error, hint))
        };
        self.slots.iter().map(slot).collect()
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

    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA0SZgIaQofzplTkJKgm5Uvzj0mIjRtW2uN9saiTluGwg=\n-----END PUBLIC KEY-----\n";

    fn trusting(keys: &[(&str, &str, &str)]) -> PluginsConfig {
        let key = |(name, key, slot): &(&str, &str, &str)| TrustedKeyConfig {
            name: (*name).to_owned(),
            key: (*key).to_owned(),
            slots: slot.split_terminator(',').map(str::to_owned).collect(),
        };
        PluginsConfig { trusted_keys: keys.iter().map(key).collect(), ..PluginsConfig::default() }
    }

    #[test]
    fn a_trusted_key_is_written_in_place_or_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("release.pub.pem");
        std::fs::write(&file, KEY).unwrap();
        let file = file.display().to_string();
        for key in [KEY, &file] {
            let config = trusting(&[("release", key, "jobs/ranker")]);
            config.validate().unwrap();
            let keys = config.read_trusted_keys().unwrap();
            assert_eq!(keys[0].key.to_pem(), KEY);
            assert_eq!(keys[0].slots[0].to_string(), "jobs/ranker");
        }
    }

    #[test]
    fn keys_that_cannot_be_trusted_are_refused() {
        let refused = |keys: &[(&str, &str, &str)]| {
            let config = trusting(keys);
            let checked = config.validate().and_then(|()| config.read_trusted_keys());
            checked.unwrap_err().to_string()
        };
        let secret = KEY.replace("PUBLIC", "PRIVATE");
        insta::assert_snapshot!(refused(&[("", KEY, "")]), @"`plugins.trusted_keys[0].name` is ``: it is empty; hint: write whose key it is");
        insta::assert_snapshot!(refused(&[("a", "", "")]), @"`plugins.trusted_keys[0].key` is ``: it is empty; hint: write the public key in PEM, or a file with it");
        insta::assert_snapshot!(refused(&[("a", "no/such.pem", "")]), @"`plugins.trusted_keys[0].key` is `no/such.pem`: the file cannot be read: No such file or directory (os error 2); hint: write the public key in PEM, or a file with it; relative paths count from the working directory");
        insta::assert_snapshot!(refused(&[("a", &secret, "")]), @"`plugins.trusted_keys[0].key` is `***`: it is a secret key, where the public one belongs; hint: `openssl pkey -in KEY -pubout` writes that; keep the secret one where plugins are signed, and nowhere else");
        insta::assert_snapshot!(refused(&[("a", KEY, "jobs")]), @"`plugins.trusted_keys[0].slots` is `jobs`: `jobs` is not a slot, expected a scheduler and `ranker` or `scheduler`, such as `jobs/ranker`; hint: correct it, or leave `slots` out for all of them");
        insta::assert_snapshot!(refused(&[("a", KEY, ""), ("b", KEY, "")]), @"`plugins.trusted_keys[1].key` is `sha256:7e8e2415820f2670954820e89dbca3c5c2ae7a23b5c2ac67c8cdd2173eaeca23`: the key is there twice; hint: write it once, with the slots of both");
        insta::assert_snapshot!(refused(&[("a", KEY, ""), ("a", KEY, "")]), @"`plugins.trusted_keys[1].name` is `a`: another key has that name; hint: give each key its own, logs show it");
    }

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
