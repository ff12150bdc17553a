//! Indexes over places in the data of tasks, which a `PostgreSQL` database has.

use std::{collections::BTreeSet, sync::Arc};

use hinny_core::{
    filter::Filter,
    store::Store as _,
    task::{NewTask, TaskQuery, Window},
};
use hinny_store::{IndexedPlace, PostgresOptions, PostgresStore};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    make::{condition, jobs, json as raw, new_task, pushes},
    server::{Database, until},
};

const INDEXES: &str = "
    SELECT i.indexrelid::bigint FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE c.relname LIKE 'task\\_place\\_%' AND i.indisvalid ORDER BY 1";

const LOOKED_INTO: &str = "
    SELECT coalesce(sum(idx_scan), 0)::bigint FROM pg_stat_user_indexes
    WHERE indexrelname LIKE 'task\\_place\\_%'";

fn place(path: &[&str]) -> IndexedPlace {
    let path = path.iter().map(|segment| (*segment).to_owned()).collect();
    IndexedPlace { scheduler: jobs(), path }
}

/// A database of which the small tables are not read whole, since that would be as quick.
async fn open(database: &Database) -> Arc<PostgresStore> {
    let url = database.url();
    let mark = if url.contains('?') { '&' } else { '?' };
    let options = PostgresOptions::url(&format!("{url}{mark}options[enable_seqscan]=off"));
    Arc::new(PostgresStore::open(&options.unwrap()).await.unwrap())
}

/// Waits until there are so many indexes.
async fn indexes(stranger: &mut PgConnection, count: usize) -> Vec<i64> {
    let found = async || sqlx::query_scalar(INDEXES).fetch_all(&mut *stranger).await.unwrap();
    until(found, |found: &Vec<i64>| found.len() == count, format_args!("{count} indexes")).await
}

/// Pushes tasks with some documents, numbered from 1.
async fn push(store: &PostgresStore, documents: &[String]) {
    let tasks = documents.iter().zip(1..);
    let tasks = tasks.map(|(text, number)| NewTask { data: raw(text), ..new_task(number) });
    store.commit(vec![pushes(tasks.collect())]).await.unwrap();
}

async fn found(store: &PostgresStore, field: &str, operator: &str, value: Value) -> Vec<u128> {
    let filter: Filter = condition("data", field, operator, &value);
    let query = TaskQuery { scheduler: Some(jobs()), filter, ..TaskQuery::default() };
    let window = Window { offset: 0, limit: 1000, count_max: None };
    let page = store.list_tasks(&query, window).await.unwrap();
    assert_eq!(page.count, page.items.len() as u64);
    page.items.iter().map(|task| task.id.0.as_u128()).collect()
}

#[tokio::test]
async fn a_list_that_filters_on_an_indexed_place_is_found_by_its_index() {
    let database = Database::new().await;
    let (store, mut stranger) = (open(&database).await, database.stranger().await);
    let documents =
        (1..=300).map(|number| json!({"v": {"0": format!("v-{}", number % 100)}}).to_string());
    push(&store, &documents.collect::<Vec<_>>()).await;
    store.index(BTreeSet::from([place(&["v", "0"])]));
    indexes(&mut stranger, 1).await;
    assert_eq!(found(&store, "v__0", "==", json!("v-7")).await, [207, 107, 7]);
    assert_eq!(found(&store, "v__0", "in", json!(["v-7", "v-8"])).await.len(), 6);
    // What was counted stands in the statistics when the connections are closed.
    store.close().await.unwrap();
    let looked = async || sqlx::query_scalar(LOOKED_INTO).fetch_one(&mut stranger).await.unwrap();
    until(looked, |times: &i64| *times >= 2, "look into the index").await;
}

#[tokio::test]
async fn indexes_follow_the_places_that_are_asked_for() {
    let database = Database::new().await;
    let (store, mut stranger) = (open(&database).await, database.stranger().await);
    store.index(BTreeSet::from([place(&["a"]), place(&["b"])]));
    let both = indexes(&mut stranger, 2).await;
    store.close().await.unwrap();
    let store = open(&database).await;
    store.index(BTreeSet::from([place(&["a"])]));
    let left = indexes(&mut stranger, 1).await;
    assert!(both.contains(&left[0]), "the one that is there already is not made again");
    store.index(BTreeSet::new());
    indexes(&mut stranger, 0).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn an_index_that_was_broken_off_is_made_again() {
    let database = Database::new().await;
    let (store, mut stranger) = (open(&database).await, database.stranger().await);
    store.index(BTreeSet::from([place(&["a"])]));
    let first = indexes(&mut stranger, 1).await;
    let broken = format!("UPDATE pg_index SET indisvalid = false WHERE indexrelid = {}", first[0]);
    database.run(&broken).await;
    store.index(BTreeSet::from([place(&["a"])]));
    assert_ne!(indexes(&mut stranger, 1).await, first);
    store.close().await.unwrap();
}

#[tokio::test]
async fn any_document_can_be_pushed_where_there_is_an_index() {
    let database = Database::new().await;
    let (store, mut stranger) = (open(&database).await, database.stranger().await);
    store.index(BTreeSet::from([place(&["v"])]));
    indexes(&mut stranger, 1).await;
    // Letters by chance, so that the database cannot make them short.
    let long: String = (0_u32..20_000)
        .map(|at| char::from(b'a' + (at.wrapping_mul(2_654_435_761) >> 24) as u8 % 26))
        .collect();
    let documents = [
        json!({"v": long}).to_string(),
        json!({"v": &long[..199]}).to_string(),
        json!({"v": &long[..200]}).to_string(),
        json!({"v": &long[..201]}).to_string(),
        json!({"v": {"w": long}}).to_string(),
        format!("{}{}", "[".repeat(5000), "]".repeat(5000)),
        r#"{"v": "\u0000"}"#.to_owned(),
        "7".to_owned(),
    ];
    push(&store, &documents).await;
    for (length, task) in [(20_000, 1), (199, 2), (200, 3), (201, 4)] {
        assert_eq!(found(&store, "v", "==", json!(&long[..length])).await, [task], "{length}");
    }
    let texts = json!([&long[..199], &long[..201]]);
    assert_eq!(found(&store, "v", "in", texts).await, [4, 2]);
    assert_eq!(found(&store, "v", "!=", json!(&long[..199])).await, [5, 4, 3, 1]);
    store.close().await.unwrap();
}
