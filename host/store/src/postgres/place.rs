//! Indexes over what stands at some places in the data of tasks.
//!
//! A filter on the data reads every document that the rest of the filter leaves. Where the host
//! knows the places that are asked for again and again, an index over them finds the tasks, newest
//! first, and counts them. It is over an expression, so the server keeps it true by itself, also
//! while an older hinny writes; each push pays for reading its document once per place.
//!
//! Which there are follows the configuration of the host and not the schema. They are made beside
//! everything else, and nobody waits for them: without, lists are the same and take longer.

use std::{
    collections::{BTreeSet, HashSet},
    time::Instant,
};

use hinny_core::{SchedulerId, store::StoreError};
use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tracing::{info, warn};

use super::{
    PostgresOptions,
    error::meaning,
    filter::{TEXT_MAX, is_position},
    open::connect_for_long,
    sql::stored,
};

/// What the names of these indexes begin with.
const PREFIX: &str = "task_place_";

const FOUND: &str = "
    SELECT c.relname::text, i.indisvalid FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = to_regclass('task') AND starts_with(c.relname::text, $1)";

/// A place in the data of a scheduler's tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexedPlace {
    /// The scheduler.
    pub scheduler: SchedulerId,
    /// The names of the fields that lead there.
    pub path: Vec<String>,
}

/// Makes the indexes over some places, and removes those over others.
pub(crate) async fn keep(options: &PostgresOptions, places: &BTreeSet<IndexedPlace>) {
    if let Err(error) = try_keep(options, places).await {
        warn!(
            error = &error as &dyn std::error::Error,
            "indexes over the data of tasks are not made, so lists that filter on it take longer: {error}; \
             hint: they are tried again at the next start"
        );
    }
}

async fn try_keep(
    options: &PostgresOptions,
    places: &BTreeSet<IndexedPlace>,
) -> Result<(), StoreError> {
    let mut connection = connect_for_long(options).await?;
    let kept = clear(&mut connection, places).await?;
    let missing: Vec<_> = places.iter().filter(|place| !kept.contains(&place.name())).collect();
    for place in &missing {
        let (begun, at) = (Instant::now(), place.path.join("/"));
        run(&mut connection, place.create()).await?;
        let seconds = begun.elapsed().as_secs();
        info!(
            scheduler.id = %place.scheduler,
            "indexed `/{at}` in the data of the tasks of `{}` in {seconds} s", place.scheduler
        );
    }
    if !missing.is_empty() {
        // What stands there how often, the planner learns from this alone.
        run(&mut connection, "ANALYZE task".to_owned()).await?;
    }
    connection.close().await.map_err(|error| meaning(&error))
}

/// Removes indexes over other places, and those of which the making was broken off; the answer is
/// what is left.
async fn clear(
    connection: &mut PgConnection,
    places: &BTreeSet<IndexedPlace>,
) -> Result<HashSet<String>, StoreError> {
    let found: Vec<(String, bool)> = sqlx::query_as(FOUND)
        .bind(PREFIX)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    let wanted: HashSet<_> = places.iter().map(IndexedPlace::name).collect();
    let mut kept = HashSet::new();
    for (name, valid) in found {
        if valid && wanted.contains(&name) {
            kept.insert(name);
        } else {
            run(connection, format!("DROP INDEX CONCURRENTLY IF EXISTS {}", quoted(&name))).await?;
        }
    }
    Ok(kept)
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), StoreError> {
    // Names and text in it are quoted.
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    done.map(drop).map_err(|error| meaning(&error))
}

impl IndexedPlace {
    /// The name of its index, another for each that is made in another way.
    fn name(&self) -> String {
        let digest = Sha256::digest(self.condition() + &self.expression());
        let digits = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
        format!("{PREFIX}{}", digits.collect::<String>())
    }

    fn create(&self) -> String {
        format!(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON task (({}), organisation, created_at, id) WHERE {}",
            quoted(&self.name()),
            self.expression(),
            self.condition(),
        )
    }

    /// Other schedulers do not pay for it.
    fn condition(&self) -> String {
        format!("scheduler = {}", literal(self.scheduler.as_str()))
    }

    /// What stands there, as filters compare it: see [`super::filter`].
    fn expression(&self) -> String {
        let steps =
            self.path.iter().map(|segment| match (is_position(segment), literal(segment)) {
                (true, position) => format!(" #> ARRAY[{position}::text]"),
                (false, name) => format!(" -> {name}::text"),
            });
        let place = format!("hinny_document(data){}", steps.collect::<String>());
        format!("left((({place}) #>> '{{}}') COLLATE \"C\", {TEXT_MAX})")
    }
}

/// A name in a statement.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Text in a statement.
fn literal(text: &str) -> String {
    format!("'{}'", stored(text).replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(scheduler: &str, path: &[&str]) -> IndexedPlace {
        IndexedPlace {
            scheduler: SchedulerId::new(scheduler).unwrap(),
            path: path.iter().map(|segment| (*segment).to_owned()).collect(),
        }
    }

    #[test]
    fn no_name_leaves_its_quotes() {
        let create = place("it's", &["a'); DROP TABLE task; --", "0"]).create();
        assert!(
            create.ends_with(
                " ON task ((left(((hinny_document(data) -> 'a''); DROP TABLE task; --'::text \
                 #> ARRAY['0'::text]) #>> '{}') COLLATE \"C\", 200)), organisation, created_at, id) \
                 WHERE scheduler = 'it''s'"
            ),
            "{create}"
        );
    }

    #[test]
    fn each_place_of_each_scheduler_has_an_index_of_its_own() {
        let places = [place("a", &["b"]), place("b", &["b"]), place("a", &["b", "c"])];
        let names: HashSet<_> = places.iter().map(IndexedPlace::name).collect();
        assert_eq!(names.len(), places.len());
        assert!(names.iter().all(|name| name.len() <= 63), "{names:?}");
        assert_eq!(places[0].name(), place("a", &["b"]).name());
    }
}
