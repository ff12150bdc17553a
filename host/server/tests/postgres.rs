//! The binary on a `PostgreSQL` server: what it prints, and that what it keeps there stays.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test does not expect ends it")]
#![expect(clippy::disallowed_methods, reason = "where the server is, is in the environment")]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

/// A database of a test's own, and a folder with a configuration.
struct Home {
    server: String,
    name: String,
    folder: TempDir,
}

/// What a command said: exit code, output, and what it complained of.
type Said = (Option<i32>, String, String);

impl Home {
    async fn new() -> Self {
        let server = std::env::var("HINNY_TEST_POSTGRES_URL").unwrap_or_else(|_| {
            panic!("HINNY_TEST_POSTGRES_URL is not set; hint: run the tests with `cargo xtask test`, it starts a server")
        });
        let name = format!("binary_{}", uuid::Uuid::now_v7().simple());
        let home = Self { server, name, folder: tempfile::tempdir().unwrap() };
        home.run(&format!("CREATE DATABASE {}", home.name)).await;
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/plugins").canonicalize();
        let plugin = dist.expect("no dist/plugins; hint: cargo xtask plugins").join("jobs.wasm");
        let config = format!("[[schedulers]]\nid = \"jobs\"\nplugin = '{}'\n", plugin.display());
        std::fs::write(home.folder.path().join("hinny.toml"), config).unwrap();
        home
    }

    fn url(&self) -> String {
        let (place, _) = self.server.rsplit_once('/').unwrap();
        format!("{place}/{}", self.name)
    }

    fn hinny(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        command(self.folder.path(), &self.url(), arguments)
    }

    async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn drop(self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

fn command(folder: &Path, url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hinny"));
    command.args(arguments).current_dir(folder);
    command.env("HINNY_DATABASE__URL", url).env("RUST_BACKTRACE", "0");
    command
}

/// A host. It dies when it is dropped.
struct Host {
    child: Child,
    url: String,
}

impl Host {
    fn start(home: &Home) -> Self {
        let mut serve = home.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let line = log.lines().map_while(Result::ok).find(|line| line.contains("http://"));
        let line = line.expect("the host says where it listens");
        let (_, rest) = line.split_once("http://").unwrap();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'));
        let url = format!("http://{}", &rest[..end.unwrap_or(rest.len())]);
        Self { child, url }
    }

    fn post(&self, path: &str, body: &str) -> serde_json::Value {
        let sent = ureq::post(format!("{}{path}", self.url)).content_type("application/json");
        let text = sent.send(body).unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Asks it to stop; the answer is its exit code.
    fn stop(mut self) -> Option<i32> {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn migrate_says_what_it_does_and_does_it_once() {
    let home = Home::new().await;
    let (code, plan, _) = home.hinny(&["migrate", "--dry-run"]);
    assert!(code == Some(0) && plan.contains("the tables of database"), "{plan}");
    assert!(plan.contains("would be made"), "{plan}");
    let (_, looked, _) = home.hinny(&["doctor"]);
    assert!(looked.contains("will be made by the first start"), "{looked}");
    let (code, made, _) = home.hinny(&["migrate"]);
    assert!(code == Some(0) && made.starts_with("made the tables of database"), "{made}");
    let (code, again, _) = home.hinny(&["migrate"]);
    assert!(code == Some(0) && again.contains("is up to date, with schema"), "{again}");
    assert_eq!(home.hinny(&["migrate", "--dry-run"]).1, again);
    home.drop().await;
}

#[tokio::test]
async fn the_doctor_says_who_uses_the_database_and_when_nobody_answers() {
    let home = Home::new().await;
    home.hinny(&["migrate"]);
    let (code, said, _) = home.hinny(&["doctor"]);
    assert!(code == Some(0) && said.contains("ok    database"), "{said}");
    let host = Host::start(&home);
    let (code, said, _) = home.hinny(&["doctor"]);
    assert!(code == Some(0) && said.contains("is in use by"), "{said}");
    assert_eq!(host.stop(), Some(0));
    let nobody = "postgres://hinny:secret@127.0.0.1:9/hinny";
    let output = command(home.folder.path(), nobody, &["doctor"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("FAIL  database") && !said.contains("secret"), "{said}");
    home.drop().await;
}

#[tokio::test]
async fn what_was_pushed_is_there_after_a_stop_and_only_one_host_serves_it() {
    let home = Home::new().await;
    let host = Host::start(&home);
    let task = r#"{"organisation": "acme", "priority": 2, "data": {"n": 1}}"#;
    let pushed = host.post("/schedulers/jobs/push", task);
    let (code, _, refusal) = home.hinny(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(1));
    assert!(refusal.contains("is in use by another hinny"), "{refusal}");
    assert_eq!(host.stop(), Some(0), "a stop that was asked for is no failure");

    let host = Host::start(&home);
    let popped = host.post("/schedulers/jobs/pop", "");
    assert_eq!(popped["results"][0]["id"], pushed["id"], "{popped}");
    assert_eq!(host.post("/schedulers/jobs/pop", "")["results"], serde_json::json!([]));
    drop(host);
    home.drop().await;
}
