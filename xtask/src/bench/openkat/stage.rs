//! What is around the host: a folder, a broker, and the services that its plugins ask.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{host::Home, sh};

/// A home of a host that runs the example, with everything that it needs around it.
pub(crate) struct Stage {
    pub(crate) home: Home,
    /// Where the broker is.
    pub(crate) broker: String,
}

impl Stage {
    /// On `SQLite`, until something else is said.
    pub(crate) fn new(
        name: &str,
        binaries: &Path,
        broker: &str,
        services: &Services,
    ) -> anyhow::Result<Self> {
        let mut home = Home::new(name, binaries.join("hinny"))?;
        let folder = home.folder().to_path_buf();
        fs::copy(sh::root()?.join("examples/openkat/hinny.toml"), folder.join("hinny.toml"))
            .context("the example has no configuration")?;
        // The example names its plugins so.
        copy_plugins(&folder)?;
        let port = home.port().to_string();
        for (name, value) in [
            ("HINNY_DATABASE__URL", "sqlite:hinny.db"),
            ("HINNY_PLUGINS__CACHE_DIRECTORY", "cache"),
            ("SCHEDULER_API_PORT", &port),
            ("QUEUE_URI", broker),
            ("KATALOGUS_API", &services.url),
            ("OCTOPOES_API", &services.url),
            ("BYTES_API", &services.url),
        ] {
            home.set(name, value);
        }
        Ok(Self { home, broker: broker.to_owned() })
    }

    /// Keeps everything in another database.
    pub(crate) fn keep_in(&mut self, url: &str) {
        self.home.set("HINNY_DATABASE__URL", url);
    }
}

fn copy_plugins(folder: &Path) -> anyhow::Result<()> {
    let (from, to) = (sh::dist_dir()?.join("plugins"), folder.join("dist/plugins"));
    fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    for name in
        ["openkat-boefje", "openkat-normalizer", "openkat-report", "rank-openkat", "rank-fifo"]
    {
        let file = format!("{name}.wasm");
        fs::copy(from.join(&file), to.join(&file)).with_context(|| format!("no {file}"))?;
    }
    Ok(())
}

/// Stand-ins for the services. They end when this is dropped.
pub(crate) struct Services {
    process: Child,
    url: String,
}

impl Services {
    /// Starts them; each answer takes a millisecond.
    pub(crate) fn start(generator: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(generator);
        command.args(["services", "--after-ms", "1"]);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the stand-ins for the services do not run")?;
        let mut url = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        let url = url.trim().to_owned();
        let services = Self { process, url };
        if services.url.is_empty() {
            bail!("the stand-ins for the services do not say where they are");
        }
        Ok(services)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // Both fail when the process has ended already, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
