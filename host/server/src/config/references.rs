//! References to environment variables in the values of the file: `${NAME}`, `${NAME:-default}`.
//!
//! They let one file serve programs that have names of their own for what hinny asks for. Names
//! are found whatever their case; an empty variable counts as one that is not set.

use std::{collections::BTreeMap, net::ToSocketAddrs as _};

use super::{ConfigError, Origin, outline};

/// The variables that values of a file came from, by the path of each.
pub(super) type Referred = BTreeMap<Vec<String>, Vec<String>>;

/// Why a text cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Flaw {
    /// It refers to a variable that is not set, without a default.
    NotSet(String),
    /// A reference has no end, or no name.
    Unclear,
}

/// A text with its references replaced.
#[derive(Debug, Default, PartialEq, Eq)]
struct Expanded {
    text: String,
    /// Whether there were any references.
    refers: bool,
    /// The variables that were set.
    used: Vec<String>,
}

/// Replaces the references of a file.
pub(super) struct References<'a> {
    pub(super) environment: &'a [(String, String)],
    /// The file, for errors.
    pub(super) file: Origin,
}

impl References<'_> {
    /// Replaces all references in a table; the answer is where variables were used.
    pub(super) fn replace(&self, table: &mut toml::Table) -> Result<Referred, ConfigError> {
        let mut referred = Referred::new();
        let mut path = Vec::new();
        self.replace_in_table(table, &mut path, &mut referred)?;
        Ok(referred)
    }

    fn replace_in_table(
        &self,
        table: &mut toml::Table,
        path: &mut Vec<String>,
        referred: &mut Referred,
    ) -> Result<(), ConfigError> {
        for (key, value) in table {
            path.push(key.clone());
            self.replace_in(value, path, referred)?;
            path.pop();
        }
        Ok(())
    }

    fn replace_in(
        &self,
        value: &mut toml::Value,
        path: &mut Vec<String>,
        referred: &mut Referred,
    ) -> Result<(), ConfigError> {
        match value {
            toml::Value::Table(table) => self.replace_in_table(table, path, referred)?,
            toml::Value::Array(list) => {
                for (place, element) in list.iter_mut().enumerate() {
                    path.push(place.to_string());
                    self.replace_in(element, path, referred)?;
                    path.pop();
                }
            }
            toml::Value::String(text) => {
                let expanded = self.expand(text).map_err(|flaw| self.refusal(path, &flaw))?;
                if !expanded.used.is_empty() {
                    referred.insert(path.clone(), expanded.used);
                }
                *value = if expanded.refers {
                    fitting(path, expanded.text)
                } else {
                    toml::Value::String(expanded.text)
                };
            }
            _ => {}
        }
        Ok(())
    }

    fn expand(&self, text: &str) -> Result<Expanded, Flaw> {
        let mut expanded = Expanded::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if let Some(before) = before.strip_suffix('$') {
                expanded.text.extend([before, "${"]);
                rest = after;
                continue;
            }
            let (inner, after) = split_at_end(after).ok_or(Flaw::Unclear)?;
            expanded.text.push_str(before);
            expanded.refers = true;
            self.resolve(inner, &mut expanded)?;
            rest = after;
        }
        expanded.text.push_str(rest);
        Ok(expanded)
    }

    /// Resolves what is between the braces.
    fn resolve(&self, inner: &str, expanded: &mut Expanded) -> Result<(), Flaw> {
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(Flaw::Unclear);
        }
        if let Some((set, value)) = self.find(name) {
            expanded.text.push_str(value);
            expanded.used.push(set.to_owned());
            return Ok(());
        }
        let default = self.expand(default.ok_or_else(|| Flaw::NotSet(name.to_owned()))?)?;
        expanded.text.push_str(&default.text);
        expanded.used.extend(default.used);
        Ok(())
    }

    /// A variable that is set, by its name in any case; the exact one first.
    fn find(&self, name: &str) -> Option<(&str, &str)> {
        let set = || self.environment.iter().filter(|(_, value)| !value.is_empty());
        set()
            .find(|(known, _)| known == name)
            .or_else(|| set().find(|(known, _)| known.eq_ignore_ascii_case(name)))
            .map(|(known, value)| (known.as_str(), value.as_str()))
    }

    fn refusal(&self, path: &[String], flaw: &Flaw) -> ConfigError {
        let (why, hint) = match flaw {
            Flaw::NotSet(name) => (
                format!("environment variable `{name}` is not set"),
                format!("set it, or write a default: `${{{name}:-…}}`"),
            ),
            Flaw::Unclear => (
                "it has a reference without end or name".to_owned(),
                "write `${NAME}` or `${NAME:-default}`; `$${` stands for `${`".to_owned(),
            ),
        };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        ConfigError::Reference {
            key: outline::display(&path),
            origin: self.file.clone(),
            why,
            hint,
        }
    }
}

/// What is before the brace that closes a reference, and what is behind it. Defaults may refer, too.
fn split_at_end(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' if text.get(..at)?.ends_with('$') => depth += 1,
            '}' if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A text as the value that its key takes: variables are always text.
fn fitting(path: &[String], text: String) -> toml::Value {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let kind = outline::kind_of(&path);
    // Settings of plugins are not described here: what reads as TOML is TOML.
    let parsed = ["a whole number", "whole ", "a number", "`true`", "a list", "a table"];
    if parsed.iter().any(|start| kind.starts_with(start)) {
        let table = toml::from_str::<toml::Table>(&format!("value = {text}"));
        let value = table.ok().filter(|table| table.len() == 1);
        let value = value.and_then(|mut table| table.remove("value"));
        return value.unwrap_or(toml::Value::String(text));
    }
    if kind.starts_with("an address") && text.parse::<std::net::SocketAddr>().is_err() {
        // Other programs take names such as `localhost`; of its addresses clients try IPv4 in any case.
        let mut found: Vec<_> = text.to_socket_addrs().map(Iterator::collect).unwrap_or_default();
        found.sort_by_key(std::net::SocketAddr::is_ipv6);
        let found = found.first();
        return toml::Value::String(found.map_or(text, ToString::to_string));
    }
    toml::Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<Expanded, Flaw> {
        let set = [("A", "one"), ("Mixed", "two"), ("mixed", "three"), ("EMPTY", "")];
        let environment: Vec<_> =
            set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        References { environment: &environment, file: Origin::Default }.expand(text)
    }

    fn text(expanded: &str) -> String {
        expand(expanded).unwrap().text
    }

    #[test]
    fn references_become_what_the_variables_are() {
        assert_eq!(text("none"), "none");
        assert_eq!(text("<${A}-${a}>"), "<one-one>");
        assert_eq!(text("${mixed}"), "three");
        assert_eq!(text("${MIXED}"), "two");
        assert_eq!(text("$A {A} $${A} 5$"), "$A {A} ${A} 5$");
    }

    #[test]
    fn defaults_count_where_nothing_is_set_and_may_refer_too() {
        assert_eq!(text("${NO:-}"), "");
        assert_eq!(text("${EMPTY:-x:y}"), "x:y");
        assert_eq!(text("${NO:-${EMPTY:-${A}}}/"), "one/");
        assert_eq!(expand("${NO:-${A}}${A:-no}").unwrap().used, ["A", "A"]);
    }

    #[test]
    fn what_cannot_be_replaced_is_refused() {
        assert_eq!(expand("${NO}"), Err(Flaw::NotSet("NO".to_owned())));
        assert_eq!(expand("${EMPTY}"), Err(Flaw::NotSet("EMPTY".to_owned())));
        for unclear in ["${", "${}", "${A", "${A-b}", "${:-x}", "${A:-${B}"] {
            assert_eq!(expand(unclear), Err(Flaw::Unclear), "{unclear}");
        }
    }
}
