//! A registry of OCI artifacts for the tests.
//!
//! The one that `HINNY_TEST_REGISTRY_URL` names, else one started from the program of this machine,
//! which is installed where that is possible, else a container.

use std::{
    env, fs,
    net::TcpStream,
    path::PathBuf,
    process::{self, Command, Stdio},
};

use anyhow::{Context, bail};

use super::{Running, Service, container_engine, debian, free_port};
use crate::sh;

/// Names a registry that runs already.
pub(crate) const VARIABLE: &str = "HINNY_TEST_REGISTRY_URL";

/// What Debian calls the program, and what others do.
const PROGRAMS: [&str; 2] = ["docker-registry", "registry"];

/// The image of a container, if it has to be one.
const IMAGE: &str = "registry:2";

/// Finds a registry, or starts one.
pub(crate) fn registry() -> anyhow::Result<Service> {
    if let Some(url) = sh::variable(VARIABLE) {
        let url = url.into_string().ok().context("HINNY_TEST_REGISTRY_URL is not text")?;
        return Ok(Service::of_others(url));
    }
    if let Some(program) = find_or_install()? {
        sh::step(format_args!("start a registry, `{program}`, for the tests"));
        return start(program);
    }
    if let Some(engine) = container_engine() {
        sh::step(format_args!("start a registry with {engine} for the tests"));
        return container(engine);
    }
    bail!(
        "there is no OCI registry to test with; hint: install it (Debian: `apt-get install \
         docker-registry`), or docker or podman, or set {VARIABLE} to the address of one that \
         takes anonymous pushes, such as `http://127.0.0.1:5000`"
    )
}

fn find_or_install() -> anyhow::Result<Option<&'static str>> {
    let find = || PROGRAMS.into_iter().find(|program| sh::has(program));
    if let Some(program) = find() {
        return Ok(Some(program));
    }
    Ok(if debian::install("docker-registry")? { find() } else { None })
}

fn start(program: &str) -> anyhow::Result<Service> {
    let (port, folder) = (free_port()?, folder());
    sh::remove_folder(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let config = folder.join("config.yml");
    fs::write(&config, configuration(&folder.join("data").display().to_string(), port))?;
    let mut command = Command::new(program);
    command.arg("serve").arg(&config).stdin(Stdio::null()).stdout(Stdio::null());
    let process = command.spawn().with_context(|| format!("`{program}` cannot be started"))?;
    answering(port, Running { process, signal: "TERM", folder: Some(folder) })
}

fn container(engine: &str) -> anyhow::Result<Service> {
    let port = free_port()?;
    let publish = format!("127.0.0.1:{port}:5000");
    let mut command = Command::new(engine);
    command.args(["run", "--rm", "--publish", &publish, IMAGE]).stdin(Stdio::null());
    let process = command.stdout(Stdio::null()).spawn().context("the container does not start")?;
    answering(port, Running { process, signal: "TERM", folder: None })
}

fn answering(port: u16, mut running: Running) -> anyhow::Result<Service> {
    running.wait_for("the registry", || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(Service::ours(format!("http://127.0.0.1:{port}"), running))
}

fn folder() -> PathBuf {
    env::temp_dir().join(format!("hinny-registry-{}", process::id()))
}

fn configuration(data: &str, port: u16) -> String {
    format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
         storage: {{filesystem: {{rootdirectory: '{data}'}}}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
    )
}
