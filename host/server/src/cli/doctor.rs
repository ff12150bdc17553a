//! `hinny doctor`: what would keep the host from running well.

mod server;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Args;
use hinny_core::connector::{Connectors, ServiceHealth};
use tokio::runtime::Builder;

use super::{config_args::ConfigArgs, failure::Refused, output};
use crate::{
    access::{self, Admission},
    config::{Config, DatabasePlace},
    host,
    plugin_ref::PluginRef,
};

/// Look for what would keep the host from running well. Nothing is changed.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,
}

/// What came out of one look.
struct Finding {
    /// What was looked at.
    what: &'static str,
    verdict: Verdict,
    said: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// Writes per measurement: enough for a median, over in a moment on a slow disk.
const WRITES: usize = 21;

/// A write slower than this limits what the queue can do more than anything else.
const SLOW_WRITE: Duration = Duration::from_millis(5);

/// Longest wait for a service to say how it is.
const SERVICE_TIME: Duration = Duration::from_secs(5);

impl Doctor {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let config = self.config.load()?.config;
        let of_database = match config.database.place()? {
            DatabasePlace::Sqlite(file) => vec![database(file), disk(file)],
            DatabasePlace::Postgres(_) => vec![server::database(&config.database)?],
        };
        let findings: Vec<Finding> = [address(&config)]
            .into_iter()
            .chain(of_database)
            .chain([cache(&config)])
            .chain(keys(&config))
            .chain(schedulers(&config))
            .chain(services(&config)?)
            .collect();
        let mut text = String::new();
        for finding in &findings {
            let verdict = match finding.verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Fail => "FAIL",
            };
            text.push_str(&format_line(verdict, finding));
        }
        output::print(&text)?;
        if findings.iter().any(|finding| finding.verdict == Verdict::Fail) {
            return Err(Refused.into());
        }
        Ok(())
    }
}

fn format_line(verdict: &str, finding: &Finding) -> String {
    format!(
        "{verdict}  {:<10}  {}\n",
        finding.what,
        finding.said.replace("; hint: ", "\n      hint: ")
    )
}

fn finding(what: &'static str, verdict: Verdict, said: impl Into<String>) -> Finding {
    Finding { what, verdict, said: said.into() }
}

fn address(config: &Config) -> Finding {
    let listen = config.api.listen;
    match access::admission(&config.api) {
        Ok(Admission::Machine) => {
            finding("access", Verdict::Ok, format!("{listen}: only this machine, without tokens"))
        }
        Ok(Admission::Tokens) => {
            let count = config.api.tokens.len();
            finding("access", Verdict::Ok, format!("{listen}: {count} tokens"))
        }
        Ok(Admission::Everyone) => finding(
            "access",
            Verdict::Warn,
            format!(
                "{listen}: everyone who reaches it may do everything; hint: set `api.access = \"tokens\"` unless the network is private"
            ),
        ),
        Err(refusal) => finding("access", Verdict::Fail, refusal.to_string()),
    }
}

fn database(file: &str) -> Finding {
    let folder = Path::new(file).parent().filter(|folder| !folder.as_os_str().is_empty());
    let (verdict, said) = if host::is_taken(file) {
        (Verdict::Ok, format!("`{file}` is in use by a running hinny"))
    } else if !Path::new(file).exists() {
        match folder {
            Some(folder) if !folder.is_dir() => {
                let folder = folder.display();
                (
                    Verdict::Fail,
                    format!("`{file}` cannot be made; hint: make its folder, `{folder}`"),
                )
            }
            _ => (Verdict::Ok, format!("`{file}` will be made by the first start")),
        }
    } else if File::options().append(true).open(file).is_err() {
        (Verdict::Fail, format!("`{file}` cannot be written; hint: check who owns it"))
    } else {
        (Verdict::Ok, format!("`{file}`"))
    };
    finding("database", verdict, said)
}

/// How long a durable write takes beside the database: each push and each pop waits for one,
/// together with all others of that moment.
fn disk(file: &str) -> Finding {
    let path = PathBuf::from(format!("{file}.doctor"));
    let measured = median_write(&path);
    // It may not exist, when it could not be made.
    let _ = fs::remove_file(&path);
    match measured {
        Ok(median) if median > SLOW_WRITE => finding(
            "disk",
            Verdict::Warn,
            format!(
                "a durable write takes {median:.1?}, which limits pushes and pops; hint: use a local disk with a write cache that survives power loss"
            ),
        ),
        Ok(median) => finding("disk", Verdict::Ok, format!("a durable write takes {median:.1?}")),
        Err(error) => finding(
            "disk",
            Verdict::Fail,
            format!("`{}` cannot be written: {error}", path.display()),
        ),
    }
}

fn median_write(path: &Path) -> io::Result<Duration> {
    let mut file = File::create(path)?;
    let mut times = [Duration::ZERO; WRITES];
    for time in &mut times {
        let start = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        *time = start.elapsed();
    }
    times.sort_unstable();
    Ok(times.get(WRITES / 2).copied().unwrap_or_default())
}

fn cache(config: &Config) -> Finding {
    let folder = &config.plugins.cache_directory;
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(_) => {
            finding("cache", Verdict::Ok, format!("`{shown}` will be made by the first start"))
        }
        Ok(found) if !found.is_dir() => finding(
            "cache",
            Verdict::Fail,
            format!("`{shown}` is not a folder; hint: remove it, or set `plugins.cache_directory`"),
        ),
        Ok(found) if found.permissions().readonly() => finding(
            "cache",
            Verdict::Warn,
            format!(
                "`{shown}` cannot be written, so each start compiles all plugins; hint: check who owns it"
            ),
        ),
        Ok(_) => finding("cache", Verdict::Ok, format!("`{shown}`")),
    }
}

/// The keys whose signatures count: a host starts with all of them or not at all.
fn keys(config: &Config) -> Vec<Finding> {
    let named = config.plugins.trusted_keys.iter().map(|key| &key.name);
    let read = named.zip(config.plugins.each_trusted_key());
    read.map(|(name, key)| match key {
        Ok(key) => {
            let slots: Vec<_> = key.slots.iter().map(|slot| format!("`{slot}`")).collect();
            let slots = if slots.is_empty() { "all slots".to_owned() } else { slots.join(", ") };
            let said = format!("`{name}` ({}) signs for {slots}", key.key.fingerprint());
            finding("key", Verdict::Ok, said)
        }
        Err(error) => finding("key", Verdict::Fail, format!("`{name}`: {error}")),
    })
    .collect()
}

fn schedulers(config: &Config) -> Vec<Finding> {
    if config.schedulers.is_empty() {
        let said =
            "none is configured, so there is no queue; hint: add `[[schedulers]]` with an `id`";
        return vec![finding("schedulers", Verdict::Warn, said)];
    }
    let files = config.schedulers.iter().flat_map(|scheduler| {
        let named = scheduler.plugin.iter().chain(&scheduler.ranker);
        named.filter_map(move |plugin| match plugin {
            PluginRef::File(file) => Some((&scheduler.id, file)),
            _ => None,
        })
    });
    let missing = files.filter(|(_, file)| File::open(file).is_err()).map(|(scheduler, file)| {
        let said = format!(
            "plugin file `{}` of `{scheduler}` cannot be read; hint: it is only needed until the slot has a generation",
            file.display()
        );
        finding("schedulers", Verdict::Warn, said)
    });
    let names: Vec<_> = config.schedulers.iter().map(|scheduler| scheduler.id.as_str()).collect();
    let all = finding("schedulers", Verdict::Ok, names.join(", "));
    std::iter::once(all).chain(missing).collect()
}

/// How the services are doing that plugins may ask.
fn services(config: &Config) -> anyhow::Result<Vec<Finding>> {
    if config.connectors.is_empty() {
        return Ok(Vec::new());
    }
    let connectors = host::connectors(config)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let health = runtime.block_on(connectors.health(SERVICE_TIME));
    Ok(health.into_iter().map(service).collect())
}

fn service(health: ServiceHealth) -> Finding {
    let name = health.service;
    match health.reason {
        None => finding("service", Verdict::Ok, format!("`{name}`")),
        Some(why) => finding(
            "service",
            Verdict::Warn,
            format!("`{name}`: {why}; hint: plugins that ask it have to wait until it works"),
        ),
    }
}
