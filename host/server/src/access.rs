//! Who may use the API, decided at start.

use crate::config::{AccessRule, ApiConfig};

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Everyone, since only this machine reaches the address.
    Machine,
    /// Everyone who reaches the address, as the configuration says in so many words.
    Everyone,
    /// Those with a token.
    Tokens,
}

/// A start that is refused, since it would hand the host to strangers, or lock everyone out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// An address that others reach, and no tokens.
    #[error(
        "refusing to listen on {listen}: others can reach this address, and without tokens each of them could push, pop and replace plugins; \
         hint: listen on 127.0.0.1, or make a token with `hinny token new NAME --role operator` and add what it prints to the configuration, \
         or, on a private network, set `api.access = \"open\"`"
    )]
    Exposed {
        /// The address.
        listen: std::net::SocketAddr,
    },
    /// Tokens are asked for, and there is none.
    #[error(
        "`api.access` is `tokens`, but no token is configured, so nobody could use the API; \
         hint: make one with `hinny token new NAME --role operator` and add what it prints to the configuration"
    )]
    NoTokens,
}

/// Decides who may use the API.
pub fn admission(api: &ApiConfig) -> Result<Admission, AccessRefusal> {
    match api.access {
        AccessRule::Open => Ok(Admission::Everyone),
        AccessRule::Loopback | AccessRule::Tokens if !api.tokens.is_empty() => {
            Ok(Admission::Tokens)
        }
        AccessRule::Tokens => Err(AccessRefusal::NoTokens),
        AccessRule::Loopback if api.listen.ip().to_canonical().is_loopback() => {
            Ok(Admission::Machine)
        }
        AccessRule::Loopback => Err(AccessRefusal::Exposed { listen: api.listen }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Role, TokenConfig};

    fn api(listen: &str, access: AccessRule, tokens: usize) -> ApiConfig {
        let token =
            TokenConfig { name: "ci".to_owned(), role: Role::Operator, sha256: "0".repeat(64) };
        ApiConfig {
            listen: listen.parse().unwrap(),
            access,
            tokens: vec![token; tokens],
            ..ApiConfig::default()
        }
    }

    #[test]
    fn only_this_machine_gets_in_without_a_token() {
        for loopback in ["127.0.0.1:8080", "127.8.0.1:80", "[::1]:8080", "[::ffff:127.0.0.1]:1"] {
            let decided = admission(&api(loopback, AccessRule::Loopback, 0));
            assert_eq!(decided, Ok(Admission::Machine), "{loopback}");
        }
        for reachable in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let decided = admission(&api(reachable, AccessRule::Loopback, 0));
            assert!(matches!(decided, Err(AccessRefusal::Exposed { .. })), "{reachable}");
        }
    }

    #[test]
    fn listed_tokens_are_asked_for_on_every_address() {
        for listen in ["127.0.0.1:8080", "0.0.0.0:8080"] {
            for access in [AccessRule::Loopback, AccessRule::Tokens] {
                assert_eq!(admission(&api(listen, access, 1)), Ok(Admission::Tokens));
            }
        }
        assert_eq!(
            admission(&api("127.0.0.1:1", AccessRule::Tokens, 0)),
            Err(AccessRefusal::NoTokens)
        );
    }

    #[test]
    fn open_is_only_open_when_it_is_written() {
        assert_eq!(admission(&api("0.0.0.0:1", AccessRule::Open, 0)), Ok(Admission::Everyone));
        assert_eq!(ApiConfig::default().access, AccessRule::Loopback);
    }

    #[test]
    fn a_refusal_says_how_to_mend_it() {
        insta::assert_snapshot!(admission(&api("0.0.0.0:8080", AccessRule::Loopback, 0)).unwrap_err(), @r#"refusing to listen on 0.0.0.0:8080: others can reach this address, and without tokens each of them could push, pop and replace plugins; hint: listen on 127.0.0.1, or make a token with `hinny token new NAME --role operator` and add what it prints to the configuration, or, on a private network, set `api.access = "open"`"#);
        insta::assert_snapshot!(admission(&api("127.0.0.1:1", AccessRule::Tokens, 0)).unwrap_err(), @"`api.access` is `tokens`, but no token is configured, so nobody could use the API; hint: make one with `hinny token new NAME --role operator` and add what it prints to the configuration");
    }
}
