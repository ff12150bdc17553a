//! What stands in the way of an import, and what it leaves behind when it dies.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

use hinny_core::{TaskStatus, store::Store as _};

use super::{database::Database, rig::Rig};

/// Enough for an import to be caught in the middle.
pub(crate) const MANY: i64 = 30_000;

pub(crate) async fn many() -> Database {
    let database = Database::new().await;
    let sql = format!(
        "INSERT INTO tasks SELECT gen_random_uuid(), 'scan', NULL, '_dev', 'scan', md5(n::text), n,
            jsonb_build_object('number', n), (CASE WHEN n % 3 = 0 THEN 'QUEUED' ELSE 'COMPLETED' END)::taskstatus,
            now() - n * interval '1 second', now() FROM generate_series(1, {MANY}) AS n"
    );
    database.run(&sql).await;
    database
}

/// How many tasks there are by status, as the maintained counts say and as the rows do.
async fn counts(rig: &Rig) -> (BTreeMap<TaskStatus, i64>, BTreeMap<TaskStatus, i64>) {
    let store = rig.store().await;
    let (mut maintained, mut counted) = (BTreeMap::new(), BTreeMap::new());
    for row in store.counts().await.unwrap() {
        *maintained.entry(row.status).or_default() += row.count;
    }
    store.close().await.unwrap();
    for task in rig.tasks().await {
        *counted.entry(task.status).or_default() += 1;
    }
    (maintained, counted)
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    let (database, rig) = (many().await, Rig::new());
    let mut import = rig.hinny(&["import", "mula", "--from", &database.url]).spawn().unwrap();
    let log = rig.target().with_extension("db-wal");
    while fs::metadata(&log).map_or(0, |log| log.len()) < 1 << 20 {
        assert!(import.try_wait().unwrap().is_none(), "it ended before it could be killed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    import.kill().unwrap();
    assert_eq!(import.wait().unwrap().code(), None, "it was killed");
    let (maintained, counted) = counts(&rig).await;
    let half: i64 = counted.values().sum();
    assert!(half > 0 && half < MANY, "{half} came over");
    assert_eq!(maintained, counted);

    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let (maintained, counted) = counts(&rig).await;
    let all = [(TaskStatus::Queued, MANY / 3), (TaskStatus::Completed, MANY - MANY / 3)];
    assert_eq!(counted, BTreeMap::from(all));
    assert_eq!(maintained, counted);
    database.drop().await;
}

#[tokio::test]
async fn what_was_queued_is_handed_out_in_order_after_the_import() {
    let (database, rig) = (many().await, Rig::new());
    rig.import(&database.url, &[]);
    let mut host = rig.hinny(&["serve", "--listen", "127.0.0.1:0"]);
    let mut host = host.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let address = address(&mut host);
    let url = format!("http://{address}/schedulers/scan/pop?limit=4");
    let popped = ureq::post(&url).send_empty().unwrap().body_mut().read_to_string().unwrap();
    let popped: serde_json::Value = serde_json::from_str(&popped).unwrap();
    let numbers: Vec<_> =
        popped["results"].as_array().unwrap().iter().map(|task| &task["data"]["number"]).collect();
    assert_eq!(numbers, [3, 6, 9, 12], "lower priority first");
    host.kill().unwrap();
    host.wait().unwrap();
    database.drop().await;
}

/// Where a host listens, from its log.
pub(crate) fn address(host: &mut std::process::Child) -> String {
    let log = BufReader::new(host.stderr.take().unwrap());
    let line = log.lines().map_while(Result::ok).find(|line| line.contains("http://"));
    let line = line.expect("the host says where it listens");
    let (_, rest) = line.split_once("http://").unwrap();
    rest.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_database_in_use_is_refused() {
    let (database, rig) = (Database::new().await, Rig::new());
    let lock = fs::File::create(rig.target().with_extension("db.lock")).unwrap();
    lock.try_lock().unwrap();
    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("is in use by another hinny"), "{}", said.err);
    database.drop().await;
}

#[tokio::test]
async fn what_is_not_a_database_of_mula_is_refused() {
    let (database, rig) = (Database::new().await, Rig::new());
    database.run("UPDATE alembic_version SET version_num = '0007'").await;
    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("has revision 0007 of mula's schema, and 0010 can be read"));
    database.run("DROP TABLE alembic_version").await;
    let said = rig.import(&database.url, &[]);
    assert!(said.err.contains("is not one of mula"), "{}", said.err);
    let said = rig.import("postgres://mula:secret@127.0.0.1:1/mula", &[]);
    assert!(said.err.contains("cannot be reached") && !said.err.contains("secret"), "{}", said.err);
    let said = rig.import("sqlite:mula.db", &[]);
    assert!(said.err.contains("is not the URL of a PostgreSQL database"), "{}", said.err);
    assert!(!rig.target().exists());
    database.drop().await;
}

#[tokio::test]
async fn rows_that_cannot_come_over_are_named_and_the_rest_comes() {
    let (database, rig) = (Database::new().await, Rig::new());
    database
        .run(
            "INSERT INTO tasks VALUES
            ('00000000-0000-4000-8000-000000000001', 'scan', NULL, '', 'scan', 'a', 1, '{}', 'QUEUED'),
            ('00000000-0000-4000-8000-000000000002', 'scan', NULL, 'b', 'scan', 'b', 1, '{}', 'QUEUED')",
        )
        .await;
    let said = rig.import(&database.url, &[]);
    assert_eq!(said.code, Some(1), "something was left out");
    insta::assert_snapshot!(said.out);
    assert_eq!(rig.tasks().await.len(), 1);
    database.drop().await;
}
