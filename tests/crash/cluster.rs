//! A cluster of `PostgreSQL` of a test's own, which it may stop and start.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Names the folder of the server's programs.
const VARIABLE: &str = "HINNY_TEST_POSTGRES_PROGRAMS";

/// Longest time until a server is there, or gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a server is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// It ends all connections, writes everything and goes.
    Fast,
    /// It drops everything, and recovers from its log at the next start.
    Immediate,
}

/// A cluster. It ends, and its files go, when it is dropped.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// The server refuses to run as root; then it runs as this user and group.
    user: Option<(u32, u32)>,
    server: Option<Child>,
}

impl Cluster {
    /// A new one, with its server.
    #[expect(clippy::disallowed_methods, reason = "where the programs are, is in the environment")]
    pub(crate) fn new() -> Self {
        let programs = std::env::var_os(VARIABLE).unwrap_or_else(|| {
            panic!("{VARIABLE} is not set; hint: run the tests with `cargo xtask test`, or set it to the folder of `initdb` and `postgres`")
        });
        let folder = tempfile::tempdir().unwrap();
        let user = (id(&["-u"]) == Some(0)).then(|| {
            let of = |which| id(&[which, "postgres"]).expect("PostgreSQL has a user `postgres`");
            (of("-u"), of("-g"))
        });
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut cluster = Self { programs: programs.into(), folder, port, user, server: None };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        let made = initdb.arg("-D").arg(cluster.data()).stdout(Stdio::null()).status().unwrap();
        assert!(made.success(), "there is no new cluster");
        cluster.start();
        cluster
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut server = self.command("postgres");
        server.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        server.args(["-c", "listen_addresses=127.0.0.1", "-c"]);
        server.arg(format!("unix_socket_directories={}", self.folder.path().display()));
        server.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.server = Some(server.spawn().unwrap());
        let began = Instant::now();
        while !self.answers() {
            let log = || fs::read_to_string(self.log()).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "the server does not answer:\n{}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server, and waits until it is gone.
    pub(crate) fn stop(&mut self, way: Way) {
        let Some(mut server) = self.server.take() else { return };
        let signal = match way {
            Way::Fast => "INT",
            Way::Immediate => "QUIT",
        };
        Command::new("kill").args(["-s", signal, &server.id().to_string()]).status().unwrap();
        server.wait().unwrap();
    }

    fn answers(&self) -> bool {
        let mut ready = self.command("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        ready.status().is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.current_dir(self.folder.path());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop(Way::Immediate);
    }
}

/// What `id` prints.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
