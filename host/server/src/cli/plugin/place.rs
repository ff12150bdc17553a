//! Where a plugin is pushed to: a host, or a place in a registry.

use std::str::FromStr;

use reqwest::Url;

use crate::cli::oci::OciRef;

/// Where a plugin is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A running host, by the address of its API.
    Host(Url),
    /// A place in a registry.
    Registry(OciRef),
}

/// Both forms, for people.
const EXPECTED: &str = "expected `http://HOST:PORT` (or `https://…`) for a host, or `oci://REGISTRY/REPOSITORY:TAG` for a registry";

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            Some(("oci", _)) => text.parse().map(Self::Registry),
            Some(("http" | "https", _)) => {
                text.parse().map(Self::Host).map_err(|error| format!("{error}; {EXPECTED}"))
            }
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_or_in_a_registry() {
        for text in ["http://127.0.0.1:8080/", "https://hinny.example/base"] {
            let Ok(Place::Host(url)) = text.parse() else { panic!("{text}") };
            assert_eq!(url.as_str(), text);
        }
        let text = "oci://registry.example/team/rank:1.0";
        let Ok(Place::Registry(place)) = text.parse() else { panic!("{text}") };
        assert_eq!(place.to_string(), text);
    }

    #[test]
    fn any_other_place_is_refused_with_both_forms() {
        for text in ["rank.wasm", "localhost:8080", "ftp://a/b", "http://", "https://a:99999", ""] {
            let refused = text.parse::<Place>().unwrap_err();
            assert!(refused.ends_with(EXPECTED), "{text}: {refused}");
        }
    }
}
