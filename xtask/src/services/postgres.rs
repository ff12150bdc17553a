//! `PostgreSQL` for the tests.

use std::{
    env, fs,
    os::unix::{fs::DirBuilderExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
};

use anyhow::{Context, bail};

use super::{Running, Service, container_engine, free_port, quietly};
use crate::sh;

/// Names a server that runs already.
pub(crate) const VARIABLE: &str = "HINNY_TEST_POSTGRES_URL";

/// Names the folder of its programs, for tests that need a cluster of their own.
const PROGRAMS: &str = "HINNY_TEST_POSTGRES_PROGRAMS";

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The image of a container, if it has to be one.
const IMAGE: &str = "postgres:17-alpine";

/// Settings of a server whose data nobody needs after the run.
const FAST: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
];

/// Settings of a server that is measured: what is recommended for one that is used.
const DURABLE: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "shared_buffers=2GB",
    "max_wal_size=4GB",
    "checkpoint_timeout=15min",
];

/// Starts a server whose commits are on the disk before they are answered, in a folder of its own
/// beside another one.
pub(crate) fn durable_postgres(beside: &Path) -> anyhow::Result<Service> {
    let Some(programs) = programs_or_install() else {
        bail!("there is no PostgreSQL to measure; hint: Debian: `apt-get install postgresql`");
    };
    sh::step(format_args!("start PostgreSQL of {}, durable", programs.display()));
    cluster(&programs, &beside.with_extension("postgres"), DURABLE)
}

/// Runs statements on a server.
pub(crate) fn psql(url: &str, sql: &str) -> anyhow::Result<()> {
    let ours = programs().map(|programs| programs.join("psql")).filter(|psql| psql.is_file());
    let mut psql = Command::new(ours.unwrap_or_else(|| "psql".into()));
    psql.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]);
    sh::output(psql.arg("--command").arg(sql)).map(drop)
}

/// Finds a server, or starts one.
pub(crate) fn postgres() -> anyhow::Result<Service> {
    if let Some(url) = sh::variable(VARIABLE) {
        let url = url.into_string().ok().context("HINNY_TEST_POSTGRES_URL is not text")?;
        return Ok(Service::of_others(url));
    }
    if let Some(programs) = programs_or_install() {
        sh::step(format_args!("start PostgreSQL of {}", programs.display()));
        let folder = env::temp_dir().join(format!("hinny-postgres-{}", process::id()));
        return cluster(&programs, &folder, FAST);
    }
    if let Some(engine) = container_engine() {
        sh::step(format_args!("start PostgreSQL with {engine}"));
        return container(engine);
    }
    bail!(
        "there is no PostgreSQL to test with; hint: install it (Debian: `apt-get install \
         postgresql`), or docker or podman, or set {VARIABLE} to the URL of a superuser"
    )
}

/// What tells tests where its programs are, if they are on this machine.
pub(crate) fn postgres_programs() -> Option<(&'static str, PathBuf)> {
    if sh::variable(PROGRAMS).is_some() {
        return None;
    }
    Some((PROGRAMS, programs_or_install()?))
}

/// The folder of the server's programs; Debian's package is installed if that is allowed.
fn programs_or_install() -> Option<PathBuf> {
    if let Some(found) = programs() {
        return Some(found);
    }
    if !is_root() || !quietly(Command::new("apt-get").arg("--version")) {
        return None;
    }
    sh::step("install PostgreSQL");
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "--no-install-recommends", "postgresql"]);
    // In this run level the package does not start the server of the system.
    install.env("RUNLEVEL", "1").env("DEBIAN_FRONTEND", "noninteractive");
    sh::run(&mut install).ok()?;
    programs()
}

/// The newest version that is installed.
fn programs() -> Option<PathBuf> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = fs::read_dir(DEBIAN).ok().into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|folder| folder.join("bin/initdb").is_file())
        .max_by_key(|folder| version(folder));
    let on_path = || {
        let folders = env::split_paths(&sh::variable("PATH")?).collect::<Vec<_>>();
        folders.into_iter().find(|folder| folder.join("initdb").is_file())
    };
    newest.map(|folder| folder.join("bin")).or_else(on_path)
}

/// A cluster of its own in a new folder, which goes with it.
fn cluster(programs: &Path, folder: &Path, settings: &[&str]) -> anyhow::Result<Service> {
    fs::DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let started = start(programs, folder, settings);
    if started.is_err() {
        fs::remove_dir_all(folder).ok();
    }
    started
}

fn start(programs: &Path, folder: &Path, settings: &[&str]) -> anyhow::Result<Service> {
    // The server refuses to run as root.
    let user = if is_root() { Some(user_of_server()?) } else { None };
    if let Some((user, group)) = user {
        std::os::unix::fs::chown(folder, Some(user), Some(group))?;
    }
    let command = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command.current_dir(folder);
        command
    };
    let data = folder.join("data");
    let mut initdb = command("initdb");
    initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]);
    sh::output(initdb.arg("--no-sync").arg(&data)).context("there is no new cluster")?;
    let port = free_port()?;
    let mut server = command("postgres");
    server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    server.arg("-c").arg(format!("unix_socket_directories={}", folder.display()));
    for setting in settings {
        server.args(["-c", setting]);
    }
    let log = fs::File::create(folder.join("log"))?;
    server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let process = server.spawn().context("PostgreSQL does not start")?;
    let mut running = Running { process, signal: "QUIT", folder: Some(folder.to_path_buf()) };
    let port = port.to_string();
    let answered = running.wait_for("PostgreSQL", || {
        quietly(command("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port]))
    });
    if answered.is_err() {
        eprintln!("{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
    }
    answered?;
    Ok(Service::ours(format!("postgres://postgres@127.0.0.1:{port}/postgres"), running))
}

/// A container that goes when its process does.
fn container(engine: &str) -> anyhow::Result<Service> {
    let (port, name) = (free_port()?, format!("hinny-postgres-{}", process::id()));
    let mut run = Command::new(engine);
    run.args(["run", "--rm", "--name", &name, "-e", "POSTGRES_HOST_AUTH_METHOD=trust"]);
    run.args(["-p", &format!("127.0.0.1:{port}:5432"), IMAGE]);
    // The address is the one inside.
    for setting in FAST.iter().filter(|setting| !setting.starts_with("listen")) {
        run.args(["-c", setting]);
    }
    run.stdin(Stdio::null()).stdout(Stdio::null());
    let process = run.spawn().with_context(|| format!("{engine} does not run"))?;
    let mut running = Running { process, signal: "INT", folder: None };
    // While it sets itself up it answers only to a socket.
    running.wait_for("PostgreSQL", || {
        let inside = ["exec", &name, "pg_isready", "-q", "-h", "127.0.0.1"];
        quietly(Command::new(engine).args(inside))
    })?;
    Ok(Service::ours(format!("postgres://postgres@127.0.0.1:{port}/postgres"), running))
}

fn is_root() -> bool {
    sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// The user that Debian's package made for the server, and its group.
fn user_of_server() -> anyhow::Result<(u32, u32)> {
    let id = |which| -> anyhow::Result<u32> {
        let text = sh::output(Command::new("id").args([which, "postgres"]))
            .context("there is no user `postgres` to run the server as, and root may not")?;
        Ok(text.trim().parse()?)
    };
    Ok((id("-u")?, id("-g")?))
}
