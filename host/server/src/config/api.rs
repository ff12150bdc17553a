//! `[api]`: where the REST API listens, and who may use it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    ConfigError,
    section::{Kind, kind, section},
};

section! {
    /// Where the REST API listens, and who may use it.
    pub struct ApiConfig {
        /// Address and port. Port 0 takes a free one.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        /// Who may use it. `loopback`: everyone on this machine, and nobody else: any other
        /// address is refused. `tokens`: those with a token. `open`: everyone who reaches it,
        /// plugin upload included; for private networks. Where tokens are listed, `loopback`
        /// means `tokens`.
        access: AccessRule = AccessRule::Loopback,
        /// The tokens, see below.
        tokens: Vec<TokenConfig> = Vec::new(),
        /// Largest body of a request, in bytes.
        body_bytes_max (1_024..=1_073_741_824): u64 = 1024 * 1024,
        /// Largest body of a batch of tasks or messages, in bytes.
        batch_bytes_max (1_024..=1_073_741_824): u64 = 16 * 1024 * 1024,
        /// Longest time in which a body may arrive, in seconds.
        body_seconds_max (1..=3_600): u64 = 60,
        /// Most tasks in one batch push.
        push_batch_max (1..=100_000): u32 = 1000,
        /// Most messages in one batch of events.
        event_batch_max (1..=100_000): u32 = 1000,
        /// Most entries on a page of a list.
        page_max (1..=100_000): u64 = 1000,
        /// Most connections at one time; more have to wait until one is closed.
        connections_max (1..=1_000_000): u32 = 4096,
        /// Labels of the metric `app_settings_info`, for dashboards that read settings there;
        /// without any it is not written.
        info_labels: Map<String, Value> = Map::new(),
        /// Longest wait of a pop, in seconds. Proxies often give up on silent requests after 60.
        pop_wait_seconds_max (0..=3_600): u64 = 60,
    }
}

section! {
    /// A token, made by `hinny token new`. Only its hash is written here.
    pub struct TokenConfig {
        /// Whose it is: shown in logs, and in the history of plugins.
        name (required): String = String::new(),
        /// What it may do. `worker`: pop, report and send heartbeats. `producer`: push, and send
        /// events. `operator`: everything but changing plugins. `publisher`: upload and activate
        /// plugins.
        role (required): Role = Role::Worker,
        /// SHA-256 of the token, as 64 hex digits.
        sha256 (required): String = String::new(),
    }
}

kind! {
    Vec<TokenConfig>: "a list of tables",
}

/// Who may use the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AccessRule {
    /// Everyone on this machine.
    Loopback,
    /// Those with a token.
    Tokens,
    /// Everyone who reaches it.
    Open,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Pop, report and send heartbeats.
    Worker,
    /// Push, and send events.
    Producer,
    /// Everything but changing plugins.
    Operator,
    /// Upload and activate plugins.
    Publisher,
}

impl From<Role> for hinny_api::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Worker => Self::Worker,
            Role::Producer => Self::Producer,
            Role::Operator => Self::Operator,
            Role::Publisher => Self::Publisher,
        }
    }
}

impl Kind for Role {
    const KIND: &'static str = "`worker`, `producer`, `operator` or `publisher`";
}

impl Kind for AccessRule {
    const KIND: &'static str = "`loopback`, `tokens` or `open`";
}

impl ApiConfig {
    /// Labels with their values as text.
    pub fn info_labels(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.info_labels.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_ranges("api")?;
        for (name, value) in &self.info_labels {
            let key = format!("api.info_labels.{name}");
            ConfigError::unless(is_label(name), &key, name, || {
                ("it cannot be the name of a label", "use letters, digits and `_`, no digit first")
            })?;
            let is_plain = !value.is_object() && !value.is_array();
            ConfigError::unless(is_plain, &key, value, || {
                ("it cannot be the value of a label", "write a text, a number, or true or false")
            })?;
        }
        let mut seen = BTreeSet::new();
        for (place, token) in self.tokens.iter().enumerate() {
            token.validate(place)?;
            let key = format!("api.tokens[{place}].name");
            ConfigError::unless(seen.insert(&token.name), &key, &token.name, || {
                ("another token has that name", "give each token its own, logs show it")
            })?;
        }
        Ok(())
    }
}

fn is_label(name: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(word) && name.starts_with(|first: char| !first.is_ascii_digit())
}

impl TokenConfig {
    fn validate(&self, place: usize) -> Result<(), ConfigError> {
        let key = |name: &str| format!("api.tokens[{place}].{name}");
        ConfigError::unless(!self.name.is_empty(), &key("name"), &self.name, || {
            ("it is empty", "write whose token it is")
        })?;
        ConfigError::unless(
            self.sha256.len() == 64 && self.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()),
            &key("sha256"),
            "***",
            || {
                (
                    "it is not 64 hex digits",
                    "write the line that `hinny token new` printed, not the token itself",
                )
            },
        )
    }
}
