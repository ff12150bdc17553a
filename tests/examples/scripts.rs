//! The example workers that are scripts: `worker.py` and `worker.sh`, against a host.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use hinny_core::{TaskId, TaskStatus};
use hinny_server::host::Host;
use tempfile::TempDir;

use super::worker::{config, push, start, task};

/// What the tasks are: their data says how it goes.
const WORK: &str = r#"
read -r data
case $data in
*good*) exit 0 ;;
*bad*) echo 'no such place' >&2; exit 3 ;;
*slow*) touch "$0.begun"; while [ ! -e "$0.go" ]; do sleep 0.02; done ;;
esac
"#;

/// A worker on its way, in a folder of its own; killed when the test gives it up.
struct Running {
    process: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Running {
    fn start(script: &str, address: SocketAddr, work: &Path, grace: u32) -> Self {
        for tool in ["python3", "curl", "jq"] {
            let there = Command::new(tool).arg("--version").output().is_ok();
            assert!(there, "`{tool}` is not installed, and the example workers need it");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/worker").join(script);
        let process = Command::new(script)
            .args([&format!("http://{address}"), "jobs", "sh"])
            .arg(work)
            .envs([("HINNY_WAIT", "1"), ("HINNY_HEARTBEAT", "1")])
            .env("HINNY_GRACE", grace.to_string())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { process }
    }

    /// Sends SIGTERM; the worker must end by itself, and well.
    async fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = tokio::task::spawn_blocking(move || self.process.wait().unwrap());
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        assert!(ended.expect("the worker ends on SIGTERM").unwrap().success());
    }
}

/// A folder with the work, and the two files by which a slow task is followed.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("work"), WORK).unwrap();
        Self { folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    async fn begun(&self) {
        let begun = self.folder.path().join("work.begun");
        eventually("the slow task begins", || begun.exists()).await;
    }

    fn go(&self) {
        fs::write(self.folder.path().join("work.go"), "").unwrap();
    }
}

/// Processes of their own have no hook to wait for.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not come: {what}");
}

async fn until_status(host: &Host, id: TaskId, status: TaskStatus) {
    for _ in 0..2000 {
        if task(host, id).await.status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("task {id} is not `{status}` but {:?}", task(host, id).await);
}

/// The attempts of a task that were handed out, and those that were completed.
async fn attempts(host: &Host, id: TaskId) -> (Vec<u32>, Vec<u32>) {
    let steps = host.store().task_events(id).await.unwrap();
    let of = |status| {
        steps.iter().filter(|step| step.status == status).map(|step| step.attempt).collect()
    };
    (of(TaskStatus::Dispatched), of(TaskStatus::Completed))
}

async fn carries_out(script: &str) {
    let desk = Desk::new();
    let host = start(config(desk.folder.path())).await;
    let mut good = Vec::new();
    for number in 0..5 {
        good.push(push(&host, &format!(r#"{{"place": "good {number}"}}"#)).await);
    }
    let bad = push(&host, r#"{"place": "bad"}"#).await;
    let worker = Running::start(script, host.address(), &desk.work(), 30);
    until_status(&host, bad, TaskStatus::Failed).await;
    for id in good {
        until_status(&host, id, TaskStatus::Completed).await;
        assert_eq!(attempts(&host, id).await, (vec![1], vec![1]));
    }
    worker.stop().await;
    assert_eq!(task(&host, bad).await.reason.as_deref(), Some("no such place"));
    host.stop().await;
}

async fn gives_back(script: &str) {
    let desk = Desk::new();
    let host = start(config(desk.folder.path())).await;
    let slow = push(&host, r#"{"place": "slow"}"#).await;
    let next = push(&host, r#"{"place": "good"}"#).await;
    let worker = Running::start(script, host.address(), &desk.work(), 0);
    desk.begun().await;
    worker.stop().await;
    let given_back = task(&host, slow).await;
    assert_eq!((given_back.status, given_back.attempt), (TaskStatus::Queued, 1));
    assert_eq!(given_back.reason.as_deref(), Some("the worker was stopped"));

    desk.go();
    let worker = Running::start(script, host.address(), &desk.work(), 30);
    for (id, life) in [(slow, (vec![1, 2], vec![2])), (next, (vec![1], vec![1]))] {
        until_status(&host, id, TaskStatus::Completed).await;
        assert_eq!(attempts(&host, id).await, life);
    }
    worker.stop().await;
    host.stop().await;
}

async fn finishes(script: &str) {
    let desk = Desk::new();
    let host = start(config(desk.folder.path())).await;
    let slow = push(&host, r#"{"place": "slow"}"#).await;
    let next = push(&host, r#"{"place": "good"}"#).await;
    let worker = Running::start(script, host.address(), &desk.work(), 30);
    desk.begun().await;
    // The signal comes while the task runs: the file that lets it end is made after that.
    let stopped = tokio::spawn(worker.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    desk.go();
    stopped.await.unwrap();
    assert_eq!(attempts(&host, slow).await, (vec![1], vec![1]));
    assert_eq!(task(&host, next).await.status, TaskStatus::Queued);
    host.stop().await;
}

async fn outlasts_the_host(script: &str) {
    let desk = Desk::new();
    let mut config = config(desk.folder.path());
    config.api.listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let worker = Running::start(script, config.api.listen, &desk.work(), 30);
    let host = start(config.clone()).await;
    let slow = push(&host, r#"{"place": "slow"}"#).await;
    desk.begun().await;
    host.stop().await;
    desk.go();
    let host = start(config).await;
    until_status(&host, slow, TaskStatus::Completed).await;
    assert_eq!(attempts(&host, slow).await, (vec![1], vec![1]));
    worker.stop().await;
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_carry_out_what_was_pushed_and_say_how_it_went() {
    tokio::join!(carries_out("worker.py"), carries_out("worker.sh"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_are_stopped_give_back_what_takes_too_long() {
    tokio::join!(gives_back("worker.py"), gives_back("worker.sh"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_are_stopped_finish_what_they_hold_and_take_no_more() {
    tokio::join!(finishes("worker.py"), finishes("worker.sh"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_outlast_a_host_that_starts_later_and_one_that_restarts() {
    tokio::join!(outlasts_the_host("worker.py"), outlasts_the_host("worker.sh"));
}
