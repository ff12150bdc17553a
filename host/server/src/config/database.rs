//! `[database]`: where everything durable is.

use std::time::Duration;

use hinny_store::PostgresOptions;

use super::{ConfigError, section::section};

section! {
    /// Where everything durable is.
    pub struct DatabaseConfig {
        /// `sqlite:` and a file, which is made when it is not there. A relative file is in the
        /// working directory. Or `postgres://user:password@host:5432/database`; the database must
        /// exist, its tables are made.
        url: String = "sqlite:hinny.db".to_owned(),
        /// Most connections to `PostgreSQL` that read; two more are used, one that writes and one
        /// that keeps other hosts away. `SQLite` does without this and all that follows.
        connections_max (1..=200): u32 = 8,
        /// How long to wait for a connection, in seconds. While the server is known to be away,
        /// nobody waits.
        connect_timeout_seconds (1..=60): u64 = 5,
        /// Longest that a statement may take, in seconds; a list that takes longer is refused.
        statement_timeout_seconds (1..=3_600): u64 = 30,
        /// Longest that a statement may wait for the lock of another program, in seconds.
        lock_timeout_seconds (1..=3_600): u64 = 5,
    }
}

/// What kind of database it is, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabasePlace<'a> {
    /// In a file.
    Sqlite(&'a str),
    /// On a server; the URL as it was written.
    Postgres(&'a str),
}

impl DatabaseConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_ranges("database")?;
        match self.place()? {
            DatabasePlace::Sqlite(_) => Ok(()),
            DatabasePlace::Postgres(_) => self.postgres_options().map(|_| ()),
        }
    }

    /// What kind of database it is, and where.
    pub fn place(&self) -> Result<DatabasePlace<'_>, ConfigError> {
        if self.url.starts_with("postgres://") || self.url.starts_with("postgresql://") {
            return Ok(DatabasePlace::Postgres(&self.url));
        }
        let Some(rest) = self.url.strip_prefix("sqlite:") else {
            return Err(self.invalid(if self.url.contains(':') {
                "databases of this kind are not supported"
            } else {
                "it does not name the kind of database"
            }));
        };
        let file = rest.strip_prefix("//").unwrap_or(rest);
        if file.is_empty() {
            return Err(self.invalid("it names no file"));
        }
        if file == ":memory:" || file.contains('?') {
            return Err(
                self.invalid("it must be a plain file: a queue that is not on disk is lost")
            );
        }
        Ok(DatabasePlace::Sqlite(file))
    }

    /// How the server is reached, if there is one.
    pub fn postgres_options(&self) -> Result<PostgresOptions, ConfigError> {
        let options = PostgresOptions::url(&self.url);
        let mut options = options.map_err(|_| self.invalid("it cannot be read"))?;
        options.readers_max = self.connections_max;
        options.connect_timeout = Duration::from_secs(self.connect_timeout_seconds);
        options.statement_timeout = Duration::from_secs(self.statement_timeout_seconds);
        options.lock_timeout = Duration::from_secs(self.lock_timeout_seconds);
        Ok(options)
    }

    /// The database, as it is called in logs and errors.
    pub fn shown(&self) -> String {
        match self.place() {
            Ok(DatabasePlace::Sqlite(file)) => file.to_owned(),
            _ => self.masked_url(),
        }
    }

    /// The URL without its password.
    pub fn masked_url(&self) -> String {
        masked(&self.url)
    }

    fn invalid(&self, why: &'static str) -> ConfigError {
        let hint = "write `sqlite:hinny.db`, `sqlite:///var/lib/hinny/hinny.db` or `postgres://user:password@host:5432/database`";
        ConfigError::invalid("database.url", self.masked_url(), why, hint)
    }
}

/// A URL without its password.
pub(super) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // A password may hold any character but `/`, also the `@` before the host.
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = match place.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split_once(':').map_or(login, |(user, _)| user);
            let mask = if login.contains(':') { ":***" } else { "" };
            format!("{user}{mask}@{host}")
        }
        None => place.to_owned(),
    };
    if query.is_empty() {
        return format!("{scheme}://{place}");
    }
    let parameters: Vec<_> = query.split('&').map(masked_parameter).collect();
    format!("{scheme}://{place}?{}", parameters.join("&"))
}

fn masked_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}=***"),
        _ => parameter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(url: &str) -> DatabaseConfig {
        DatabaseConfig { url: url.to_owned(), ..DatabaseConfig::default() }
    }

    #[test]
    fn both_forms_of_a_sqlite_url_name_a_file() {
        let place = DatabasePlace::Sqlite("hinny.db");
        assert_eq!(database("sqlite:hinny.db").place().unwrap(), place);
        let place = DatabasePlace::Sqlite("/var/hinny.db");
        assert_eq!(database("sqlite:///var/hinny.db").place().unwrap(), place);
    }

    #[test]
    fn both_forms_of_a_postgres_url_name_a_server() {
        for url in ["postgres://hinny:secret@db/hinny", "postgresql://db:5433/hinny"] {
            assert_eq!(database(url).place().unwrap(), DatabasePlace::Postgres(url));
            database(url).validate().unwrap();
        }
    }

    #[test]
    fn a_database_that_is_not_supported_is_refused_without_showing_its_password() {
        let refused = database("mysql://hinny:secret@db/hinny").validate().unwrap_err();
        insta::assert_snapshot!(refused, @"`database.url` is `mysql://hinny:***@db/hinny`: databases of this kind are not supported; hint: write `sqlite:hinny.db`, `sqlite:///var/lib/hinny/hinny.db` or `postgres://user:password@host:5432/database`");
        for url in ["hinny.db", "sqlite:", "sqlite::memory:", "mysql://x", "postgres://:x:y:z/"] {
            assert!(database(url).validate().is_err(), "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for url in [
            "postgres://hinny:secret@db/hinny",
            "postgres://hinny:sec@ret@db/hinny",
            "postgres://hinny@db/hinny?sslmode=require&password=secret",
        ] {
            let shown = database(url).masked_url();
            assert!(!shown.contains("sec"), "{shown}");
            assert!(shown.contains("@db/hinny"), "{shown}");
        }
    }
}
