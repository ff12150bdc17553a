//! A broker on this machine that has everything of its own: name, ports, folder, cookie.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use super::{install::Programs, wait_for};
use crate::sh;

/// How long a broker may take to end.
const STOP_MAX: Duration = Duration::from_secs(20);

/// A broker on this machine. It ends when this is dropped.
pub(super) struct Node {
    pub(super) port: u16,
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
    /// Tells nodes where others are. Without one of ours, Erlang starts one that stays.
    names: Child,
    server: Child,
}

impl Node {
    pub(super) fn start(programs: &Programs) -> anyhow::Result<Self> {
        let folder = sh::target_dir()?.join(format!("services/rabbitmq-{}", std::process::id()));
        sh::remove_folder(&folder)?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join("plugins"), "[].\n")?;
        let [port, between_nodes, of_names] = free_ports()?;
        let settings = settings(&folder, port, between_nodes, of_names);
        let log = fs::File::create(folder.join("output"))?;
        let mut names = Command::new("epmd");
        names.args(["-port", &of_names.to_string(), "-address", "127.0.0.1"]);
        let names = names.stdout(log.try_clone()?).stderr(log.try_clone()?).spawn();
        let names = names.context("`epmd`, a part of Erlang, cannot be started")?;
        let mut server = Command::new(&programs.server);
        server.envs(settings.iter().map(|(name, value)| (*name, value)));
        let server = server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        let server = server.context("RabbitMQ cannot be started")?;
        let mut node = Self { port, folder, settings, names, server };
        wait_for(port, || matches!(node.server.try_wait(), Ok(Some(_)) | Err(_)))
            .with_context(|| format!("see {}", node.folder.join("output").display()))?;
        Ok(node)
    }

    /// The command line that controls it.
    pub(super) fn ctl(&self, programs: &Programs) -> String {
        let settings = self.settings.iter().map(|(name, value)| format!("{name}='{value}' "));
        format!("env {}{}", settings.collect::<String>(), programs.ctl.display())
    }
}

impl Drop for Node {
    /// Has it end in order; what does not is killed.
    fn drop(&mut self) {
        // The script that was started waits for the machine of Erlang, whose number is in a file.
        if let Ok(id) = fs::read_to_string(self.folder.join("pid")) {
            let _ = Command::new("kill").arg(id.trim()).status();
        }
        let asked = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) && asked.elapsed() < STOP_MAX {
            thread::sleep(Duration::from_millis(50));
        }
        for child in [&mut self.server, &mut self.names] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = sh::remove_folder(&self.folder);
    }
}

fn settings(
    folder: &std::path::Path,
    port: u16,
    between_nodes: u16,
    of_names: u16,
) -> Vec<(&'static str, String)> {
    let inside = |name: &str| folder.join(name).display().to_string();
    vec![
        ("HOME", folder.display().to_string()),
        ("ERL_EPMD_PORT", of_names.to_string()),
        ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_NODENAME", format!("hinny-{}@localhost", std::process::id())),
        ("RABBITMQ_MNESIA_BASE", inside("data")),
        ("RABBITMQ_LOG_BASE", inside("log")),
        ("RABBITMQ_PID_FILE", inside("pid")),
        ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
        ("RABBITMQ_NODE_PORT", port.to_string()),
        ("RABBITMQ_DIST_PORT", between_nodes.to_string()),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", inside("plugins")),
        // Nothing of the machine's own broker.
        ("RABBITMQ_CONF_ENV_FILE", inside("none")),
        ("RABBITMQ_CONFIG_FILE", inside("none")),
        ("RABBITMQ_SERVER_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none".to_owned()),
    ]
}

/// Ports that nobody uses; the listeners are closed together, so that they differ.
fn free_ports() -> anyhow::Result<[u16; 3]> {
    let listen = || TcpListener::bind("127.0.0.1:0");
    let listeners = [listen()?, listen()?, listen()?];
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
