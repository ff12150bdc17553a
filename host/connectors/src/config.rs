//! How a service is asked.

use std::{fmt, time::Duration};

/// How a service is asked.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Its name.
    pub name: String,
    /// Its address: `http` or `https`, without query; paths are put behind it.
    pub url: String,
    /// How hinny shows who it is.
    pub auth: Auth,
    /// Longest time for one question, with all its tries and the wait for a connection.
    pub timeout: Duration,
    /// Most questions on their way at one time.
    pub connections_max: usize,
    /// What happens after a network error.
    pub retrying: Retrying,
    /// When it is given a rest.
    pub breaking: Breaking,
    /// Whether answers are kept.
    pub caching: Option<Caching>,
    /// Longest answer, in bytes.
    pub answer_bytes_max: u64,
    /// What to ask to learn whether it is well; without, only whether it can be reached.
    pub health_path: Option<String>,
}

/// What happens after a network error. An answer, whatever its status, is never asked for again.
#[derive(Debug, Clone, Copy)]
pub struct Retrying {
    /// Tries in all.
    pub attempts_max: u32,
    /// Wait before the second try; doubles with each, and has up to as much again added at random.
    pub first: Duration,
    /// Longest such wait.
    pub longest: Duration,
}

/// When a service is given a rest.
#[derive(Debug, Clone, Copy)]
pub struct Breaking {
    /// Failed questions in a row after which it is left alone; 0: never.
    pub failures_max: u32,
    /// How long; then one question tries whether it works again.
    pub rest: Duration,
}

/// How answers are kept: of GET with status 200 only.
#[derive(Debug, Clone, Copy)]
pub struct Caching {
    /// For how long.
    pub keep: Duration,
    /// How many bytes in all.
    pub bytes_max: u64,
}

/// How hinny shows who it is.
#[derive(Clone)]
pub enum Auth {
    /// Not at all.
    Open,
    /// With a token.
    Bearer(String),
    /// With a name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// With a token that the service gives for a name and a password.
    Login(LoginFlow),
}

/// How to get a token.
#[derive(Clone)]
pub struct LoginFlow {
    /// Where to post name and password.
    pub path: String,
    /// How.
    pub format: LoginFormat,
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
    /// Where in the answer the token is, as a JSON pointer.
    pub token: String,
}

/// How name and password are sent, as `username` and `password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFormat {
    /// As a form.
    Form,
    /// As JSON.
    Json,
}

// By hand: secrets stay out of logs.
impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Bearer(_) => "Bearer(***)",
            Self::Basic { .. } => "Basic(***)",
            Self::Login(_) => "Login(***)",
        })
    }
}

impl fmt::Debug for LoginFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginFlow").field("path", &self.path).finish_non_exhaustive()
    }
}
