//! `[[connectors]]`: services that plugins may ask by name.

use std::time::Duration;

use hinny_connectors::{Auth, Breaking, Caching, HttpConnectors, LoginFlow, LoginFormat, Retrying};
use serde::{Deserialize, Serialize};

use super::{
    ConfigError,
    section::{Kind, kind, section},
};

/// Longest name of a service, in bytes.
const NAME_BYTES_MAX: usize = 64;

section! {
    /// A service that scheduler plugins may ask by its name, where `plugin_grants.connector` of the
    /// scheduler has it. Write one `[[connectors]]` for each.
    pub struct ConnectorConfig {
        /// Its name: letters, digits, `-`, `_` and `.`.
        name (required): String = "service".to_owned(),
        /// Its address, such as `https://store.example/api`. The paths that plugins ask for are
        /// put behind it.
        url (required): String = "http://localhost".to_owned(),
        /// How hinny shows who it is. `none`: not at all. `bearer`: with `token`. `basic`: with
        /// `username` and `password`. `login`: with a token that the service gives for `username`
        /// and `password`; see the keys that begin with `login_`.
        auth: AuthKind = AuthKind::None,
        /// The token of `bearer`.
        token: String = String::new(),
        /// The name of `basic` and `login`.
        username: String = String::new(),
        /// The password of `basic` and `login`.
        password: String = String::new(),
        /// Where `login` posts name and password.
        login_path: String = "/token".to_owned(),
        /// How `login` posts them, as `username` and `password`: as a `form`, or as `json`.
        login_format: LoginKind = LoginKind::Form,
        /// Where the token is in the answer, as a JSON pointer.
        login_token: String = "/access_token".to_owned(),
        /// Longest time for one question, in seconds: all its tries, the log-in and the wait for a
        /// connection included. Keep it below `plugins.limits.call_timeout_ms`.
        timeout_seconds (1..=3_600): u32 = 10,
        /// Most questions on their way at one time; more wait.
        connections_max (1..=10_000): u32 = 10,
        /// Tries in all when the connection fails. An answer is never asked for again, whatever its
        /// status; nor is a POST or PATCH that the service may have seen.
        attempts_max (1..=100): u32 = 5,
        /// Wait before the second try, in milliseconds: doubles with each try, and has up to as
        /// much again added at random.
        backoff_ms (1..=600_000): u32 = 250,
        /// Longest such wait, in milliseconds.
        backoff_max_ms (1..=600_000): u32 = 5_000,
        /// Failed questions in a row after which the service is left alone; 0: never. What fails is
        /// a question without an answer, or with 502, 503 or 504.
        breaker_failures (0..=1_000_000): u32 = 10,
        /// How long it is left alone, in seconds; then one question finds out whether it works.
        breaker_rest_seconds (1..=86_400): u32 = 10,
        /// How long answers to GET with status 200 are kept, in seconds; 0: not at all.
        cache_seconds (0..=86_400): u32 = 0,
        /// Most that is kept, in MiB.
        cache_mb (1..=65_536): u32 = 16,
        /// Longest answer, in bytes.
        answer_bytes_max (1..=1_073_741_824): u64 = 16 * 1024 * 1024,
        /// What to GET to learn whether it is well: it must answer 2xx, and, where that is JSON
        /// with a member `healthy`, `true`. Empty: it is well when it can be reached.
        health_path: String = String::new(),
    }
}

/// How hinny shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthKind {
    /// Not at all.
    None,
    /// With a token.
    Bearer,
    /// With a name and a password.
    Basic,
    /// With a token that the service gives for a name and a password.
    Login,
}

/// How name and password are posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginKind {
    /// As a form.
    Form,
    /// As JSON.
    Json,
}

impl Kind for AuthKind {
    const KIND: &'static str = "`none`, `bearer`, `basic` or `login`";
}

impl Kind for LoginKind {
    const KIND: &'static str = "`form` or `json`";
}

kind! {
    Vec<ConnectorConfig>: "a list of tables",
}

impl ConnectorConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self, place: usize) -> Result<(), ConfigError> {
        let key = |name: &str| format!("connectors[{place}].{name}");
        self.check_ranges(&format!("connectors[{place}]"))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        ConfigError::unless(
            (1..=NAME_BYTES_MAX).contains(&self.name.len()) && self.name.bytes().all(plain),
            &key("name"),
            self.name.escape_debug(),
            || {
                (
                    "it is not a name of 1 to 64 letters, digits, `-`, `_` and `.`",
                    "choose one such as `store`",
                )
            },
        )?;
        HttpConnectors::check_address(&self.url).map_err(|why| {
            // An address may have a password in it: it is not shown.
            ConfigError::invalid(
                &key("url"),
                "***",
                why,
                "write one such as `https://store.example/api`",
            )
        })?;
        ConfigError::unless(
            self.backoff_ms <= self.backoff_max_ms,
            &key("backoff_ms"),
            self.backoff_ms,
            || ("it is more than `backoff_max_ms`", "lower it, or raise the longest wait"),
        )?;
        self.validate_auth(&key)?;
        let path = |name: &str, value: &str| {
            ConfigError::unless(value.starts_with('/'), &key(name), value, || {
                ("it does not begin with `/`", "write a path below `url`")
            })
        };
        if !self.health_path.is_empty() {
            path("health_path", &self.health_path)?;
        }
        if self.auth == AuthKind::Login {
            path("login_path", &self.login_path)?;
            path("login_token", &self.login_token)?;
        }
        Ok(())
    }

    fn validate_auth(&self, key: &impl Fn(&str) -> String) -> Result<(), ConfigError> {
        let wants_name = matches!(self.auth, AuthKind::Basic | AuthKind::Login);
        for (name, value, wanted) in [
            ("token", &self.token, self.auth == AuthKind::Bearer),
            ("username", &self.username, wants_name),
            ("password", &self.password, wants_name),
        ] {
            let shown = if value.is_empty() { "" } else { "***" };
            ConfigError::unless(value.is_empty() != wanted, &key(name), shown, || {
                if wanted {
                    ("it is empty, and `auth` needs it", "write it, or choose another `auth`")
                } else {
                    ("`auth` has no use for it", "leave it out, or choose another `auth`")
                }
            })?;
        }
        Ok(())
    }

    /// As the connectors want it.
    pub fn service(&self) -> hinny_connectors::ServiceConfig {
        let millis = |count: u32| Duration::from_millis(u64::from(count));
        let seconds = |count: u32| Duration::from_secs(u64::from(count));
        hinny_connectors::ServiceConfig {
            name: self.name.clone(),
            url: self.url.clone(),
            auth: self.auth(),
            timeout: seconds(self.timeout_seconds),
            connections_max: self.connections_max as usize,
            retrying: Retrying {
                attempts_max: self.attempts_max,
                first: millis(self.backoff_ms),
                longest: millis(self.backoff_max_ms),
            },
            breaking: Breaking {
                failures_max: self.breaker_failures,
                rest: seconds(self.breaker_rest_seconds),
            },
            caching: (self.cache_seconds > 0).then(|| Caching {
                keep: seconds(self.cache_seconds),
                bytes_max: u64::from(self.cache_mb) << 20,
            }),
            answer_bytes_max: self.answer_bytes_max,
            health_path: Some(self.health_path.clone()).filter(|path| !path.is_empty()),
        }
    }

    fn auth(&self) -> Auth {
        let (username, password) = (self.username.clone(), self.password.clone());
        match self.auth {
            AuthKind::None => Auth::Open,
            AuthKind::Bearer => Auth::Bearer(self.token.clone()),
            AuthKind::Basic => Auth::Basic { username, password },
            AuthKind::Login => Auth::Login(LoginFlow {
                path: self.login_path.clone(),
                format: match self.login_format {
                    LoginKind::Form => LoginFormat::Form,
                    LoginKind::Json => LoginFormat::Json,
                },
                username,
                password,
                token: self.login_token.clone(),
            }),
        }
    }
}
