//! The same, into `PostgreSQL`.

use std::{process::Stdio, time::Duration};

use hinny_core::{
    SchedulerId,
    schedule::ScheduleQuery,
    store::Store,
    task::{TaskQuery, Window},
};
use hinny_store::{PostgresOptions, PostgresStore};

use super::{
    coming,
    database::Database,
    faults::{MANY, address, many},
    rig::{Rig, Said},
};

/// A database of hinny's own on the server, and what is written into it.
struct Target {
    database: Database,
    rig: Rig,
}

impl Target {
    async fn new() -> Self {
        let database = Database::empty().await;
        Self { rig: Rig::on(&database.url), database }
    }

    async fn store(&self) -> PostgresStore {
        let options = PostgresOptions::url(&self.database.url).unwrap();
        PostgresStore::open(&options).await.unwrap()
    }

    async fn everything(&self) -> String {
        let store = self.store().await;
        let all = everything(&store).await;
        store.close().await.unwrap();
        all
    }

    /// How many tasks there are, as somebody sees it who is not hinny.
    async fn count(&self) -> i64 {
        let tables = self.database.count("SELECT count(*) FROM pg_class WHERE relname = 'task'");
        if tables.await == 0 { 0 } else { self.database.count("SELECT count(*) FROM task").await }
    }
}

/// All tasks, schedules, counts and runs, as text, but for the moment at which leases end: that
/// counts from the import.
async fn everything(store: &dyn Store) -> String {
    let window = Window { offset: 0, limit: 100_000, count_max: None };
    let mut tasks = store.list_tasks(&TaskQuery::default(), window).await.unwrap();
    for task in &mut tasks.items {
        task.lease_until = None;
    }
    let schedules = store.list_schedules(&ScheduleQuery::default(), window).await.unwrap();
    let mut counts: Vec<_> =
        store.counts().await.unwrap().iter().map(|row| format!("{row:?}")).collect();
    counts.sort_unstable();
    let scan = SchedulerId::new("scan").unwrap();
    let runs = store.last_runs(&scan, &["aa".parse().unwrap(), "bb".parse().unwrap()]).await;
    format!("{tasks:#?}\n{schedules:#?}\n{counts:#?}\n{:#?}", runs.unwrap())
}

#[tokio::test]
async fn what_comes_into_postgresql_is_what_comes_into_a_file() {
    let (from, file, target) = (coming::database().await, Rig::new(), Target::new().await);
    let (into_file, into_server) = (file.import(&from.url, &[]), target.rig.import(&from.url, &[]));
    assert_eq!(into_server.code, Some(0), "{into_server:?}");
    assert_eq!(into_server.out, into_file.out);
    let store = file.store().await;
    let of_file = everything(&store).await;
    store.close().await.unwrap();
    assert!(of_file.contains("Dispatched"), "there is something to compare");
    assert_eq!(target.everything().await, of_file);

    let again = target.rig.import(&from.url, &[]);
    assert_eq!(again.out, file.import(&from.url, &[]).out);
    assert_eq!(target.everything().await, of_file, "importing again changes nothing");
    from.drop().await;
    target.database.drop().await;
}

#[tokio::test]
async fn a_dry_run_makes_no_tables() {
    let (from, target) = (coming::database().await, Target::new().await);
    let said = target.rig.import(&from.url, &["--dry-run"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("WOULD COME"), "{}", said.out);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(target.database.count(tables).await, 0);
    from.drop().await;
    target.database.drop().await;
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on_where_it_was_also_in_postgresql() {
    let (from, target) = (many().await, Target::new().await);
    let mut import = target.rig.hinny(&["import", "mula", "--from", &from.url]).spawn().unwrap();
    while target.count().await == 0 {
        assert!(import.try_wait().unwrap().is_none(), "it ended before it could be killed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    import.kill().unwrap();
    assert_eq!(import.wait().unwrap().code(), None, "it was killed");
    let half = target.count().await;
    assert!(half > 0 && half < MANY, "{half} came over");

    let said = target.rig.import(&from.url, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(target.count().await, MANY);
    let counted = target.database.count("SELECT sum(count)::bigint FROM task_count").await;
    assert_eq!(counted, MANY);
    let live = target.database.count("SELECT count(*) FROM task_live").await;
    assert_eq!(live, MANY / 3);
    from.drop().await;
    target.database.drop().await;
}

#[tokio::test]
async fn a_host_on_postgresql_hands_out_in_order_what_was_imported_and_lets_nobody_import_meanwhile()
 {
    let (from, target) = (many().await, Target::new().await);
    target.rig.import(&from.url, &["--since", "2000-01-01"]);
    let mut host = target.rig.hinny(&["serve", "--listen", "127.0.0.1:0"]);
    let mut host = host.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let url = format!("http://{}/schedulers/scan/pop?limit=4", address(&mut host));
    let popped = ureq::post(&url).send_empty().unwrap().body_mut().read_to_string().unwrap();
    let popped: serde_json::Value = serde_json::from_str(&popped).unwrap();
    let numbers: Vec<_> =
        popped["results"].as_array().unwrap().iter().map(|task| &task["data"]["number"]).collect();
    assert_eq!(numbers, [3, 6, 9, 12], "lower priority first");

    let Said { code, err, .. } = target.rig.import(&from.url, &[]);
    assert_eq!(code, Some(1));
    assert!(err.contains("another hinny"), "{err}");
    host.kill().unwrap();
    host.wait().unwrap();
    from.drop().await;
    target.database.drop().await;
}
