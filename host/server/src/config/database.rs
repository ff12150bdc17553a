//! `[database]`: where everything durable is.

use super::{ConfigError, section::section};

section! {
    /// Where everything durable is.
    pub struct DatabaseConfig {
        /// `sqlite:` and a file, which is made when it is not there. A relative file is in the
        /// working directory.
        url: String = "sqlite:hinny.db".to_owned(),
    }
}

impl DatabaseConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.sqlite_file().map(|_| ())
    }

    /// The file of the database.
    pub fn sqlite_file(&self) -> Result<&str, ConfigError> {
        let hint =
            "this hinny supports SQLite: `sqlite:hinny.db` or `sqlite:///var/lib/hinny/hinny.db`";
        let invalid = |why| ConfigError::invalid("database.url", self.masked_url(), why, hint);
        let Some(rest) = self.url.strip_prefix("sqlite:") else {
            return Err(invalid(match self.url.split_once(':') {
                Some(("postgres" | "postgresql", _)) => "PostgreSQL is not supported yet",
                Some(_) => "databases of this kind are not supported",
                None => "it does not name the kind of database",
            }));
        };
        let file = rest.strip_prefix("//").unwrap_or(rest);
        if file.is_empty() {
            return Err(invalid("it names no file"));
        }
        if file == ":memory:" || file.contains('?') {
            return Err(invalid("it must be a plain file: a queue that is not on disk is lost"));
        }
        Ok(file)
    }

    /// The URL without its password.
    pub fn masked_url(&self) -> String {
        masked(&self.url)
    }
}

/// A URL without its password.
pub(super) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((login, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    match login.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(url: &str) -> DatabaseConfig {
        DatabaseConfig { url: url.to_owned() }
    }

    #[test]
    fn both_forms_of_a_sqlite_url_name_a_file() {
        assert_eq!(database("sqlite:hinny.db").sqlite_file().unwrap(), "hinny.db");
        assert_eq!(database("sqlite:///var/hinny.db").sqlite_file().unwrap(), "/var/hinny.db");
    }

    #[test]
    fn a_database_that_is_not_supported_is_refused_without_showing_its_password() {
        let refused = database("postgres://hinny:secret@db/hinny").validate().unwrap_err();
        insta::assert_snapshot!(refused, @"`database.url` is `postgres://hinny:***@db/hinny`: PostgreSQL is not supported yet; hint: this hinny supports SQLite: `sqlite:hinny.db` or `sqlite:///var/lib/hinny/hinny.db`");
        for url in ["hinny.db", "sqlite:", "sqlite::memory:", "mysql://x"] {
            assert!(database(url).validate().is_err(), "{url}");
        }
    }
}
