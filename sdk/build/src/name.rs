//! The name of a new plugin.

use std::{fmt, str::FromStr};

use anyhow::{Result, bail};

/// Most bytes of a name, as in the contract of plugins.
const BYTES_MAX: usize = 64;

/// What the compiler keeps for itself.
const RESERVED: [&str; 8] =
    ["alloc", "build", "core", "deps", "examples", "proc-macro", "std", "test"];

/// A name that is good for a plugin, a package and a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginName(String);

impl PluginName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses the name of a package that the guests are built with, going by their lock file: two
    /// of one name cannot be told apart.
    pub fn check_free(&self, lock: &str) -> Result<()> {
        let line = format!("name = \"{}\"", self.0);
        if lock.lines().any(|found| found == line) {
            bail!("there is a package `{}` already; hint: choose another name", self.0);
        }
        Ok(())
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PluginName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let is_letter = |c: char| c.is_ascii_lowercase();
        let is_fine = |c: char| is_letter(c) || c.is_ascii_digit() || c == '-';
        let good = name.starts_with(is_letter)
            && name.chars().all(is_fine)
            && !name.ends_with('-')
            && !name.contains("--");
        if !good {
            return Err("expected lower case letters, digits and single hyphens between them, a \
                        letter first: `rank-mine`"
                .to_owned());
        }
        if name.len() > BYTES_MAX {
            return Err(format!("it has {} bytes, at most {BYTES_MAX} are allowed", name.len()));
        }
        if RESERVED.contains(&name) || is_keyword(name) {
            return Err(format!("Rust keeps `{name}` for itself; hint: `rank-{name}`"));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Whether it is a word of the language: a crate cannot be called so.
fn is_keyword(name: &str) -> bool {
    const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn \
                            else enum extern false final fn for gen if impl in let loop macro match \
                            mod move mut override priv pub ref return self static struct super \
                            trait true try type typeof unsafe unsized use virtual where while yield";
    KEYWORDS.split_whitespace().any(|keyword| keyword == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_names_are_taken_and_others_are_told_what_is_wrong() {
        for good in ["a", "rank-mine", "x25519-scans"] {
            assert_eq!(good.parse::<PluginName>().unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", "expected lower case"),
            ("Mine", "expected lower case"),
            ("9-lives", "a letter first"),
            ("my_plugin", "single hyphens"),
            ("mine-", "single hyphens"),
            ("a--b", "single hyphens"),
            ("../mine", "expected lower case"),
            ("test", "Rust keeps `test` for itself; hint: `rank-test`"),
            ("match", "Rust keeps `match` for itself"),
            (&"a".repeat(65), "it has 65 bytes, at most 64"),
        ] {
            let refused = bad.parse::<PluginName>().unwrap_err();
            assert!(refused.contains(why), "{bad}: {refused}");
        }
    }

    #[test]
    fn the_name_of_a_package_that_is_there_is_refused() {
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\n";
        let check = |name: &str| name.parse::<PluginName>().unwrap().check_free(lock);
        assert!(check("serde").unwrap_err().to_string().contains("`serde` already"));
        assert!(check("serde-two").is_ok());
    }
}
