//! Who may call what.
//!
//! A token has one role. Roles are not a ladder: a worker's token is on many machines, so it opens
//! as little as a worker needs; what changes the rules (plugins) is apart from what works under
//! them.
//!
//! | role | may |
//! |---|---|
//! | worker | pop, report on tasks and push them back, read tasks by id |
//! | producer | push tasks and messages, read |
//! | operator | everything but upload and activate plugins; rolling back is not activating |
//! | publisher | upload, check, activate and roll back plugins, read plugins and slots |
//!
//! [`table`] says it route by route. How a worker's own tasks differ from those of others is left
//! to the ids: a worker reads a task whose id it knows, and no lists.

pub(crate) mod table;

use std::{fmt, str::FromStr, sync::Arc};

use axum::http::{HeaderMap, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::ApiError;
use table::Allowed;

/// Who may call what.
#[derive(Debug, Clone)]
pub enum Access {
    /// Everyone may call everything: for loopback and private networks.
    Open,
    /// Whoever shows one of these tokens, as far as its role goes.
    Tokens(Arc<[AccessToken]>),
}

/// A token that is accepted. The token itself is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// Its name, for logs and for `by` fields.
    pub name: Arc<str>,
    /// What it may.
    pub role: Role,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
}

/// What a token may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Pops tasks and reports on them.
    Worker,
    /// Pushes tasks and messages, reads.
    Producer,
    /// Everything but what publishers do.
    Operator,
    /// Brings plugins in.
    Publisher,
}

/// Who sent a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Name of the token; `anonymous` where access is open.
    pub name: Arc<str>,
    /// Role of the token; none where access is open.
    pub role: Option<Role>,
}

/// Text that is not the hash of a token, or not a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Not a hash.
    #[error(
        "token `{name}` has `sha256 = {shown}`, expected 64 hex digits; hint: `hinny token new` prints them"
    )]
    Hash {
        /// Name of the token.
        name: String,
        /// What was there.
        shown: String,
    },
    /// Not a role.
    #[error("`{0}` is not a role, expected one of worker, producer, operator, publisher")]
    Role(String),
}

impl Access {
    /// Who sends a request, if a route is open to them.
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        allowed: Allowed,
        route: impl fmt::Display,
    ) -> Result<Caller, ApiError> {
        let Self::Tokens(tokens) = self else { return Ok(Caller::anonymous()) };
        if allowed == Allowed::Everyone {
            return Ok(Caller::anonymous());
        }
        let shown = bearer(headers)?;
        let token = find(tokens, shown).ok_or(ApiError::Unauthenticated {
            reason: "the token is not one of the configured ones; hint: check it for typing errors, \
                     or add its hash to the configuration",
        })?;
        if allowed.includes(token.role) {
            return Ok(Caller { name: Arc::clone(&token.name), role: Some(token.role) });
        }
        Err(ApiError::Forbidden(format!(
            "token `{}` has role {}, {route} needs {allowed}; hint: use a token with that role",
            token.name, token.role
        )))
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing = ApiError::Unauthenticated {
        reason: "no token; hint: send the header `Authorization: Bearer TOKEN`",
    };
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Err(missing) };
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Err(missing);
    };
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing) }
}

/// Compares with every token, each in constant time, so that the time taken says nothing.
fn find<'a>(tokens: &'a [AccessToken], shown: &str) -> Option<&'a AccessToken> {
    let hash = Sha256::digest(shown.as_bytes());
    let mut found = None;
    for token in tokens {
        if bool::from(token.sha256.as_slice().ct_eq(hash.as_slice())) {
            found = Some(token);
        }
    }
    found
}

impl AccessToken {
    /// A token by the hash of it, as the configuration has it: 64 hex digits.
    pub fn from_hash(name: &str, role: Role, sha256: &str) -> Result<Self, InvalidToken> {
        let invalid = || InvalidToken::Hash {
            name: name.to_owned(),
            shown: sha256.escape_default().take(80).collect(),
        };
        if sha256.len() != 64 || !sha256.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let pair = sha256.get(at..at + 2).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| invalid())?;
        }
        Ok(Self { name: name.into(), role, sha256: bytes })
    }

    /// A token by itself.
    pub fn from_secret(name: &str, role: Role, secret: &str) -> Self {
        Self { name: name.into(), role, sha256: Sha256::digest(secret.as_bytes()).into() }
    }
}

/// Without the hash: who has it can try secrets against it at home.
impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Caller {
    /// Where nobody has to say who they are.
    pub(crate) fn anonymous() -> Self {
        static NAME: std::sync::LazyLock<Arc<str>> =
            std::sync::LazyLock::new(|| Arc::from("anonymous"));
        Self { name: Arc::clone(&NAME), role: None }
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Worker, Self::Producer, Self::Operator, Self::Publisher];

    /// The name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Producer => "producer",
            Self::Operator => "operator",
            Self::Publisher => "publisher",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| InvalidToken::Role(text.escape_default().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Access {
        Access::Tokens(
            Role::ALL
                .map(|role| AccessToken::from_secret(role.as_str(), role, role.as_str()))
                .into(),
        )
    }

    fn shown(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    fn refusal(headers: &HeaderMap, allowed: Allowed) -> String {
        tokens().admit(headers, allowed, "POST /plugins").unwrap_err().to_string()
    }

    const PUBLISHERS: Allowed = Allowed::Roles(&[Role::Publisher]);

    #[test]
    fn a_token_opens_what_its_role_may_and_names_its_owner() {
        let caller = tokens().admit(&shown("bearer publisher"), PUBLISHERS, "").unwrap();
        assert_eq!((&*caller.name, caller.role), ("publisher", Some(Role::Publisher)));
    }

    #[test]
    fn whoever_is_refused_learns_why_and_what_to_do() {
        assert_eq!(
            refusal(&HeaderMap::new(), PUBLISHERS),
            "Not authenticated: no token; hint: send the header `Authorization: Bearer TOKEN`"
        );
        assert_eq!(
            refusal(&shown("Basic publisher"), PUBLISHERS),
            refusal(&HeaderMap::new(), PUBLISHERS)
        );
        assert!(
            refusal(&shown("Bearer guess"), PUBLISHERS)
                .starts_with("Not authenticated: the token is not")
        );
        assert_eq!(
            refusal(&shown("Bearer worker"), PUBLISHERS),
            "Forbidden: token `worker` has role worker, POST /plugins needs publisher; hint: use a token with that role"
        );
    }

    #[test]
    fn open_access_asks_nobody() {
        let caller = Access::Open.admit(&HeaderMap::new(), PUBLISHERS, "").unwrap();
        assert_eq!((&*caller.name, caller.role), ("anonymous", None));
    }

    #[test]
    fn a_hash_from_the_configuration_is_the_hash_of_the_secret() {
        let hash = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
        let token = AccessToken::from_hash("ci", Role::Producer, hash).unwrap();
        assert_eq!(token, AccessToken::from_secret("ci", Role::Producer, "hello world"));
        assert!(!format!("{token:?}").contains("b9"));
        assert_eq!(
            AccessToken::from_hash("ci", Role::Producer, "b94d").unwrap_err().to_string(),
            "token `ci` has `sha256 = b94d`, expected 64 hex digits; hint: `hinny token new` prints them"
        );
    }
}
